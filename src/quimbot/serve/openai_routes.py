"""The OpenAI-compatible API: every tutor is a model."""

import time
from collections.abc import Mapping

from fastapi import APIRouter, Request
from starlette.responses import Response

from quimbot.serve.gate import Gate
from quimbot.serve.replies import gathered, replied
from quimbot.serve.stream import EventStream, unless_left
from quimbot.serve.tutors import Tutor
from quimbot.serve.wire import Answer, ApiError, ChatRequest, json_response, model_list


def openai_routes(
    tutors: Mapping[str, Tutor], gate: Gate, *, max_tokens: int, temperature: float
) -> APIRouter:
    """The routes under `/v1`."""
    routes = APIRouter(prefix="/v1")
    started = int(time.time())

    @routes.get("/models")
    async def models() -> Response:
        """Every tutor is a model."""
        return json_response(model_list({t.name: t.title for t in tutors.values()}, started))

    @routes.post("/chat/completions")
    async def chat_completions(body: ChatRequest, request: Request) -> Response:
        """A tutor's reply, whole or streamed."""
        tutor = tutors.get(body.model)
        if tutor is None:
            known = ", ".join(tutors)
            raise ApiError(404, "model_not_found", f"no such model; choose one of {known}", "model")
        sampling = body.sampling(max_tokens=max_tokens, temperature=temperature)
        pieces = replied(tutor, body.dialogue(), sampling, gate)
        if body.stream:
            usage = body.stream_options is not None and body.stream_options.include_usage
            return EventStream(Answer(model=tutor.name, include_usage=usage), pieces)
        reply = await unless_left(request.receive, gathered(pieces))
        return json_response(Answer(model=tutor.name).whole(reply))

    return routes
