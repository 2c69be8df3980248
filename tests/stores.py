"""A store of each kind for every test that asks for one: SQLite in a file, a real PostgreSQL."""

import secrets
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from quimbot.serve.store.store import Store


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL that runs for these tests."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where its lock file lies is of no interest
        from pgserver.postgres_server import get_server  # noqa: PLC0415 - looks around at once
    with TemporaryDirectory() as folder:
        try:
            server = get_server(folder)
        except Exception as fault:  # noqa: BLE001 - whatever is in its way
            pytest.skip(f"PostgreSQL does not start on this machine: {fault!r}")
        with server:
            yield server.get_uri()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store of one kind may be opened; nothing is there."""
    if request.param == "sqlite":
        return str(tmp_path / "store.db")
    server: str = request.getfixturevalue("postgres")
    name = f"test_{secrets.token_hex(6)}"
    with closing(psycopg.connect(server, autocommit=True)) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    """An empty store."""
    with Store.open(place) as store:
        yield store
