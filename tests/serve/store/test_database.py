"""Where a store lies: made, brought to the newest version, or refused in one line."""

import os
import sqlite3
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import IntegrityError

from quimbot.exceptions import DataError, OutputError, QuimbotError, RecipeError
from quimbot.serve.store import database, migrate
from quimbot.serve.store.schema import metadata
from quimbot.serve.store.store import Store


def refused(place: str | Path, error: type[QuimbotError]) -> str:
    """The one line with which a place is refused."""
    with pytest.raises(error) as caught, Store.open(place):
        pass
    assert "\n" not in str(caught.value)
    return str(caught.value)


def change(place: str, statement: str) -> None:
    """Do something to a database behind the store's back."""
    if "://" in place:
        with closing(psycopg.connect(place, autocommit=True)) as connection:
            connection.execute(statement.encode())
    else:
        with closing(sqlite3.connect(place)) as file:
            file.execute(statement)
            file.commit()


def test_what_was_kept_is_there_when_it_is_opened_again(place: str) -> None:
    with Store.open(place) as store:
        person = store.people.add("Ana")
    with Store.open(place) as store:
        assert store.people.person(person.id) == person


def test_the_migrations_make_the_tables_of_the_schema(place: str) -> None:
    with Store.open(place):
        pass
    url = make_url(place).set(drivername="postgresql+psycopg") if "://" in place else None
    engine = create_engine(url or f"sqlite:///{place}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_several_servers_may_open_a_new_database_at_once(place: str) -> None:
    def opened(name: str) -> str:
        with Store.open(place) as store:
            return store.people.add(name).id

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(opened, "abcdefgh"))
    with Store.open(place) as store:
        assert [store.people.person(one).name for one in ids] == list("abcdefgh")


def test_a_migration_that_fails_leaves_nothing_behind(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(config: Config, revision: str) -> None:
        command.upgrade(config, revision)
        raise RuntimeError("pulled the plug")

    with monkeypatch.context() as patch:
        patch.setattr(migrate, "command", SimpleNamespace(upgrade=breaks))
        with pytest.raises(RuntimeError, match="plug"), Store.open(place):
            pass
    with Store.open(place) as store:  # refused if half of the tables were there
        assert store.people.add("Ana").name == "Ana"


def test_a_database_of_a_newer_version_is_refused_and_left_as_it_is(place: str) -> None:
    with Store.open(place) as store:
        person = store.people.add("Ana")
    change(place, "UPDATE alembic_version SET version_num = '9001'")
    line = refused(place, DataError)
    assert "newer version (9001" in line
    assert "update quimbot" in line
    change(place, "UPDATE alembic_version SET version_num = '0001'")
    with Store.open(place) as store:
        assert store.people.person(person.id) == person


def test_a_database_of_something_else_is_refused(place: str) -> None:
    if "://" not in place:
        Path(place).touch()
    change(place, "CREATE TABLE recipes (name TEXT)")
    assert "holds tables of something else" in refused(place, DataError)


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Dear diary, this is no database at all.\n" * 100)
    assert refused(file, DataError) == f"{file}: is not a database; give another file"
    assert file.read_text().startswith("Dear diary")


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path, tmp_path / "file" / "store.db"):
        assert str(place) in refused(place, OutputError)


def test_a_database_locked_by_another_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_WAIT_S", 0)
    file = tmp_path / "store.db"
    with Store.open(file) as store, closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OutputError, match=r"store\.db: database is locked; try again"):
            store.people.add("Ana")
        assert "locked" in refused(file, OutputError)


@pytest.mark.parametrize("place", ["mysql://me:secret@here/x", "postgresql+asyncpg://h/x", "x://"])
def test_an_address_of_another_kind_is_refused_without_its_password(place: str) -> None:
    line = refused(place, RecipeError)
    assert "postgresql://" in line
    assert "secret" not in line


def test_a_postgresql_that_does_not_answer_is_told_without_its_password() -> None:
    line = refused("postgresql://me:secret@127.0.0.1:9/x", OutputError)
    assert "postgresql+psycopg://me:***@127.0.0.1:9/x: cannot be opened" in line


def test_without_the_driver_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert "pip install 'quimbot[postgres]'" in refused("postgresql://h/x", RecipeError)


def test_no_error_tells_what_somebody_wrote(store: Store) -> None:
    with pytest.raises(IntegrityError) as caught:
        store.classes.add("My secret", "nobody")
    assert "secret" not in str(caught.value)


def test_only_the_owner_may_read_the_file_and_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "new" / "folder" / "store.db"
    before = os.umask(0)
    try:
        with Store.open(file) as store:
            store.people.add("Ana")
            beside = list(file.parent.iterdir())
            assert len(beside) > 1  # its log lies beside it
            assert {stat.S_IMODE(one.stat().st_mode) for one in beside} == {0o600}
            assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    finally:
        os.umask(before)


def test_without_a_place_it_lies_where_the_users_data_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with Store.open(""):
        assert (tmp_path / "quimbot" / "quimbot.db").is_file()
