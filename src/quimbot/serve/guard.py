"""What every answer of the server carries, and which requests never reach it.

Written against ASGI itself: the usual middleware base class hides from a stream that its client
has left.
"""

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quimbot.serve.wire import ApiError

LONGEST_BODY = 1 << 20
"""Bytes; far above any conversation that fits a context."""

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """Refuses foreign pages, foreign host names and huge bodies; sets the security headers.

    With `loopback`, the Host must be a loopback name, so that a page elsewhere cannot point a name
    of its own at this machine and talk to the tutor (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, *, loopback: bool) -> None:
        self._app = app
        self._loopback = loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        refusal = self._refusal(Headers(scope=scope))
        answer = self._app if refusal is None else refusal.response()
        await answer(scope, receive, send_guarded)

    def _refusal(self, headers: Headers) -> ApiError | None:
        host = headers.get("host", "")
        if self._loopback and not is_loopback(_name(host)):
            return ApiError(403, "forbidden", "this server answers to localhost only")
        origin = headers.get("origin")
        if origin is not None and _site(origin) != host:
            return ApiError(403, "forbidden", "pages of other sites may not use this server")
        if "transfer-encoding" in headers:
            return ApiError(411, "length_required", "send the body with a Content-Length")
        if int(headers.get("content-length", "0")) > LONGEST_BODY:
            return ApiError(413, "too_large", f"the body may have {LONGEST_BODY} bytes at most")
        return None


def _name(host: str) -> str:
    """The name in a Host header; empty if it is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _site(origin: str) -> str:
    """The host of an Origin header; empty if it is none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
