"""The owner has the tutors loaded anew."""

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from quimbot.exceptions import QuimbotError
from quimbot.serve.door import Door
from quimbot.serve.guard import is_loopback
from quimbot.serve.reload import M, Tutors
from quimbot.serve.wire import ApiError, json_response


def reload_routes(tutors: Tutors[M], door: Door) -> APIRouter:
    """POST /api/reload."""
    routes = APIRouter(prefix="/api")

    @routes.post("/reload")
    async def reload(request: Request) -> Response:
        """Load the tutors that there are now; replies under way are finished by the earlier."""
        await door.require(request, "owner")
        if request.client is None or not is_loopback(request.client.host):
            raise ApiError(403, "forbidden", "only from the machine that serves")
        try:
            await run_in_threadpool(tutors.reload)
        except QuimbotError as fault:
            raise ApiError(409, "not_reloaded", f"the tutors stay as they were: {fault}") from None
        return json_response({"tutors": list(tutors)})

    return routes
