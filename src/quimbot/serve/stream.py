"""A reply sent while it is written, and the work given up when nobody listens any more."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing, suppress
from typing import Any, Generic, Protocol, TypeVar

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from quimbot.serve.wire import ApiError, event

T = TypeVar("T")
Piece = TypeVar("Piece")
Piece_contra = TypeVar("Piece_contra", contravariant=True)


class Format(Protocol[Piece_contra]):
    """How a reply is written as events."""

    def opening(self) -> bytes:
        """Before the first piece."""
        ...

    def piece(self, piece: Piece_contra) -> bytes:
        """One piece."""
        ...

    def closing(self) -> bytes:
        """After the last, if all went well."""
        ...


class EventStream(Response, Generic[Piece]):
    """Server-sent events; the whole reply is made and sent in one task, so it can be cut anywhere.

    The status is sent when the first piece is there: a full queue, a prompt that is too long or a
    model that fails still gets its own status. A reply that fails later ends with an error event.
    """

    media_type = "text/event-stream"

    def __init__(self, answer: Format[Piece], pieces: AsyncGenerator[Piece, None]) -> None:
        # Not the parent's: it would announce an empty body.
        self.status_code = 200
        self.background = None
        self.init_headers({"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._answer = answer
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the reply."""
        with suppress(ClientDisconnect):
            await unless_left(receive, self._sent(scope, receive, send))

    async def _sent(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._pieces) as pieces:
            try:
                first = await anext(pieces)
            except ApiError as error:
                await error.response()(scope, receive, send)
                return
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await _send_body(send, self._answer.opening() + self._answer.piece(first))
            try:
                async for piece in pieces:
                    await _send_body(send, self._answer.piece(piece))
            except ApiError as error:
                await _send_body(send, event(error.body()), more=False)
            else:
                await _send_body(send, self._answer.closing(), more=False)


async def unless_left(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, which is cancelled when the client leaves before it is done.

    Raises:
        ClientDisconnect: the client left.
    """
    working = asyncio.ensure_future(work)
    left = asyncio.ensure_future(_left(receive))
    try:
        await asyncio.wait({working, left}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        working.cancel()
        left.cancel()
        await asyncio.gather(working, left, return_exceptions=True)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_body(send: Send, body: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})
