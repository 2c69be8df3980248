"""The OpenAI-compatible API: every tutor is a model."""

import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from fastapi import APIRouter, Request
from starlette.responses import Response

from quimbot.exceptions import PromptTooLong, RuntimeFault
from quimbot.runtimes.runtime import Delta, Reply, Sampling
from quimbot.serve.gate import Busy, Draining, Gate
from quimbot.serve.stream import EventStream, unless_left
from quimbot.serve.tutors import Tutor
from quimbot.serve.wire import Answer, ApiError, ChatRequest, json_response, model_list

_RETRY_S = "5"
"""About one reply of a small model on a small machine."""


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
        pieces = _replied(tutor, body, sampling, gate)
        if body.stream:
            usage = body.stream_options is not None and body.stream_options.include_usage
            return EventStream(Answer(model=tutor.name, include_usage=usage), pieces)
        reply = await unless_left(request.receive, _gathered(pieces))
        return json_response(Answer(model=tutor.name).whole(reply))

    return routes


async def _replied(
    tutor: Tutor, body: ChatRequest, sampling: Sampling, gate: Gate
) -> AsyncGenerator[Delta, None]:
    """The reply, from when its turn has come; faults as the API tells them."""
    try:
        async with gate.turn(), aclosing(tutor.answer(body.dialogue(), sampling)) as pieces:
            async for piece in pieces:
                yield piece
    except Busy:
        raise ApiError(
            429,
            "queue_full",
            "too many learners are waiting; try again in a moment",
            headers={"Retry-After": _RETRY_S},
        ) from None
    except Draining:
        raise ApiError(503, "stopping", "the server is about to stop") from None
    except PromptTooLong:
        raise ApiError(
            400,
            "context_length_exceeded",
            "the conversation is too long for this model; send fewer messages",
            "messages",
        ) from None
    except RuntimeFault as fault:
        raise ApiError(502, "model_failed", f"the model did not answer ({fault})") from fault


async def _gathered(pieces: AsyncGenerator[Delta, None]) -> Reply:
    """The reply at once."""
    text: list[str] = []
    last = Delta()
    async with aclosing(pieces):
        async for piece in pieces:
            text.append(piece.text)
            last = piece
    return Reply(
        text="".join(text),
        finish=last.finish or "stop",
        prompt_tokens=last.prompt_tokens,
        reply_tokens=last.reply_tokens,
    )
