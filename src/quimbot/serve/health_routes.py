"""Whether the server lives, whether it can answer now, and what it has counted."""

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from quimbot.serve.answers import State
from quimbot.serve.door import Door
from quimbot.serve.gate import Gate
from quimbot.serve.guard import is_loopback
from quimbot.serve.metrics import Metrics
from quimbot.serve.store.store import Store
from quimbot.serve.wire import ApiError, json_response

_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-real-ip")
"""What a reverse proxy adds: behind one, everybody comes from this machine."""
_COUNTS = {"content": {"text/plain": {"schema": {"type": "string"}}}}


def health_routes(gate: Gate, metrics: Metrics, store: Store, door: Door) -> APIRouter:
    """`/healthz`, `/readyz` and `/metrics`."""
    routes = APIRouter()

    @routes.get("/healthz", response_model=State)
    async def healthz() -> Response:
        """Alive."""
        return json_response({"status": "ok"})

    @routes.get("/readyz", response_model=State)
    async def readyz() -> Response:
        """Ready for a learner: the models are loaded, the database answers, nothing stops."""
        if gate.draining:
            raise ApiError(503, "stopping", "the server is about to stop")
        await run_in_threadpool(store.check)
        return json_response({"status": "ready"})

    @routes.get("/metrics", response_class=Response, responses={200: _COUNTS})
    async def counts(request: Request) -> Response:
        """What was counted, for Prometheus on this machine and for the owner."""
        here = request.client is not None and is_loopback(request.client.host)
        if not here or any(name in request.headers for name in _FORWARDED):
            if not door.accounts:
                raise ApiError(403, "forbidden", "the counts are for this machine only")
            await door.require(request, "owner")
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    return routes
