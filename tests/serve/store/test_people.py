"""People: changed, given all that is theirs, and forgotten without a trace."""

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, make_url, select

from quimbot.exceptions import NotFound
from quimbot.pedagogy.events import Noticed
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.learner import Profile
from quimbot.pedagogy.levels import Level
from quimbot.serve.store.person import Person
from quimbot.serve.store.schema import metadata
from quimbot.serve.store.store import Store

MARK = "Zanzibar"
"""A word that is in everything of Ana's and nowhere else."""


def filled(store: Store, *, talks: int = 1) -> tuple[Person, Person]:
    """Ana, with something of hers in every table, and Bo, who taught and read her."""
    ana = store.people.outside(f"outside {MARK}", "instructor")
    ana = store.people.change(ana.id, name=f"Ana {MARK}", profile=Profile(l1="es"), consent=True)
    bo = store.people.add("Bo", "instructor")
    course = store.classes.add("English", bo.id)
    store.classes.join(course.id, ana.id)
    own = store.classes.add(f"Class {MARK}", ana.id)
    store.classes.join(own.id, bo.id)
    store.people.change(bo.id, consent=True)
    for person in (ana, bo):
        mark = MARK if person is ana else "nothing"
        store.keys.make(person.id, f"key {mark}")
        store.sessions.begin(person.id)
        store.invitations.make_own(person.id, 9e9)
        for _ in range(talks):
            talk = store.conversations.begin(person.id, "tutor", mark, f"outside {mark}")
            turn = store.conversations.add_turn(person.id, talk.id, "user", f"I go to {mark}.")
            said, mended = f"I go to {mark}.", f"I went to {mark}."
            noticed = Noticed(
                at=1, kind=Kind.TENSE, wrong="go", right="went", said=said, correction=mended
            )
            store.events.add(person.id, talk.id, turn.id, [noticed])
        reader = bo if person is ana else ana
        last = store.conversations.of(person.id)[0]
        store.transcripts.read(reader.id, person.id, last.id)
    store.invitations.make(own.id, "learner", 9e9, maker_id=ana.id)
    return ana, bo


@pytest.fixture
def engine(place: str) -> Iterator[Engine]:
    """A way into the tables past the store."""
    url = make_url(place).set(drivername="postgresql+psycopg") if "://" in place else None
    engine = create_engine(url or f"sqlite:///{place}")
    yield engine
    engine.dispose()


def rows(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables."""
    with engine.connect() as connection:
        return {
            name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for name, table in metadata.tables.items()
        }


def test_what_is_given_changes_and_the_rest_stays(store: Store) -> None:
    ana = store.people.add("Ana")
    profile = Profile(l1="es", level="B1", cap=Level.CLUE)
    changed = store.people.change(ana.id, profile=profile, language="es", consent=True)
    assert changed == store.people.person(ana.id)
    assert (changed.name, changed.profile, changed.language) == ("Ana", profile, "es")
    assert store.people.change(ana.id, consent=False).consent is False
    assert store.people.change(ana.id) == store.people.person(ana.id)


@pytest.mark.parametrize("method", ["person", "change", "export", "delete"])
def test_an_unknown_person_is_not_found(store: Store, method: str) -> None:
    with pytest.raises(NotFound):
        getattr(store.people, method)("nobody")


def test_everybody_from_outside_is_added_once(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda n: store.people.outside(f"w:{n % 3}").id, range(30)))
    assert len(set(ids)) == 3
    assert store.people.local() == store.people.local()
    assert store.people.local().role == "owner"


def test_only_an_invited_owner_counts_as_one(store: Store) -> None:
    store.people.local()
    assert not store.people.owned()
    store.people.add("Olu", "owner")
    assert store.people.owned()


def test_the_export_holds_everything_of_a_person_and_no_hash(store: Store, engine: Engine) -> None:
    ana, bo = filled(store)
    exported = json.loads(json.dumps(store.people.export(ana.id)))
    text = json.dumps(exported)
    hers = {
        name: sum(ana.id in map(str, row.values()) for row in table)
        for name, table in rows(engine).items()
    }
    talks = exported["conversations"]
    told = {
        "people": 1,
        "conversations": len(talks),
        "members": len(exported["classes"]),
        "classes": len(exported["teaches"]),
        "invitations": len(exported["invited"]),
        "sessions": len(exported["sessions"]),
        "keys": len(exported["keys"]),
        "readings": len(exported["read_by"]) + len(exported["has_read"]),
        "turns": 0,  # a turn names its conversation only
        "events": sum(len(talk["events"]) for talk in talks),
    }
    assert told == hers
    assert [turn["text"] for talk in talks for turn in talk["turns"]] == [f"I go to {MARK}."]
    assert exported["conversations"][0]["events"][0]["event"]["said"] == f"I go to {MARK}."
    assert exported["person"]["profile"]["l1"] == "es"
    assert "hash" not in text
    assert store.people.export(bo.id) != exported


def test_a_deleted_person_leaves_no_row_anywhere(store: Store, engine: Engine) -> None:
    ana, bo = filled(store)
    before = rows(engine)
    others = json.loads(json.dumps(store.people.export(bo.id)))
    assert all(before.values()), "a table without anything shows nothing"
    assert {name for name, table in before.items() if MARK in str(table)} == {
        "people",
        "classes",
        "keys",
        "conversations",
        "turns",
        "events",
    }
    store.people.delete(ana.id)
    after = rows(engine)
    assert ana.id not in str(after)
    assert MARK not in str(after)
    assert {name: len(table) for name, table in after.items()} == {
        name: {"classes": 1, "members": 0}.get(name, len(table) // 2)
        for name, table in before.items()
    } | {"invitations": 1}
    now = store.people.export(bo.id)
    assert now["conversations"] == others["conversations"]
    assert now["read_by"][0]["reader_id"] is None


def test_what_is_deleted_is_gone_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with Store.open(file) as store:
        keeps = store.people.add("Bo")
        kept = store.conversations.begin(keeps.id, "tutor")
        ana, _ = filled(store, talks=30)
        talk = store.conversations.of(ana.id)[0]
        for count in range(400):  # long enough for pages of their own, changed as replies are
            turn = store.conversations.add_turn(ana.id, talk.id, "assistant", f"{MARK} {count}")
            store.conversations.change_turn(ana.id, turn.id, f"{MARK} {count} " * 20, "whole")
            store.conversations.add_turn(keeps.id, kept.id, "user", f"Timbuktu {count}")
        assert on_disk(file, MARK)
        store.conversations.delete(ana.id, talk.id)
        store.people.delete(ana.id)
        assert not on_disk(file, MARK)
        assert on_disk(file, "Timbuktu 399")
    with closing(sqlite3.connect(file)) as again:
        assert again.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def on_disk(file: Path, text: str) -> bool:
    """Whether a text is in the file or what lies beside it."""
    return any(text.encode() in one.read_bytes() for one in file.parent.iterdir())
