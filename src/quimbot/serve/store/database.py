"""One database, SQLite or PostgreSQL: opened at the newest version, read and written in turns."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import StaticPool

from quimbot.exceptions import DataError, OutputError, RecipeError
from quimbot.serve.store.migrate import migrate
from quimbot.serve.store.schema import metadata

_WAIT_S = 10
"""How long a write waits for another one, and an opening for a server to answer."""

_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=NORMAL",  # with WAL nothing is lost when the process is killed
    "foreign_keys=ON",
    "secure_delete=ON",
)


class Database:
    """Connections to one place; any thread may use it."""

    def __init__(self, engine: Engine, place: str) -> None:
        self._engine = engine
        self._place = place
        sqlite = engine.dialect.name == "sqlite"
        # SQLite takes one writer at a time; it polls, a lock lets those of one process in in turn.
        self._turn = threading.RLock() if sqlite else nullcontext()
        # In memory there is one connection, which can do one thing at a time.
        alone = isinstance(engine.pool, StaticPool)
        self._reading_turn = self._turn if alone else nullcontext()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to ask questions.

        Raises:
            OutputError: the database cannot be used now.
        """
        with self._reading_turn, self._faults(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection whose changes are kept together when the block ends well, or none is.

        Raises:
            OutputError: the database cannot be used now.
        """
        with (
            self._turn,
            self._faults(),
            self._engine.execution_options(writes=True).begin() as connection,
        ):
            yield connection

    def forget(self) -> None:
        """Take what was deleted out of SQLite's log too; pages are overwritten when it is."""
        if self._engine.dialect.name == "sqlite":
            with self._turn, self._faults(), _raw(self._engine) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def check(self) -> None:
        """Ask it something.

        Raises:
            OutputError: it does not answer now.
        """
        with self.reading() as connection:
            connection.execute(select(1))

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (OperationalError, InterfaceError, PoolTimeout) as fault:
            raise OutputError(f"{self._place}: {_said(fault)}; try again") from fault


def open_database(place: str | Path) -> Database:
    """The database at a path or PostgreSQL URL, made if it is not there, at the newest version.

    Raises:
        DataError: what is there is no database, not ours, or of a newer version.
        OutputError: it cannot be opened or written.
        RecipeError: the URL is not one, or its driver is not installed.
    """
    if "://" in str(place):
        url = _postgres(str(place))
        engine, shown = _engine(url), url.render_as_string()
    else:
        path = Path(place).expanduser()
        _make_file(path)
        engine, shown = _engine(URL.create("sqlite", database=str(path))), str(path)
        _prepare(engine)
    try:
        migrate(engine, shown)
    except DBAPIError as fault:
        engine.dispose()
        if isinstance(fault.orig, sqlite3.DatabaseError) and "not a database" in str(fault.orig):
            raise DataError(f"{shown}: is not a database; give another file") from None
        raise OutputError(f"{shown}: cannot be opened ({_said(fault)})") from None
    except BaseException:
        engine.dispose()
        raise
    return Database(engine, shown)


def open_memory() -> Database:
    """A database that nothing is ever written of, gone when it is closed."""
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    _prepare(engine)
    metadata.create_all(engine)
    return Database(engine, "memory")


def _engine(url: URL) -> Engine:
    """Connections to a database; its errors do not tell what somebody said."""
    if url.get_backend_name() == "sqlite":
        return create_engine(url, hide_parameters=True)
    try:
        return create_engine(
            url, hide_parameters=True, pool_pre_ping=True, connect_args={"connect_timeout": _WAIT_S}
        )
    except ModuleNotFoundError:
        raise RecipeError(
            f"{url.render_as_string()}: PostgreSQL needs a driver; "
            "run: pip install 'quimbot[postgres]'"
        ) from None


def _postgres(place: str) -> URL:
    try:
        url = make_url(place)
    except ArgumentError:
        url = URL.create("")
    if url.drivername not in {"postgresql", "postgres", "postgresql+psycopg"}:
        kind = place.partition("://")[0]  # what follows may hold a password
        raise RecipeError(
            f"store: {kind}://… is not known; give a path for SQLite, or postgresql://…"
        )
    return url.set(drivername="postgresql+psycopg")


def _make_file(path: Path) -> None:
    """An empty file that only its owner may read, unless there is one."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as fault:
        raise OutputError(
            f"{path}: cannot be written ({fault.strerror}); give another path with --store"
        ) from None


def _prepare(engine: Engine) -> None:
    """What SQLite needs on each connection, and writers that wait instead of failing halfway."""

    @event.listens_for(engine, "connect")
    def connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        for pragma in (f"busy_timeout={_WAIT_S * 1000}", *_PRAGMAS):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _raw(engine: Engine) -> Iterator[sqlite3.Connection]:
    """A connection outside any transaction."""
    pooled = engine.raw_connection()
    try:
        assert isinstance(pooled.dbapi_connection, sqlite3.Connection)
        yield pooled.dbapi_connection
    finally:
        pooled.close()


def _said(fault: Exception) -> str:
    """The database's own words, on one line, without the statement and its values."""
    orig = getattr(fault, "orig", None) or fault
    return " ".join(str(orig).split())
