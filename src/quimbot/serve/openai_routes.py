"""The OpenAI-compatible API: every tutor is a model."""

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from quimbot.records.record import Message
from quimbot.runtimes.runtime import Delta
from quimbot.serve.answers import EVENTS, ChatAnswer, ModelsAnswer
from quimbot.serve.background import as_task, is_task
from quimbot.serve.door import Door
from quimbot.serve.gate import Gate
from quimbot.serve.observer import REPLIES
from quimbot.serve.outside import Outside
from quimbot.serve.replies import gathered, replied
from quimbot.serve.spending import Spend, Spending, Tokens, counted
from quimbot.serve.store.person import Person
from quimbot.serve.stream import EventStream, unless_left
from quimbot.serve.tutors import Tutor
from quimbot.serve.wire import Answer, ApiError, ChatRequest, json_response, model_list

_BASE = "base"
"""The tutor that is no tutor: the model as it was before training, where it is offered."""


@dataclass(frozen=True, kw_only=True)
class Completions:
    """Chat completions, and all that they are made with."""

    tutors: Mapping[str, Tutor]
    gate: Gate
    door: Door
    outside: Outside
    spending: Spending
    max_tokens: int
    temperature: float

    async def answer(self, body: ChatRequest, request: Request, person: Person) -> Response:
        """A tutor's reply, whole or streamed.

        Raises:
            ApiError: there is no such tutor, the caller asked for too much, or no reply was had.
        """
        tutor = self.tutors.get(body.model)
        if tutor is None:
            known = ", ".join(self.tutors)
            raise ApiError(404, "model_not_found", f"no such model; choose one of {known}", "model")
        caller = self.door.caller(request, person)
        spend = self.spending.admit(caller)
        messages = body.dialogue()
        sampling = body.sampling(max_tokens=self.max_tokens, temperature=self.temperature)
        pieces = None
        background = is_task(messages)
        if background:
            tutor, messages = self.tutors.get(_BASE, tutor), as_task(messages)
        elif self.door.knows(request) and tutor.name != _BASE:
            pieces = await self.outside.answer(
                request, person, tutor, messages, sampling, spend=spend
            )
        if pieces is None:
            pieces = replied(tutor, messages, sampling, self.gate, caller, background=background)
            pieces = _paid(pieces, messages, spend)
        answer = Answer(
            model=tutor.name,
            include_usage=body.stream_options is not None and body.stream_options.include_usage,
            include_logprobs=sampling.likeliest is not None,
        )
        if body.stream:
            return EventStream(answer, pieces)
        return json_response(answer.whole(await unless_left(request.receive, gathered(pieces))))


async def _paid(
    pieces: AsyncGenerator[Delta, None], messages: Sequence[Message], spend: Spend
) -> AsyncGenerator[Delta, None]:
    """A reply whose tokens are paid for."""
    tokens = Tokens()
    try:
        async with aclosing(counted(pieces, messages, tokens)) as paid:
            async for piece in paid:
                yield piece
    finally:
        spend(tokens)


def openai_routes(completions: Completions) -> APIRouter:
    """The routes under `/v1`."""
    door, tutors = completions.door, completions.tutors
    routes = APIRouter(prefix="/v1", dependencies=[Depends(door.person)])
    started = int(time.time())

    @routes.get("/models", response_model=ModelsAnswer)
    async def models() -> Response:
        """Every tutor is a model."""
        return json_response(model_list({t.name: t.title for t in tutors.values()}, started))

    @routes.post(
        "/chat/completions", response_model=ChatAnswer, responses={200: EVENTS}, tags=[REPLIES]
    )
    async def chat_completions(
        body: ChatRequest, request: Request, person: Annotated[Person, Depends(door.person)]
    ) -> Response:
        """A tutor's reply, whole or streamed."""
        return await completions.answer(body, request, person)

    return routes
