"""What instructors may do with classes: make them, invite, see how it goes, read what they may."""

import time
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from quimbot.exceptions import NotAllowed, NotFound
from quimbot.serve.answers import TABLE
from quimbot.serve.class_csv import overview_csv, written
from quimbot.serve.classroom import Classroom, Learning
from quimbot.serve.door import Door
from quimbot.serve.store.person import Person, Role
from quimbot.serve.store.store import Store
from quimbot.serve.wire import ApiError, json_response

_DAY_S = 86_400
_SHOWN = 50
"""Choices of the tutor on a learner's page, the newest first."""

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Days = Annotated[int, Query(ge=1, le=3650)]


class _Exact(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NamedClass(_Exact):
    """A class as it is made or renamed."""

    name: Name


class Inviting(_Exact):
    """How long and for how many a link is good."""

    days: Annotated[int, Field(ge=1, le=365)] = 7
    uses: Annotated[int, Field(ge=1, le=500)] = 1


def class_routes(store: Store, door: Door) -> APIRouter:
    """The routes under `/api/teach` about classes and their learners."""
    routes = APIRouter(prefix="/api/teach")
    room = Classroom(store)
    _add_classes(routes, store, room, door)
    _add_ways_in(routes, store, door)
    _add_learners(routes, store, room, door)
    return routes


def _add_classes(routes: APIRouter, store: Store, room: Classroom, door: Door) -> None:
    @routes.get("/classes")
    async def classes(request: Request) -> Response:
        """The classes that one may see."""
        person = await door.require(request, "instructor")
        told = await run_in_threadpool(_listed, store, room, person)
        owner = person.role == "owner"
        return json_response({"classes": told, "accounts": door.accounts, "owner": owner})

    @routes.post("/classes")
    async def add(body: NamedClass, request: Request) -> Response:
        """Make a class."""
        person = await door.require(request, "instructor")
        return json_response(await run_in_threadpool(store.classes.add, body.name, person.id))

    @routes.patch("/classes/{class_id}", status_code=204, response_class=Response)
    async def rename(class_id: str, body: NamedClass, request: Request) -> Response:
        """Call a class of one's own something else."""
        person = await door.require(request, "instructor")
        await run_in_threadpool(store.classes.rename, person.id, class_id, body.name)
        return Response(status_code=204)

    @routes.delete("/classes/{class_id}", status_code=204, response_class=Response)
    async def delete(class_id: str, request: Request) -> Response:
        """End a class of one's own."""
        person = await door.require(request, "instructor")
        await run_in_threadpool(store.classes.delete, person.id, class_id)
        return Response(status_code=204)

    @routes.get("/classes/{class_id}")
    async def show(class_id: str, request: Request, days: Days = 30) -> Response:
        """How it goes in a class."""
        person = await door.require(request, "instructor")
        return json_response(await run_in_threadpool(_shown, store, room, person, class_id, days))

    @routes.get("/classes/{class_id}/{table}.csv", response_class=Response, responses={200: TABLE})
    async def table(class_id: str, table: str, request: Request, days: Days = 30) -> Response:
        """The overview, or the learners, for a spreadsheet."""
        person = await door.require(request, "instructor")
        text = await run_in_threadpool(_table, room, person, class_id, table, days)
        headers = {"Content-Disposition": f'attachment; filename="{table}.csv"'}
        headers["Cache-Control"] = "no-store"
        return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


def _add_ways_in(routes: APIRouter, store: Store, door: Door) -> None:
    @routes.post("/classes/{class_id}/invitations")
    async def invite(class_id: str, body: Inviting, request: Request) -> Response:
        """A link by which learners come into a class of one's own."""
        person = await door.require(request, "instructor")
        return await _invited(store, door, person, class_id, body)

    @routes.delete(
        "/classes/{class_id}/invitations/{invitation_id}", status_code=204, response_class=Response
    )
    async def revoke(class_id: str, invitation_id: str, request: Request) -> Response:
        """Take a link back."""
        person = await door.require(request, "instructor")
        await run_in_threadpool(store.invitations.revoke, person.id, class_id, invitation_id)
        return Response(status_code=204)

    @routes.post("/invitations")
    async def invite_instructor(body: Inviting, request: Request) -> Response:
        """A link by which an instructor comes in; owners only."""
        return await _invited(store, door, await door.require(request, "owner"), None, body)

    @routes.delete(
        "/classes/{class_id}/learners/{person_id}", status_code=204, response_class=Response
    )
    async def take_out(class_id: str, person_id: str, request: Request) -> Response:
        """Take a learner out of a class of one's own."""
        person = await door.require(request, "instructor")
        await run_in_threadpool(store.classes.remove, person.id, class_id, person_id)
        return Response(status_code=204)


def _add_learners(routes: APIRouter, store: Store, room: Classroom, door: Door) -> None:
    @routes.get("/classes/{class_id}/learners/{person_id}")
    async def learner(class_id: str, person_id: str, request: Request) -> Response:
        """One learner: progress, why the tutor did what it did and, if they agreed, their talks."""
        person = await door.require(request, "instructor")

        def told() -> dict[str, object]:
            class_ = room.open(person, class_id)
            who = room.member(class_, person_id)
            return {
                **_who(who),
                "kinds": room.progress(who),
                "moves": room.moves(who)[: -_SHOWN - 1 : -1],
                "taught": class_.instructor_id == person.id,
                "conversations": _conversations(store, person, who),
            }

        return json_response(await run_in_threadpool(told))

    @routes.get("/classes/{class_id}/learners/{person_id}/conversations/{conversation_id}")
    async def transcript(
        class_id: str, person_id: str, conversation_id: str, request: Request
    ) -> Response:
        """What was said, if the learner agreed; that it was read is kept for them to see."""
        person = await door.require(request, "instructor")

        def told() -> dict[str, object]:
            who = room.member(store.classes.get(person.id, class_id), person_id)
            turns = store.transcripts.read(person.id, who.id, conversation_id)
            talk = store.conversations.get(who.id, conversation_id)
            head = {key: getattr(talk, key) for key in ("title", "topic", "tutor", "began")}
            moves = room.moves(who, conversation_id)
            return {**head, "name": who.name, "turns": turns, "moves": moves}

        return json_response(await run_in_threadpool(told))


def _listed(store: Store, room: Classroom, person: Person) -> list[dict[str, object]]:
    return [
        {
            "id": one.id,
            "name": one.name,
            "made": one.made,
            "learners": len(room.members(one)),
            "mine": one.instructor_id == person.id,
            "instructor": store.people.person(one.instructor_id).name,
        }
        for one in room.classes(person)
    ]


def _shown(
    store: Store, room: Classroom, person: Person, class_id: str, days: int
) -> dict[str, object]:
    class_ = room.open(person, class_id)
    mine = class_.instructor_id == person.id
    learners = room.learners(class_, days)
    return {
        "class": {"id": class_.id, "name": class_.name},
        "mine": mine,
        "overview": room.overview(learners),
        "learners": [
            {**_who(each.person), "turns": each.turns, "seconds": each.seconds, "last": each.last}
            for each in learners
        ],
        "invitations": store.invitations.open(person.id, class_id) if mine else [],
    }


def _who(person: Person) -> dict[str, object]:
    """What an instructor sees of a learner's account."""
    return {
        "id": person.id,
        "name": person.name,
        "l1": person.profile.l1,
        "level": person.profile.level,
        "consent": person.consent,
    }


def _table(room: Classroom, person: Person, class_id: str, table: str, days: int) -> str:
    learners = room.learners(room.open(person, class_id), days)
    match table:
        case "overview":
            return overview_csv(room.overview(learners))
        case "learners":
            heads = ("name", "first language", "level", "turns", "minutes", "last here (UTC)")
            return written(heads, [_line(each) for each in learners])
    raise NotFound("there is no such table")


def _line(each: Learning) -> list[object]:
    day = "" if each.last is None else time.strftime("%Y-%m-%d", time.gmtime(each.last))
    told = each.person.profile
    return [each.person.name, told.l1, told.level, each.turns, round(each.seconds / 60), day]


def _conversations(store: Store, person: Person, who: Person) -> object:
    """Their talks, or None where they did not agree or somebody else teaches them."""
    try:
        found = store.transcripts.of(person.id, who.id)
    except (NotAllowed, NotFound):
        return None
    return [
        {key: getattr(one, key) for key in ("id", "title", "topic", "tutor", "began")}
        for one in found
    ]


async def _invited(
    store: Store, door: Door, person: Person, class_id: str | None, body: Inviting
) -> Response:
    """The link, which is told this once."""
    if not door.accounts:
        raise ApiError(409, "no_accounts", "start quimbot serve with --accounts to invite others")
    expires = time.time() + body.days * _DAY_S
    role: Role = "instructor" if class_id is None else "learner"

    def make() -> str:
        return store.invitations.make(class_id, role, expires, maker_id=person.id, uses=body.uses)

    token = await run_in_threadpool(make)
    return json_response({"path": f"/#join={token}", "expires": expires})
