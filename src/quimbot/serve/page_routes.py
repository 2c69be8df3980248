"""The pages and what they load: files of this package, sent as they are."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import Response

_PAGES = {"chat.html": "/", "teach.html": "/teach"}
"""Where the pages are; all other files keep their name."""
_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}


def page_routes() -> APIRouter:
    """The pages and their files."""
    routes = APIRouter(include_in_schema=False)
    folder = Path(__file__).parent / "page"
    for file in sorted(folder.rglob("*.*")):
        name = file.relative_to(folder).as_posix()
        answer = _file(file.read_bytes(), _TYPES[file.suffix])
        routes.add_api_route(_PAGES.get(name, f"/{name}"), answer)
    return routes


def _file(content: bytes, media_type: str) -> Callable[[], Awaitable[Response]]:
    async def answer() -> Response:
        return Response(content, media_type=media_type, headers={"Cache-Control": "no-cache"})

    return answer
