"""The whole server as one ASGI application: its routes, and how faults are told."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp

from quimbot.exceptions import NotAllowed, NotFound, OutputError
from quimbot.serve.access_log import AccessLog
from quimbot.serve.account_routes import account_routes
from quimbot.serve.answers import ERRORS
from quimbot.serve.class_routes import class_routes
from quimbot.serve.door import Door
from quimbot.serve.gate import Gate
from quimbot.serve.guard import Guard
from quimbot.serve.health_routes import health_routes
from quimbot.serve.instructor_routes import instructor_routes
from quimbot.serve.learner_routes import learner_routes
from quimbot.serve.limits import Limits
from quimbot.serve.metrics import Metrics
from quimbot.serve.observer import Observer
from quimbot.serve.openai_routes import Completions, openai_routes
from quimbot.serve.outside import Outside
from quimbot.serve.page_routes import page_routes
from quimbot.serve.preview import Previews
from quimbot.serve.reload import Holding, Tutors
from quimbot.serve.reload_routes import reload_routes
from quimbot.serve.roster import Roster
from quimbot.serve.spending import Spending
from quimbot.serve.store.store import Store
from quimbot.serve.tutoring import Tutoring
from quimbot.serve.wire import ApiError
from quimbot.serve.workshop import Workshop


def create_app(
    tutors: Tutors[Roster],
    gate: Gate,
    *,
    store: Store,
    door: Door,
    max_tokens: int,
    temperature: float,
    loopback: bool = True,
    limits: Limits | None = None,
    log: AccessLog | None = None,
) -> ASGIApp:
    """The whole server as an ASGI application; the first of `tutors` is the default."""
    metrics = Metrics(gate, tutors)
    spending = Spending(limits or Limits(), metrics)
    tutoring = Tutoring(store, gate)
    api = Completions(
        tutors=tutors,
        gate=gate,
        door=door,
        outside=Outside(store, tutoring),
        spending=spending,
        max_tokens=max_tokens,
        temperature=temperature,
    )
    previews = Previews(gate, max_tokens=max_tokens, temperature=temperature)
    app = _told_faults()
    for routes in (
        page_routes(),
        account_routes(store, door),
        instructor_routes(Workshop(lambda: tutors.now), previews, door, spending),
        class_routes(store, door),
        health_routes(gate, metrics, store, door),
        learner_routes(
            tutors,
            store,
            door,
            tutoring,
            spending=spending,
            max_tokens=max_tokens,
            temperature=temperature,
        ),
        openai_routes(api),
        reload_routes(tutors, door),
    ):
        app.include_router(routes)
    return Observer(Guard(Holding(app, tutors), loopback=loopback), metrics, log)


def _told_faults() -> FastAPI:
    """An application without routes that tells every fault in one shape."""
    ours = (ApiError, NotFound, NotAllowed, OutputError)
    faults = (*ours, RequestValidationError, HTTPException, ClientDisconnect, Exception)
    return FastAPI(
        title="quimbot",
        docs_url=None,  # the usual documentation pages load from elsewhere
        redoc_url=None,
        exception_handlers=dict.fromkeys(faults, _refused),
        responses=ERRORS,
    )


async def _refused(request: Request, fault: Exception) -> Response:
    """Any fault in OpenAI's shape; what a message said is never repeated."""
    if isinstance(fault, ClientDisconnect):
        return Response(status_code=499)  # nobody reads it
    match fault:
        case ApiError():
            error = fault
        case NotFound():
            error = ApiError(404, "not_found", str(fault))
        case NotAllowed():
            error = ApiError(403, "forbidden", str(fault))
        case OutputError():
            error = ApiError(503, "store_unavailable", "the database cannot be used now")
        case RequestValidationError():
            found = fault.errors()[0]
            where = "" if found["type"] == "json_invalid" else _path(found["loc"])
            text = f"{where}: {found['msg']}" if where else str(found["msg"])
            error = ApiError(400, "invalid_value", text, where or None)
        case HTTPException():
            phrase = HTTPStatus(fault.status_code).phrase
            code = phrase.lower().replace(" ", "_")
            error = ApiError(fault.status_code, code, phrase, headers=_told(request, fault))
        case _:
            error = ApiError(500, "internal_error", "something broke on the server")
    return error.response()


def _told(request: Request, fault: HTTPException) -> Mapping[str, str] | None:
    """The headers of a fault; where the method is wrong, all that its path knows."""
    path = getattr(request.scope.get("route"), "path", "")
    methods = request.app.openapi()["paths"].get(path)
    if fault.status_code != HTTPStatus.METHOD_NOT_ALLOWED or methods is None:
        return fault.headers
    return {"Allow": ", ".join(method.upper() for method in methods)}


def _path(loc: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in loc if part != "body")
