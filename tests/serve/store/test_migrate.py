"""A database of an earlier version: opened as it is, and brought to a later one with its data."""

import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, make_url, text

from quimbot.exceptions import DataError
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.learner import Profile, learner_of
from quimbot.pedagogy.levels import Level
from quimbot.serve.store import migrate
from quimbot.serve.store import migrations as steps
from quimbot.serve.store.schema import metadata
from quimbot.serve.store.store import Store

GOLDEN = Path(__file__).parents[2] / "golden"
Rows = dict[str, list[tuple[object, ...]]]

SECOND = """
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("people") as table:
        table.add_column(sa.Column("greeting", sa.Text, nullable=False, server_default=""))
        table.alter_column("language", nullable=True)  # SQLite has to make the table anew for it
    op.execute("UPDATE people SET greeting = 'Hello ' || name")
"""
"""A later version that there is not: a column more, a rule less, and words in it."""


@pytest.fixture
def old(place: str) -> str:
    """A database with data in every table, as an earlier commit wrote it."""
    if "://" in place:
        script = (GOLDEN / "store_0001.postgresql.sql").read_text("utf-8")
        with closing(psycopg.connect(place, autocommit=True)) as connection:
            connection.execute(script.encode())
    else:
        with closing(sqlite3.connect(place)) as file:
            file.executescript((GOLDEN / "store_0001.sqlite.sql").read_text("utf-8"))
    return place


@pytest.fixture
def engine(place: str) -> Iterator[Engine]:
    """A way into the tables past the store."""
    url = make_url(place).set(drivername="postgresql+psycopg") if "://" in place else None
    engine = create_engine(url or f"sqlite:///{place}")
    yield engine
    engine.dispose()


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The second step, beside those that there are; it is done when a store is opened."""
    folder = tmp_path / "migrations"
    shutil.copytree(Path(steps.__path__[0]), folder)
    step = folder / "versions" / "v0002_later.py"
    step.write_text(SECOND)
    monkeypatch.setattr(migrate, "_STEPS", str(folder))
    return step


def rows(engine: Engine, *, columns: dict[str, list[str]] | None = None) -> Rows:
    """What is in every table of ours, in columns that were there before if they are given."""
    with engine.connect() as connection:
        names = set(inspect(connection).get_table_names()) - {"alembic_version"}
        asked = {name: ", ".join((columns or {}).get(name, ["*"])) for name in names}
        return {
            name: sorted(
                map(tuple, connection.execute(text(f"SELECT {what} FROM {name}"))), key=repr
            )
            for name, what in asked.items()
        }


def columns(engine: Engine) -> dict[str, list[str]]:
    with engine.connect() as connection:
        look = inspect(connection)
        return {
            name: [f'"{column["name"]}"' for column in look.get_columns(name)]
            for name in look.get_table_names()
        }


def version(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def test_what_an_earlier_commit_wrote_is_understood_and_not_touched(
    old: str, engine: Engine
) -> None:
    before = rows(engine)
    assert [name for name, found in before.items() if not found] == []
    with Store.open(old) as store:
        (ana,) = store.people.named("Ana")
        assert ana.profile == Profile(l1="es", level="B1", cap=Level.PROMPT)
        assert (ana.language, ana.consent, ana.role) == ("es", True, "learner")
        (talk,) = store.conversations.of(ana.id)
        assert (talk.title, talk.topic) == ("Mi día 早 🙂", "food")
        turns = store.conversations.turns(ana.id, talk.id)
        assert [turn.state for turn in turns] == ["whole", "whole", "whole", "partial"]
        tense = learner_of(ana.profile, store.events.of(ana.id)).progress(Kind.TENSE)
        assert (tense.errors, tense.repaired) == (1, 1)
        assert [one.reader for one in store.transcripts.readings(ana.id)] == ["Tea", "Tea"]
        assert [one.name for one in store.classes.joined(ana.id)] == ["ENG 2100"]
        assert store.people.export(ana.id)["keys"][0]["name"] == "Open WebUI"
        assert len(store.people.every()) == 4
    assert rows(engine) == before
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_a_later_version_takes_everything_along(old: str, engine: Engine, later: Path) -> None:
    before, had = rows(engine), columns(engine)
    with ThreadPoolExecutor(4) as pool:  # servers that are started at once
        names = [f"New {number}" for number in range(4)]
        list(pool.map(lambda name: _opened(old, name), names))
    assert version(engine) == "0002"
    after = rows(engine, columns=had)
    new = set(after.pop("people")) - set(before.pop("people"))
    assert len(new) == len(names)
    assert after == before
    with engine.connect() as connection:
        told = connection.execute(text("SELECT name, greeting FROM people WHERE name = 'Ana'"))
        assert [tuple(row) for row in told] == [("Ana", "Hello Ana")]
    with Store.open(old) as store:  # what refers to a table that was made anew still does
        store.people.delete(store.people.named("Ana")[0].id)
    assert rows(engine, columns=had)["turns"] == []
    later.unlink()
    with pytest.raises(DataError, match=r"of a newer version \(0002, .*known here is 0001"):
        _opened(old, "Too late")


def _opened(place: str, name: str) -> None:
    with Store.open(place) as store:
        store.people.add(name)


def test_a_later_version_that_fails_at_its_end_changes_nothing(
    old: str, engine: Engine, later: Path
) -> None:
    before, had = rows(engine), columns(engine)
    later.write_text(f"{SECOND}    raise RuntimeError('pulled the plug')\n")
    with pytest.raises(RuntimeError, match="plug"):
        _opened(old, "Ben")
    assert (version(engine), columns(engine), rows(engine)) == ("0001", had, before)
    later.unlink()
    _opened(old, "Ben")
    assert version(engine) == "0001"
