"""`quimbot serve`: tutors behind an OpenAI-compatible API and a chat page, until it is stopped."""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from quimbot.exceptions import DataError, OutputError, QuimbotError, RecipeError
from quimbot.runs.watch import Watch
from quimbot.serve.access_log import AccessLog
from quimbot.serve.app import create_app
from quimbot.serve.connection import Connection
from quimbot.serve.door import Door, open_webui_secret
from quimbot.serve.gate import Gate
from quimbot.serve.guard import is_loopback
from quimbot.serve.invite import owner_link
from quimbot.serve.limits import Limits
from quimbot.serve.reload import M, Tutors
from quimbot.serve.roster import open_roster
from quimbot.serve.store.store import Store
from quimbot.serve.tutor_shelf import Shelf, folder_of
from quimbot.serve.tutoring import Tutoring
from quimbot.serve.wire import HOTTEST

_FINISH_S = 20
"""How long replies under way may take when the server is told to stop."""


@dataclass(frozen=True, kw_only=True)
class ServeSettings:
    """Settings of `quimbot serve`."""

    address: str = field(kw_only=False)
    """What to serve: a run folder with its tutors, a checkpoint, a model name or a server's URL."""
    host: str = "127.0.0.1"
    """Where to listen; 127.0.0.1 is reached from this machine only, 0.0.0.0 from everywhere, which
    needs --accounts."""
    port: int = 8000
    """Port to listen on; 0 takes any free one."""
    at_once: int = 4
    """How many replies are written at the same time."""
    max_waiting: int = 16
    """How many more may wait for their turn; others are told to come back later."""
    max_tokens: int = 160
    """The longest reply, in tokens; thoughts count, and a request may ask for less."""
    temperature: float = 0.3
    """How freely replies are drawn when a request does not say; 0 takes the most probable word."""
    tutors: str = ""
    """Folder of tutor files, served beside the others and kept by the instructors' page; empty:
    `tutors` in the run folder, if a run folder is served."""
    store: str = ""
    """Database of people and conversations: a file (SQLite) or a postgresql:// address; empty: a
    file in the user's data folder."""
    accounts: bool = False
    """Whether people sign in by invitation; without, all at this machine are its one owner."""
    requests_per_minute: int = 0
    """How many replies one person may ask for in a minute; 0 sets no limit."""
    tokens_per_minute: int = 0
    """How many tokens, read and written, one person may use in a minute; 0 sets no limit."""
    access_log: str = ""
    """A file for one JSON line a request, without words, keys or addresses; empty: none."""

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if not (self.accounts or is_loopback(self.host)):
            raise RecipeError(
                f"serve: host {self.host} is reached from elsewhere; add --accounts, so that "
                "people sign in by invitation, or keep 127.0.0.1"
            )
        if not 0 <= self.port < 2**16:
            raise RecipeError(f"serve: port is {self.port}; give a number from 0 to 65535")
        if self.at_once < 1:
            raise RecipeError(f"serve: at_once is {self.at_once}; give 1 or more")
        if self.max_waiting < 0:
            raise RecipeError(f"serve: max_waiting is {self.max_waiting}; give 0 or more")
        if self.max_tokens < 1:
            raise RecipeError(f"serve: max_tokens is {self.max_tokens}; give 1 or more")
        if not 0 <= self.temperature <= HOTTEST:
            raise RecipeError(
                f"serve: temperature is {self.temperature}; give a number from 0 to {HOTTEST}"
            )

        for name in ("requests_per_minute", "tokens_per_minute"):
            if getattr(self, name) < 0:
                raise RecipeError(f"serve: {name} is {getattr(self, name)}; give 0 or more")

    def inputs(self) -> tuple[Path, ...]:
        """What is read."""
        path = Path(self.address)
        return (path,) if path.exists() else ()

    def outputs(self) -> tuple[Path, ...]:
        """What is written, the access log aside: nothing."""
        return ()


def serve(settings: ServeSettings, watch: Watch) -> str:
    """Serve until told to stop (Ctrl-C or SIGTERM); SIGHUP has the tutors loaded anew.

    Raises:
        OutputError: the port cannot be had.
        DataError: the list of tutors, a tutor's file or the database is not what it must be.
        ModelError: a tutor's model cannot be found, reached or used.
    """
    secret = open_webui_secret()
    shelf = Shelf(_tutor_folder(settings))
    with _listening(settings.host, settings.port) as listener, ExitStack() as stack:
        port = listener.getsockname()[1]
        log = None
        if settings.access_log:
            log = stack.enter_context(AccessLog(Path(settings.access_log)))
        store = stack.enter_context(Store.open(settings.store))
        with (
            Tutors(
                lambda: open_roster(settings.address, shelf, at_once=settings.at_once)
            ) as tutors,
            _reloading(tutors, watch),
        ):
            Tutoring.warm_up()
            gate = Gate(at_once=settings.at_once, waiting=settings.max_waiting)
            app = create_app(
                tutors,
                gate,
                store=store,
                door=Door(store, accounts=settings.accounts, secret=secret),
                max_tokens=settings.max_tokens,
                temperature=settings.temperature,
                loopback=not settings.accounts,  # names of other machines stand for them
                limits=Limits(
                    requests=settings.requests_per_minute, tokens=settings.tokens_per_minute
                ),
                log=log,
            )
            url = _url(settings.host, port)
            watch.say(f"Tutors: {', '.join(tutors)}")
            watch.say(f"Chat page: {url}/ and /teach   API: {url}/v1")
            if settings.accounts and not store.people.owned():
                watch.say(f"Become the owner, once, within a week: {owner_link(store, url)}")
            _Server(configured(app), gate).run(sockets=[listener])
    return f"served {', '.join(tutors)} on port {port}: {gate.served} replies"


def _tutor_folder(settings: ServeSettings) -> Path | None:
    """Where instructors keep their tutors, if anywhere.

    Raises:
        DataError: the folder that was named is none.
    """
    if settings.tutors:
        folder = Path(settings.tutors)
        if not folder.is_dir():
            raise DataError(f"{folder}: no such folder; make it, or give another with --tutors")
        return folder
    return folder_of(settings.address)


def _url(host: str, port: int) -> str:
    """Where to go from this machine."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not bound
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


@contextmanager
def _reloading(tutors: Tutors[M], watch: Watch) -> Iterator[None]:
    """Inside it, SIGHUP has the tutors loaded anew; what came of it is told in a line."""

    def reload() -> None:
        try:
            tutors.reload()
        except QuimbotError as fault:
            watch.say(f"Not reloaded, the tutors stay as they were: {fault}")
        else:
            watch.say(f"Reloaded: {', '.join(tutors)}")

    def hung_up(*_: object) -> None:
        threading.Thread(target=reload, name="reload").start()

    before = signal.signal(signal.SIGHUP, hung_up)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def configured(app: ASGIApp) -> uvicorn.Config:
    """How the application is put on the network."""
    return uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        log_level="warning",
        access_log=False,  # it would tell addresses
        server_header=False,
        timeout_graceful_shutdown=_FINISH_S,
    )


class _Server(uvicorn.Server):
    """Stops in two steps: the gate closes, then replies under way get their time."""

    def __init__(self, config: uvicorn.Config, gate: Gate) -> None:
        super().__init__(config)
        self._gate = gate

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signature is given
        """Being told to stop is how serving ends well, so the signal is not raised again."""
        self._gate.drain()
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def _listening(host: str, port: int) -> socket.socket:
    """The port, taken before a model is loaded in vain."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as fault:
        raise OutputError(
            f"port {port} of {host}: cannot listen ({fault.strerror or fault}); "
            "stop what uses it or choose another with --port"
        ) from None
