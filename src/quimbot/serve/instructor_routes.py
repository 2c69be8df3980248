"""What instructors may do with tutors: see, try, keep and take back those that are theirs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from quimbot.exceptions import DataError, OutputError
from quimbot.pedagogy.moves import LANGUAGE
from quimbot.serve.answers import EVENTS
from quimbot.serve.door import Door
from quimbot.serve.preview import Previews
from quimbot.serve.spending import Spending
from quimbot.serve.store.person import Person
from quimbot.serve.stream import EventStream
from quimbot.serve.tutor_file import LONGEST_NAME, NAME, PROFICIENCY, TutorError, TutorFile
from quimbot.serve.tutor_shelf import Changed, shipped_tutors
from quimbot.serve.wire import ApiError, PageAnswer, json_response
from quimbot.serve.workshop import Workshop

_TURN = 2000
"""Characters of a message to a tutor that is tried."""

Name = Annotated[str, Path(pattern=NAME, max_length=LONGEST_NAME)]


class _Exact(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class TutorBody(_Exact):
    """A tutor as the form has it: the keys of its file."""

    tutor: dict[str, JsonValue]


class SavedBody(TutorBody):
    """The body of PUT /api/teach/tutors/{name}."""

    version: str = ""
    """The version that was opened; empty for a new tutor."""


class CheckedBody(TutorBody):
    """The body of POST /api/teach/check."""

    name: str


class TriedBody(TutorBody):
    """The body of POST /api/teach/preview."""

    window: Annotated[str, Field(min_length=1, max_length=64)]
    """Tells the talks of one person apart."""
    text: Annotated[str, Field(min_length=1, max_length=_TURN)]
    fresh: bool = False
    """Whether the talk begins again."""


def instructor_routes(
    workshop: Workshop, previews: Previews, door: Door, spending: Spending
) -> APIRouter:
    """The routes under `/api/teach` about tutors."""
    routes = APIRouter(prefix="/api/teach")
    _add_tutors(routes, workshop, door)
    _add_trials(routes, workshop, previews, door, spending)
    return routes


def _add_tutors(routes: APIRouter, workshop: Workshop, door: Door) -> None:
    @routes.get("/tutors")
    async def tutors(request: Request) -> Response:
        """Their tutors, and what a form needs to make one."""
        person = await door.require(request, "instructor")
        return json_response(await run_in_threadpool(_offered, workshop, person))

    @routes.get("/tutors/{name}")
    async def tutor(name: Name, request: Request, version: int | None = None) -> Response:
        """One of their tutors, as it is or as it was."""
        person = await door.require(request, "instructor")
        return json_response(await run_in_threadpool(_opened, workshop, person, name, version))

    @routes.put("/tutors/{name}")
    async def save(name: Name, body: SavedBody, request: Request) -> Response:
        """Keep a tutor and offer it at once."""
        person = await door.require(request, "instructor")
        if not workshop.shelf.there:
            raise ApiError(409, "no_folder", "start quimbot serve with --tutors FOLDER to keep it")
        with _told():
            version = await run_in_threadpool(workshop.save, person, name, body.tutor, body.version)
        return json_response({"version": version})

    @routes.delete("/tutors/{name}", status_code=204, response_class=Response)
    async def remove(name: Name, version: str, request: Request) -> Response:
        """Offer a tutor no more."""
        person = await door.require(request, "instructor")
        with _told():
            await run_in_threadpool(workshop.remove, person, name, version)
        return Response(status_code=204)


def _add_trials(
    routes: APIRouter, workshop: Workshop, previews: Previews, door: Door, spending: Spending
) -> None:
    @routes.post("/check")
    async def check(body: CheckedBody, request: Request) -> Response:
        """What is wrong with a tutor, and how much it is told."""
        person = await door.require(request, "instructor")
        found = await run_in_threadpool(workshop.check, person, body.name, body.tutor)
        return json_response(found)

    @routes.post("/preview", response_class=Response, responses={200: EVENTS})
    async def preview(body: TriedBody, request: Request) -> Response:
        """A reply of a tutor that is not kept yet."""
        person = await door.require(request, "instructor")
        spend = spending.admit(door.caller(request, person))
        with _told():
            tutor = await run_in_threadpool(workshop.draft, person, body.tutor)
        if body.fresh:
            previews.forget(person.id, body.window)
        pieces = previews.answer(tutor, person.id, body.window, body.text, spend)
        return EventStream(PageAnswer(), pieces)


def _offered(workshop: Workshop, person: Person) -> dict[str, object]:
    bases = [{"name": each.name, "title": each.title} for each in workshop.roster.run.values()]
    if person.role == "owner":
        bases += [{"name": base, "title": base} for base in workshop.roster.opened]
    return {
        "tutors": [
            {"name": name, **msgspec.to_builtins(file)}
            for name, file in workshop.mine(person).items()
        ],
        "bases": bases,
        "examples": shipped_tutors(),
        "l1": LANGUAGE,
        "levels": PROFICIENCY,
        "kept": workshop.shelf.there,
    }


def _opened(
    workshop: Workshop, person: Person, name: str, version: int | None
) -> dict[str, object]:
    file: TutorFile
    with _told():
        if version is None:
            file = workshop.open(person, name)
        else:
            file = workshop.earlier(person, name, version)
        return {
            "name": name,
            "tutor": file,
            "version": workshop.shelf.version(name),
            "earlier": list(workshop.shelf.history(name)),
        }


@contextmanager
def _told() -> Iterator[None]:
    """What is wrong with a tutor, as an answer."""
    try:
        yield
    except TutorError as fault:
        field = fault.faults[0].field
        raise ApiError(409, "invalid_tutor", str(fault), field) from None
    except Changed:
        raise ApiError(
            409, "changed", "somebody changed this tutor meanwhile; open it again"
        ) from None
    except OutputError:
        raise ApiError(503, "not_kept", "the tutor's file cannot be written now") from None
    except DataError:
        raise ApiError(
            409, "broken_file", "the tutor's file was changed by hand; mend it"
        ) from None
