"""The routes: the OpenAI-compatible API, the chat page, and a sign of life."""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from http import HTTPStatus
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp

from quimbot.exceptions import PromptTooLong, RuntimeFault
from quimbot.runtimes.runtime import Delta, Reply, Sampling
from quimbot.serve.gate import Busy, Draining, Gate
from quimbot.serve.guard import Guard
from quimbot.serve.stream import EventStream, unless_left
from quimbot.serve.tutors import Tutor
from quimbot.serve.wire import Answer, ApiError, ChatRequest, json_response, model_list

_PAGE = {
    "/": ("chat.html", "text/html"),
    "/chat.css": ("chat.css", "text/css"),
    "/chat.js": ("chat.js", "text/javascript"),
    "/mark.svg": ("mark.svg", "image/svg+xml"),
}
_RETRY_S = "5"
"""About one reply of a small model on a small machine."""


def create_app(
    tutors: Mapping[str, Tutor],
    gate: Gate,
    *,
    max_tokens: int,
    temperature: float,
    loopback: bool = True,
) -> ASGIApp:
    """The whole server as an ASGI application; `tutors` by name, the default first."""
    faults = (ApiError, RequestValidationError, HTTPException, ClientDisconnect, Exception)
    app = FastAPI(
        title="quimbot",
        docs_url=None,  # the usual documentation pages load from elsewhere
        redoc_url=None,
        exception_handlers=dict.fromkeys(faults, _refused),
    )
    _add_page(app)
    started = int(time.time())

    @app.get("/healthz")
    async def healthz() -> Response:
        """Alive; 503 while the server is about to stop."""
        state = "draining" if gate.draining else "ok"
        return json_response({"status": state}, status=503 if gate.draining else 200)

    @app.get("/v1/models")
    async def models() -> Response:
        """Every tutor is a model."""
        return json_response(model_list({t.name: t.title for t in tutors.values()}, started))

    @app.post("/v1/chat/completions")
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

    return Guard(app, loopback=loopback)


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


async def _refused(_request: Request, fault: Exception) -> Response:
    """Any fault in OpenAI's shape; what a message said is never repeated."""
    match fault:
        case ApiError():
            return fault.response()
        case RequestValidationError():
            found = fault.errors()[0]
            where = "" if found["type"] == "json_invalid" else _path(found["loc"])
            text = f"{where}: {found['msg']}" if where else str(found["msg"])
            return ApiError(400, "invalid_value", text, where or None).response()
        case ClientDisconnect():
            return Response(status_code=499)  # nobody reads it
        case HTTPException():
            phrase = HTTPStatus(fault.status_code).phrase
            code = phrase.lower().replace(" ", "_")
            return ApiError(fault.status_code, code, phrase).response()
        case _:
            return ApiError(500, "internal_error", "something broke on the server").response()


def _path(loc: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in loc if part != "body")


def _add_page(app: FastAPI) -> None:
    folder = Path(__file__).parent / "page"
    for path, (name, media_type) in _PAGE.items():
        content = (folder / name).read_bytes()
        app.add_api_route(path, _file(content, media_type), include_in_schema=False)


def _file(content: bytes, media_type: str) -> Callable[[], Awaitable[Response]]:
    async def answer() -> Response:
        return Response(content, media_type=media_type, headers={"Cache-Control": "no-cache"})

    return answer
