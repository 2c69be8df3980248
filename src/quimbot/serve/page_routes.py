"""The pages and what they load: files of this package, sent as they are."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import Response

_FILES = {
    "/": ("chat.html", "text/html"),
    "/chat.css": ("chat.css", "text/css"),
    "/chat.js": ("chat.js", "text/javascript"),
    "/mark.svg": ("mark.svg", "image/svg+xml"),
}


def page_routes() -> APIRouter:
    """The chat page and its files."""
    routes = APIRouter(include_in_schema=False)
    folder = Path(__file__).parent / "page"
    for path, (name, media_type) in _FILES.items():
        routes.add_api_route(path, _file((folder / name).read_bytes(), media_type))
    return routes


def _file(content: bytes, media_type: str) -> Callable[[], Awaitable[Response]]:
    async def answer() -> Response:
        return Response(content, media_type=media_type, headers={"Cache-Control": "no-cache"})

    return answer
