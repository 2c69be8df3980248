"""Every request seen once, from outside: counted, timed and, if wanted, noted in the access log.

Written against ASGI itself, as the guard is: a stream's first words and its end are seen here
whoever sends them.
"""

import time
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quimbot.serve.access_log import AccessLog
from quimbot.serve.metrics import Metrics
from quimbot.serve.wire import REASON

REPLIES = "replies"
"""The tag of routes whose answer, streamed or whole, is a tutor's reply."""
_ELSEWHERE = "elsewhere"
"""The route of whatever is not there; its path is anybody's text."""
_OK = 200


@dataclass
class _Seen:
    """One answer as it goes out."""

    status: int = 500
    first: float | None = None
    size: int = 0
    streamed: bool = False


class Observer:
    """Watches the answers of an application."""

    def __init__(self, app: ASGIApp, metrics: Metrics, log: AccessLog | None) -> None:
        self._app = app
        self._metrics = metrics
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen = _Seen()
        start = time.perf_counter()

        async def send_seen(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                kind = Headers(raw=message["headers"]).get("content-type", "")
                seen.streamed = kind.startswith("text/event-stream")
            elif body := message.get("body"):
                seen.first = seen.first or time.perf_counter() - start
                seen.size += len(body)
            await send(message)

        try:
            await self._app(scope, receive, send_seen)
        finally:
            self._note(scope, seen, time.perf_counter() - start)

    def _note(self, scope: Scope, seen: _Seen, whole_s: float) -> None:
        found = scope.get("route")
        route = getattr(found, "path", _ELSEWHERE)
        reason = scope.get(REASON)
        self._metrics.answered(route, seen.status, reason)
        is_reply = seen.streamed or REPLIES in getattr(found, "tags", ())
        if is_reply and seen.status == _OK:
            self._metrics.replied(seen.first if seen.streamed else None, whole_s)
        if self._log is not None:
            self._log.note(
                method=scope["method"],
                route=route,
                status=seen.status,
                reason=reason,
                milliseconds=round(whole_s * 1000, 1),
                size=seen.size,
            )
