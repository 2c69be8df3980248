"""Nobody sees or changes what is somebody else's, by whatever method."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from quimbot.exceptions import NotAllowed, NotFound
from quimbot.pedagogy.events import Began
from quimbot.serve.store.person import Person
from quimbot.serve.store.store import Store


@dataclass(frozen=True)
class World:
    """Ana with all that she has, Ines who teaches her, and a stranger who knows every id."""

    ana: Person
    ines: Person
    stranger: Person
    talk: str
    turn: int
    course: str
    key: str


@pytest.fixture
def world(store: Store) -> World:
    ana, ines = store.people.add("Ana"), store.people.add("Ines", "instructor")
    stranger = store.people.add("Mal", "instructor")
    store.people.change(ana.id, consent=True)
    talk = store.conversations.begin(ana.id, "tutor", outside_id="chat")
    turn = store.conversations.add_turn(ana.id, talk.id, "user", "My secret.")
    store.events.add(ana.id, talk.id, turn.id, [Began(at=1.0)])
    course = store.classes.add("English", ines.id)
    store.classes.join(course.id, ana.id)
    store.keys.make(ana.id, "laptop")
    store.transcripts.read(ines.id, ana.id, talk.id)
    (key,) = store.keys.of(ana.id)
    return World(
        ana=ana,
        ines=ines,
        stranger=stranger,
        talk=talk.id,
        turn=turn.id,
        course=course.id,
        key=key.id,
    )


Call = Callable[[Store, World], object]

REFUSED: dict[str, Call] = {
    "conversations.get": lambda s, w: s.conversations.get(w.stranger.id, w.talk),
    "conversations.rename": lambda s, w: s.conversations.rename(w.stranger.id, w.talk, "x"),
    "conversations.delete": lambda s, w: s.conversations.delete(w.stranger.id, w.talk),
    "conversations.turns": lambda s, w: s.conversations.turns(w.stranger.id, w.talk),
    "conversations.add_turn": lambda s, w: s.conversations.add_turn(
        w.stranger.id, w.talk, "user", "x"
    ),
    "conversations.change_turn": lambda s, w: s.conversations.change_turn(
        w.stranger.id, w.turn, "x", "whole"
    ),
    "conversations.take_back": lambda s, w: s.conversations.take_back(
        w.stranger.id, w.talk, w.turn
    ),
    "events.add": lambda s, w: s.events.add(w.stranger.id, w.talk, w.turn, [Began(at=2.0)]),
    "events.with_turns": lambda s, w: s.events.with_turns(w.stranger.id, w.talk),
    "classes.get": lambda s, w: s.classes.get(w.stranger.id, w.course),
    "classes.rename": lambda s, w: s.classes.rename(w.stranger.id, w.course, "x"),
    "classes.delete": lambda s, w: s.classes.delete(w.stranger.id, w.course),
    "classes.members": lambda s, w: s.classes.members(w.stranger.id, w.course),
    "classes.remove": lambda s, w: s.classes.remove(w.stranger.id, w.course, w.ana.id),
    "invitations.make": lambda s, w: s.invitations.make(
        w.course, "learner", 9e9, maker_id=w.stranger.id
    ),
    "invitations.open": lambda s, w: s.invitations.open(w.stranger.id, w.course),
    "invitations.revoke": lambda s, w: s.invitations.revoke(w.stranger.id, w.course, "x"),
    "activity.of": lambda s, w: s.activity.of(w.stranger.id, w.course, 0.0),
    "keys.revoke": lambda s, w: s.keys.revoke(w.stranger.id, w.key),
    "transcripts.of": lambda s, w: s.transcripts.of(w.stranger.id, w.ana.id),
    "transcripts.read": lambda s, w: s.transcripts.read(w.stranger.id, w.ana.id, w.talk),
}
"""What a stranger tries with ids that are not theirs."""

EMPTY: dict[str, Call] = {
    "conversations.of": lambda s, w: s.conversations.of(w.stranger.id),
    "conversations.said": lambda s, w: s.conversations.said(w.stranger.id),
    "events.of": lambda s, w: s.events.of(w.stranger.id),
    "classes.of": lambda s, w: s.classes.of(w.stranger.id),
    "classes.joined": lambda s, w: s.classes.joined(w.stranger.id),
    "keys.of": lambda s, w: s.keys.of(w.stranger.id),
    "transcripts.readings": lambda s, w: s.transcripts.readings(w.stranger.id),
}
"""What lists the stranger's own things only."""

NO_ID = {
    "people.add",
    "people.outside",
    "people.local",
    "people.owned",
    "people.person",
    "people.change",
    "people.export",
    "people.delete",
    "conversations.begin",
    "classes.add",
    "classes.join",
    "classes.leave",
    "sessions.begin",
    "keys.make",
    "invitations.make_own",
}
"""What takes no id but that of the person who asks, or whom an invitation lets in."""

BY_SECRET = {"sessions.person_of", "sessions.end", "keys.person_of", "invitations.accept"}

OPERATOR = {"people.named", "people.every", "classes.named", "keys.all"}
"""What only whoever runs the server may ask; no route does."""

OWNER = {"classes.every"}
"""What a route asks for an owner only."""


def methods(store: Store) -> set[str]:
    return {
        f"{part}.{name}"
        for part, thing in vars(store).items()
        for name, _method in inspect.getmembers(thing, inspect.ismethod)
        if not name.startswith("_")
    }


def kept(store: Store, world: World) -> dict[str, Any]:
    return {"ana": store.people.export(world.ana.id), "ines": store.people.export(world.ines.id)}


def test_every_method_is_in_the_matrix(store: Store) -> None:
    assert methods(store) == {*REFUSED, *EMPTY, *NO_ID, *BY_SECRET, *OPERATOR, *OWNER}


def test_a_strangers_call_is_refused_and_changes_nothing(store: Store, world: World) -> None:
    before = kept(store, world)
    for name, call in REFUSED.items():
        with pytest.raises((NotFound, NotAllowed)) as caught:
            call(store, world)
        assert "secret" not in str(caught.value), name
        assert kept(store, world) == before, name


def test_a_strangers_lists_are_empty(store: Store, world: World) -> None:
    assert {name: call(store, world) for name, call in EMPTY.items()} == {
        name: [] for name in EMPTY
    }


def test_an_outside_id_of_another_finds_nothing_of_theirs(store: Store, world: World) -> None:
    begun = store.conversations.begin(world.stranger.id, "tutor", outside_id="chat")
    assert begun.id != world.talk
    assert store.conversations.turns(world.stranger.id, begun.id) == []


def test_an_event_is_not_filed_under_a_turn_of_another_conversation(
    store: Store, world: World
) -> None:
    own = store.conversations.begin(world.stranger.id, "tutor")
    with pytest.raises(NotFound):
        store.events.add(world.stranger.id, own.id, world.turn, [Began(at=2.0)])


def test_no_export_holds_what_is_somebody_elses(store: Store, world: World) -> None:
    for other in (world.stranger, world.ines):
        assert "My secret." not in str(store.people.export(other.id))
