"""What people may do about themselves: come in, see and change who they are, take all, and go."""

import time
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from quimbot.pedagogy.learner import Profile
from quimbot.pedagogy.levels import Level
from quimbot.serve.door import Door
from quimbot.serve.store.person import Person
from quimbot.serve.store.store import Store
from quimbot.serve.wire import WHOLE, ApiError, Text, json_response

Name = Annotated[
    str, Field(pattern=r"^[^\x00]*[^\s\x00][^\x00]*$", max_length=100), AfterValidator(str.strip)
]

_LINK_S = 600
"""How long a link to oneself can be used."""


class _Exact(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Joining(_Exact):
    """The body of POST /api/join; without a name it is the one who is signed in that joins."""

    token: Annotated[Text, Field(min_length=1, max_length=200)]
    name: Name | None = None


class ProfileChange(_Exact):
    """What a learner tells about themselves."""

    l1: Annotated[str, Field(pattern="^[A-Za-z-]*$", max_length=20)] = ""
    level: Literal["", "A2", "B1", "B2", "C1"] = ""
    cap: Annotated[int, Field(ge=min(Level), le=max(Level)), WHOLE] = Level.FOCUSED

    def profile(self) -> Profile:
        """As everything inside knows it."""
        return Profile(l1=self.l1, level=self.level, cap=Level(self.cap))


class PersonChange(_Exact):
    """The body of PUT /api/me; what is left out stays as it is."""

    name: Name | None = None
    profile: ProfileChange | None = None
    language: Literal["", "en", "es", "zh", "ar", "ko"] | None = None
    consent: bool | None = None


def account_routes(store: Store, door: Door) -> APIRouter:
    """The routes under `/api` about the person who asks."""
    routes = APIRouter(prefix="/api")
    _add_ways_in(routes, store, door)
    _add_own_data(routes, store, door)
    return routes


def _add_ways_in(routes: APIRouter, store: Store, door: Door) -> None:
    @routes.post("/join")
    async def join(body: Joining, request: Request) -> Response:
        """Come in by an invitation, as a new person or with more rights."""
        if not door.accounts:
            raise ApiError(403, "no_accounts", "this server has one person only; see --accounts")
        known = None if body.name else await door.known(request)
        person = await run_in_threadpool(
            store.invitations.accept,
            body.token,
            body.name or "",
            person_id=None if known is None else known.id,
        )
        response = json_response(await _told(person, store, door))
        if known is None or person.id != known.id:
            await door.enter(request, person, response)
        return response

    @routes.post("/leave", status_code=204, response_class=Response)
    async def leave(request: Request) -> Response:
        """Sign out."""
        response = Response(status_code=204)
        await door.leave(request, response)
        return response

    @routes.post("/me/link")
    async def link(request: Request) -> Response:
        """A token with which the person may join on another device, once and soon."""
        person = await door.person(request)
        expires = time.time() + _LINK_S
        token = await run_in_threadpool(store.invitations.make_own, person.id, expires)
        return json_response({"token": token, "expires": expires})


def _add_own_data(routes: APIRouter, store: Store, door: Door) -> None:
    @routes.get("/me")
    async def me(request: Request) -> Response:
        """Who is asking."""
        return json_response(await _told(await door.person(request), store, door))

    @routes.put("/me")
    async def change(body: PersonChange, request: Request) -> Response:
        """Change what is given."""
        person = await door.person(request)
        changed = await run_in_threadpool(
            store.people.change,
            person.id,
            name=body.name,
            profile=None if body.profile is None else body.profile.profile(),
            language=body.language,
            consent=body.consent,
        )
        return json_response(await _told(changed, store, door))

    @routes.delete("/me", status_code=204, response_class=Response)
    async def delete(request: Request) -> Response:
        """Forget the person and all that is theirs."""
        person = await door.person(request)
        response = Response(status_code=204)
        await door.leave(request, response)
        await run_in_threadpool(store.people.delete, person.id)
        return response

    @routes.get("/me/readings")
    async def readings(request: Request) -> Response:
        """Who read which conversation of the person, and when."""
        person = await door.person(request)
        return json_response(await run_in_threadpool(store.transcripts.readings, person.id))

    @routes.get("/me/export")
    async def export(request: Request) -> Response:
        """All that is kept about the person, as a file."""
        person = await door.person(request)
        response = json_response(await run_in_threadpool(store.people.export, person.id))
        response.headers["Content-Disposition"] = 'attachment; filename="quimbot.json"'
        return response


async def _told(person: Person, store: Store, door: Door) -> dict[str, object]:
    """What the page shows of the person."""
    learns = await run_in_threadpool(store.classes.joined, person.id)
    return {
        **msgspec.structs.asdict(person),
        "classes": [{"id": one.id, "name": one.name} for one in learns],
        "accounts": door.accounts,
    }
