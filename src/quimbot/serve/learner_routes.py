"""What the learner's page asks for: tutors, conversations, replies, and what came of them."""

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from secrets import randbelow
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from quimbot.exceptions import NotFound
from quimbot.pedagogy.events import Disputed, Noticed
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.learner import learner_of
from quimbot.runtimes.runtime import Sampling
from quimbot.serve.door import Door
from quimbot.serve.private import hidden
from quimbot.serve.progress import progress
from quimbot.serve.search import LONGEST, found
from quimbot.serve.spending import Spending
from quimbot.serve.store.conversations import Conversation
from quimbot.serve.store.person import Person
from quimbot.serve.store.store import Store
from quimbot.serve.stream import EventStream
from quimbot.serve.summary import disputes, name_of, summary
from quimbot.serve.topics import OPENINGS, opening
from quimbot.serve.tutoring import LONGEST_TURN, Outcome, Tutoring
from quimbot.serve.tutors import Tutor
from quimbot.serve.wire import ApiError, PageAnswer, json_response

_TITLE = 60
"""Characters of the first turn by which a conversation is called until it is renamed."""


class _Exact(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class NewConversation(_Exact):
    """The body of POST /api/conversations."""

    tutor: Annotated[str, Field(max_length=200)] = ""
    """Empty: the first."""
    topic: Annotated[str, Field(max_length=200)] = ""
    """One of the tutor's, or of the page's; the tutor then opens with a question."""


class NewTitle(_Exact):
    """The body of PATCH /api/conversations/{id}."""

    title: Annotated[str, Field(min_length=1, max_length=120)]


class Said(_Exact):
    """The body of POST /api/conversations/{id}/turns."""

    text: Annotated[str, Field(max_length=LONGEST_TURN, pattern=r"\S")]
    again: bool = False
    """Whether it was said before and not answered to the end; it is then not said twice."""


class Dispute(_Exact):
    """The body of POST /api/disputes: the name of an error that is none."""

    noticed_at: float
    kind: Annotated[Kind, Field(strict=False)]
    wrong: Annotated[str, Field(max_length=LONGEST_TURN)]


def learner_routes(
    tutors: Mapping[str, Tutor],
    store: Store,
    door: Door,
    tutoring: Tutoring,
    *,
    spending: Spending,
    max_tokens: int,
    temperature: float,
) -> APIRouter:
    """The routes under `/api` for learners; everybody sees their own conversations only."""
    routes = APIRouter(prefix="/api")
    _add_beginnings(routes, tutors, store, door)
    _add_conversations(routes, store, door)
    _add_review(routes, store, door)

    @routes.post("/conversations/{conversation_id}/turns")
    async def say(conversation_id: str, body: Said, request: Request) -> Response:
        """Say something; the reply comes as server-sent events while it is written."""
        person = await door.person(request)
        spend = spending.admit(door.caller(request, person))
        found = await run_in_threadpool(_ready, store, person, conversation_id, body)
        tutor = tutors.get(found.tutor)
        if tutor is None:
            raise ApiError(409, "tutor_gone", "this tutor is no longer here")
        sampling = Sampling(max_tokens=max_tokens, temperature=temperature, seed=randbelow(2**31))
        pieces = tutoring.answer(person, found.id, tutor, body.text, sampling, spend=spend)
        return EventStream(PageAnswer(), _told(pieces))

    return routes


def _add_beginnings(
    routes: APIRouter, tutors: Mapping[str, Tutor], store: Store, door: Door
) -> None:
    @routes.get("/tutors")
    async def all_tutors(request: Request) -> Response:
        """Whom one can talk to, the default first."""
        await door.person(request)
        shown = [
            {"name": t.name, "title": t.title, "topics": t.topics, "starters": t.starters}
            for t in tutors.values()
        ]
        return json_response({"tutors": shown})

    @routes.post("/conversations", status_code=201)
    async def begin(body: NewConversation, request: Request) -> Response:
        """A new conversation; with a topic, the tutor asks the first question."""
        person = await door.person(request)
        tutor = next(iter(tutors.values())) if not body.tutor else tutors.get(body.tutor)
        if tutor is None:
            raise ApiError(409, "tutor_gone", "this tutor is no longer here", "tutor")
        if body.topic and body.topic not in {*OPENINGS, *tutor.topics}:
            raise ApiError(404, "unknown_topic", "choose one of the tutor's topics", "topic")
        return json_response(
            await run_in_threadpool(_begun, store, person, tutor, body.topic), status=201
        )


def _add_conversations(routes: APIRouter, store: Store, door: Door) -> None:
    @routes.get("/conversations")
    async def conversations(
        request: Request, words: Annotated[str, Query(max_length=LONGEST)] = ""
    ) -> Response:
        """All of one's conversations, the newest first, or those in which the words come up."""
        person = await door.person(request)
        talks = await run_in_threadpool(store.conversations.of, person.id)
        if not words.strip():
            return json_response({"conversations": talks})
        return json_response(
            {"conversations": await run_in_threadpool(_found, store, person, words, talks)}
        )

    @routes.get("/conversations/{conversation_id}")
    async def conversation(conversation_id: str, request: Request) -> Response:
        """One conversation with its turns."""
        person = await door.person(request)
        return json_response(await run_in_threadpool(_whole, store, person, conversation_id))

    @routes.patch("/conversations/{conversation_id}", status_code=204, response_class=Response)
    async def rename(conversation_id: str, body: NewTitle, request: Request) -> Response:
        """Call it something."""
        person = await door.person(request)
        await run_in_threadpool(store.conversations.rename, person.id, conversation_id, body.title)
        return Response(status_code=204)

    @routes.delete("/conversations/{conversation_id}", status_code=204, response_class=Response)
    async def delete(conversation_id: str, request: Request) -> Response:
        """Forget it, and what was noticed in it."""
        person = await door.person(request)
        await run_in_threadpool(store.conversations.delete, person.id, conversation_id)
        return Response(status_code=204)


def _add_review(routes: APIRouter, store: Store, door: Door) -> None:
    @routes.get("/conversations/{conversation_id}/summary")
    async def how_it_can_be_said(conversation_id: str, request: Request) -> Response:
        """What was noticed in a conversation, and what comes back."""
        person = await door.person(request)
        here = await run_in_threadpool(store.events.with_turns, person.id, conversation_id)
        everything = await run_in_threadpool(store.events.of, person.id)
        learner = learner_of(person.profile, everything)
        return json_response(summary([one.event for one in here], learner))

    @routes.get("/progress")
    async def progress_made(request: Request) -> Response:
        """How everything went so far."""
        person = await door.person(request)
        everything = await run_in_threadpool(store.events.of, person.id)
        return json_response(progress(person.profile, everything))

    @routes.post("/disputes", status_code=204, response_class=Response)
    async def dispute(body: Dispute, request: Request) -> Response:
        """A noticed error is none: it counts no more."""
        person = await door.person(request)
        await run_in_threadpool(_disputed, store, person, body)
        return Response(status_code=204)


async def _told(
    pieces: AsyncGenerator[str | Outcome, None],
) -> AsyncGenerator[dict[str, object], None]:
    """The reply as the page hears it: its text as it comes, then how it ended."""
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, str):
                yield {"text": piece}
            else:
                yield {"done": {"state": piece.state, "turn": piece.turn}}


def _begun(store: Store, person: Person, tutor: Tutor, topic: str) -> dict[str, object]:
    begun = store.conversations.begin(person.id, tutor.name, topic)
    if topic:
        store.conversations.add_turn(person.id, begun.id, "assistant", opening(topic))
    return _whole(store, person, begun.id)


def _whole(store: Store, person: Person, conversation_id: str) -> dict[str, object]:
    found = store.conversations.get(person.id, conversation_id)
    turns = store.conversations.turns(person.id, conversation_id)
    shown = {name: getattr(found, name) for name in ("id", "tutor", "topic", "title", "began")}
    told = [{"role": t.role, "text": t.text, "state": t.state} for t in turns]
    return {**shown, "turns": told}


def _found(
    store: Store, person: Person, words: str, talks: Sequence[Conversation]
) -> list[dict[str, object]]:
    said = store.conversations.said(person.id)
    known = {talk.id for talk in talks}  # one may have begun meanwhile
    return [
        {**msgspec.structs.asdict(one.conversation), "excerpt": one.excerpt}
        for one in found(words, talks, (each for each in said if each[0] in known))
    ]


def _ready(store: Store, person: Person, conversation_id: str, said: Said) -> Conversation:
    """The conversation, ready for the turn: what is said again is taken back, a title is found."""
    found = store.conversations.get(person.id, conversation_id)
    text = hidden(said.text)  # as it is kept
    if said.again:
        turns = store.conversations.turns(person.id, conversation_id)
        last = max((n for n, turn in enumerate(turns) if turn.role == "user"), default=None)
        if last is not None and turns[last].text == text:
            answered = any(turn.state == "whole" for turn in turns[last + 1 :])
            if not answered:
                store.conversations.take_back(person.id, conversation_id, turns[last].id)
    if not found.title:
        line = " ".join(text.split())
        title = line if len(line) <= _TITLE else line[: _TITLE - 1].rstrip() + "…"
        store.conversations.rename(person.id, conversation_id, title)
    return found


def _disputed(store: Store, person: Person, dispute: Dispute) -> None:
    """Keep the dispute beside the error; a second time changes nothing.

    Raises:
        NotFound: no such error was noticed.
    """
    name = (dispute.noticed_at, dispute.kind, dispute.wrong)
    happened = store.events.with_turns(person.id)
    if name in disputes(filed.event for filed in happened):
        return
    for filed in happened:
        if isinstance(filed.event, Noticed) and name_of(filed.event) == name:
            break
    else:
        raise NotFound("no such error was noticed")
    now = Disputed(at=time.time(), noticed_at=name[0], kind=name[1], wrong=name[2])
    store.events.add(person.id, filed.conversation_id, filed.turn_id, [now])
