"""The OpenAPI document says what the server does: Schemathesis, which compares them, is content."""

import atexit
from contextlib import ExitStack, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from live_server import Puppet, tutor
from schemathesis import Case
from schemathesis.hooks import HookContext

from quimbot.serve.app import create_app
from quimbot.serve.door import Door
from quimbot.serve.gate import Gate
from quimbot.serve.reload import Tutors
from quimbot.serve.roster import Roster
from quimbot.serve.store.store import Store

_OPEN = ExitStack()  # the document is read when the tests are collected, before any fixture
atexit.register(_OPEN.close)
_STORE = _OPEN.enter_context(
    Store.open(Path(_OPEN.enter_context(TemporaryDirectory()), "store.db"))
)

_TUTORS = {"tutor": tutor(Puppet(tells=True))}

schema = schemathesis.openapi.from_asgi(
    "/openapi.json",
    create_app(
        _OPEN.enter_context(Tutors(lambda: nullcontext(Roster(_TUTORS)))),
        Gate(at_once=4, waiting=16),
        store=_STORE,
        door=Door(_STORE),
        max_tokens=64,
        temperature=0.3,
        loopback=False,  # the client in here has another name
    ),
)


@schema.hook
def map_body(_context: HookContext, body: Any) -> Any:  # noqa: ANN401 - anything
    """Ask for a tutor that is there; otherwise every answer would be that it is not."""
    name = body.get("model") if isinstance(body, dict) else None
    return body | {"model": "tutor"} if isinstance(name, str) and "\x00" not in name else body


@pytest.mark.parametrize("loopback", [False])  # with a parameter, each operation has its own id
@schema.parametrize()
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_documented(case: Case[Any], loopback: bool) -> None:  # noqa: ARG001
    case.call_and_validate()
