"""Whoever runs the server sees who there is, and forgets somebody without a trace."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from quimbot.exceptions import NotFound, RecipeError
from quimbot.runs.watch import Silent
from quimbot.serve.people import (
    PeopleDeleteSettings,
    PeopleListSettings,
    people_delete,
    people_list,
)
from quimbot.serve.store.store import Store


def talked(store: Store, name: str, *said: str) -> str:
    """Somebody with one conversation in which they said something; gives their id."""
    person = store.people.add(name)
    talk = store.conversations.begin(person.id, "tutor")
    for text in said:
        store.conversations.add_turn(person.id, talk.id, "user", text)
    return person.id


def delete(place: str, name: str) -> str:
    return people_delete(PeopleDeleteSettings(name, store=place), Silent())


def listed(place: str) -> list[str]:
    return people_list(PeopleListSettings(store=place), Silent()).splitlines()


def test_everybody_is_listed_in_order_without_a_word_of_theirs(place: str) -> None:
    assert listed(place) == ["nobody"]
    with Store.open(place) as store:
        ana = talked(store, "Ana", "My secret.")
        store.conversations.begin(ana, "tutor")
        store.people.local()
        store.people.add("Te\x1b[31ma\n", "instructor")
    head, first, second, third = listed(place)
    assert head.split()[:4] == ["id", "name", "role", "came"]
    assert first.startswith(f"{ana}  Ana")
    assert first.split()[-3:-2] == ["2"]
    assert "(local)" in second
    assert second.endswith("never")
    assert "Te\ufffd[31ma\ufffd" in third
    assert "secret" not in "".join(listed(place))


def test_somebody_is_forgotten_and_what_was_theirs_is_told(place: str) -> None:
    with Store.open(place) as store:
        ana, ben = talked(store, "Ana", "One.", "Two."), talked(store, "Ben", "Three.")
        tea = store.people.add("Tea", "instructor")
        group = store.classes.add("ENG 1", tea.id)
        store.classes.join(group.id, ana)
        store.people.change(ana, consent=True)
        store.transcripts.read(tea.id, ana, store.conversations.of(ana)[0].id)
        store.keys.make(ana, "a program")
        store.sessions.begin(ana)
    assert delete(place, "Ana") == (
        "Ana (learner) is forgotten, with 1 conversation, 1 key, 1 signed-in device, "
        "1 reading by an instructor, 2 turns"
    )
    assert delete(place, "Tea") == "Tea (instructor) is forgotten, with 1 class with its links"
    with Store.open(place) as store:
        assert [one.person.id for one in store.people.every()] == [ben]
        assert [turn.text for turn in store.conversations.turns(ben, _only(store, ben))] == [
            "Three."
        ]


def _only(store: Store, person: str) -> str:
    (talk,) = store.conversations.of(person)
    return talk.id


def test_a_name_that_several_have_is_refused_and_nobody_is_gone(place: str) -> None:
    with Store.open(place) as store:
        ids = [talked(store, "Ana", "Hello.") for _ in range(2)]
        store.people.change(ids[1], name="Ana")
        thief = store.people.add(ids[0])  # called as somebody's id
    with pytest.raises(RecipeError) as caught:
        delete(place, "Ana")
    assert "2 people are called 'Ana'; give one of" in str(caught.value)
    assert all(one in str(caught.value) for one in ids)
    with pytest.raises(NotFound, match=r"nobody is called 'Anna'.*did you mean 'Ana'\?"):
        delete(place, "Anna")
    assert len(listed(place)) == 4
    assert delete(place, ids[0]).startswith("Ana (learner) is forgotten")
    with Store.open(place) as store:
        assert {one.person.id for one in store.people.every()} == {ids[1], thief.id}


def test_on_the_command_line_no_byte_is_left_beside_an_open_server(tmp_path: Path) -> None:
    place = tmp_path / "store.db"
    with Store.open(place) as store:  # as the server has it open
        talked(store, "Zanzibar", "I live in Zanzibar.")
        store.people.add("Ole", "owner")
        command = [sys.executable, "-m", "quimbot", "people"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

        def run(*more: str) -> subprocess.CompletedProcess[str]:
            whole = [*command, *more, "--store", str(place)]
            return subprocess.run(
                whole, env=environment, capture_output=True, text=True, check=False
            )

        done = run("delete", "Zanzibar")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == "Zanzibar (learner) is forgotten, with 1 conversation, 1 turn\n"
        assert "no owner now" in run("delete", "Ole").stderr
        kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert b"Zanzibar" not in kept
