"""What people may do about themselves: see and change who they are, take all along, and go."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from quimbot.pedagogy.learner import Profile
from quimbot.pedagogy.levels import Level
from quimbot.serve.door import Door
from quimbot.serve.store.store import Store
from quimbot.serve.wire import json_response


class _Exact(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ProfileChange(_Exact):
    """What a learner tells about themselves."""

    l1: Annotated[str, Field(pattern="^[A-Za-z-]*$", max_length=20)] = ""
    level: Literal["", "A2", "B1", "B2", "C1"] = ""
    cap: Level = Level.FOCUSED


class PersonChange(_Exact):
    """The body of PUT /api/me; what is left out stays as it is."""

    name: Annotated[str, Field(max_length=100)] | None = None
    profile: ProfileChange | None = None
    language: Literal["", "en", "es", "zh", "ar", "ko"] | None = None
    consent: bool | None = None


def account_routes(store: Store, door: Door) -> APIRouter:
    """The routes under `/api` about the person who asks."""
    routes = APIRouter(prefix="/api")

    @routes.get("/me")
    async def me(request: Request) -> Response:
        """Who is asking."""
        return json_response(await door.person(request))

    @routes.put("/me")
    async def change(body: PersonChange, request: Request) -> Response:
        """Change what is given."""
        person = await door.person(request)
        profile = None if body.profile is None else Profile(**body.profile.model_dump())
        changed = await run_in_threadpool(
            store.people.change,
            person.id,
            name=body.name,
            profile=profile,
            language=body.language,
            consent=body.consent,
        )
        return json_response(changed)

    @routes.delete("/me")
    async def delete(request: Request) -> Response:
        """Forget the person and all that is theirs."""
        person = await door.person(request)
        await run_in_threadpool(store.people.delete, person.id)
        return Response(status_code=204)

    return routes
