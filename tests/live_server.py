"""Real servers on free loopback ports, and a tutor whose every move a test decides."""

import asyncio
import re
import socket
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn

from quimbot.exceptions import PromptTooLong, RuntimeFault
from quimbot.pedagogy.moves import tutor_prompt
from quimbot.pedagogy.say_back import say_back
from quimbot.records.record import Message, Move
from quimbot.runtimes.drawn import Drawn
from quimbot.runtimes.runtime import Delta, Finish, Sampling
from quimbot.serve.access_log import AccessLog
from quimbot.serve.app import create_app
from quimbot.serve.door import Door
from quimbot.serve.gate import Gate
from quimbot.serve.limits import Limits
from quimbot.serve.reload import Tutors
from quimbot.serve.roster import Roster
from quimbot.serve.server import configured
from quimbot.serve.store.store import Store
from quimbot.serve.tutor_shelf import Shelf
from quimbot.serve.tutors import Tutor

PATIENCE_S = 60
"""A test that fails may take so long; one that passes does not wait."""
Opening = Callable[[], AbstractContextManager[Mapping[str, Tutor]]]


@dataclass
class Puppet:
    """A runtime that says its line in pieces, and remembers what it was asked."""

    line: Sequence[str] = ("Oh, you ", "went ", "to the market? ", "What did you ", "buy?")
    finish: Finish = "stop"
    pause_s: float = 0.0
    """Between pieces."""
    longest: int = 1000
    """Messages that fit its context."""
    tells: bool = False
    """Whether it tells log-probabilities when it is asked for them."""
    fails_after: int | None = None
    """Pieces after which it breaks."""
    name: str = "puppet"
    asked: list[tuple[list[Message], Sampling]] = field(default_factory=list)
    left: int = 0
    """How many replies were left before their end."""

    async def stream(
        self, messages: Sequence[Message], sampling: Sampling
    ) -> AsyncGenerator[Delta, None]:
        """The line, whatever was said."""
        self.asked.append((list(messages), sampling))
        if len(messages) > self.longest:
            raise PromptTooLong(f"{len(messages)} messages")
        ended = False
        try:
            for count, piece in enumerate(self.line):
                if count == self.fails_after:
                    raise RuntimeFault("the string broke")
                yield Delta(text=piece, drawn=self._drawn(piece, sampling.likeliest))
                await asyncio.sleep(self.pause_s)
            yield Delta(finish=self.finish, prompt_tokens=7, reply_tokens=len(self.line))
            ended = True
        finally:
            self.left += not ended

    def _drawn(self, piece: str, likeliest: int | None) -> tuple[Drawn, ...]:
        if not self.tells or likeliest is None:
            return ()
        others = (Drawn(text=f"{rank}", data=b"", logprob=-0.5 * rank) for rank in range(likeliest))
        return (Drawn(text=piece, data=piece.encode(), logprob=-0.5, likeliest=tuple(others)),)


def tutor(runtime: Puppet, name: str = "tutor", title: str = "") -> Tutor:
    """A tutor that speaks through a puppet."""
    return Tutor(name=name, title=title or name, prompt=tutor_prompt(Move.RECAST), runtime=runtime)


@dataclass(frozen=True)
class Live:
    """A server at work."""

    url: str
    gate: Gate
    store: Store
    tutors: Tutors[Roster]


@contextmanager
def _rostered(
    opened: AbstractContextManager[Mapping[str, Tutor]], shelf: Shelf
) -> Iterator[Roster]:
    with opened as tutors:
        yield Roster(tutors, shelf)


@contextmanager
def live_server(
    *tutors: Tutor,
    at_once: int = 4,
    waiting: int = 16,
    accounts: bool = False,
    secret: str = "",
    opening: Opening | None = None,
    limits: Limits | None = None,
    log: AccessLog | None = None,
    shelf: Shelf = Shelf(None),  # noqa: B008 - an empty one
    place: Path | None = None,
    port: int = 0,
) -> Iterator[Live]:
    """A real uvicorn in a thread, until the block ends.

    `secret` is Open WebUI's; `opening` loads the tutors, if given; `shelf` has those of files.
    A store at a `place` stays.
    """
    given = nullcontext({one.name: one for one in tutors})
    gate = Gate(at_once=at_once, waiting=waiting)
    with (
        TemporaryDirectory() as folder,
        Store.open(place or Path(folder, "store.db")) as store,
        socket.create_server(("127.0.0.1", port)) as listener,
        Tutors(lambda: _rostered(opening() if opening else given, shelf)) as offered,
    ):
        app = create_app(
            offered,
            gate,
            store=store,
            door=Door(store, accounts=accounts, secret=secret),
            max_tokens=64,
            temperature=0.3,
            loopback=not accounts,
            limits=limits,
            log=log,
        )
        config = configured(app)
        config.timeout_graceful_shutdown = 1
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            yield Live(url=url, gate=gate, store=store, tutors=offered)
        finally:
            server.should_exit = True
            thread.join(10)


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[int]:
    """A plain HTTP server at work in a thread, until the block ends; gives its port."""
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def recast_for(system: str, user: str, model: str) -> dict[str, object]:
    """The answer of a server that recasts as a campaign asks it to."""
    known = re.search(r'turn is: "(.*)"\.\n', system)
    said = say_back(known[1] if known else user).rstrip(".!?, ")
    reply = f"Oh, {said}! Can you tell me more?"
    return {
        "model": model,
        "choices": [{"message": {"content": reply}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10},
    }


def soon(check: Callable[[], bool]) -> bool:
    """Whether a check without arguments comes true, at once or when a busy machine gets to it."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if check():
            return True
        time.sleep(0.01)
    return bool(check())
