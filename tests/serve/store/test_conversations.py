"""Conversations, their turns and events: in order, never lost, whatever happens to the server."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from quimbot.exceptions import NotFound
from quimbot.pedagogy.events import Began, Disputed, Event, Moved, Noticed, TookUp, Used
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.levels import Level
from quimbot.serve.store.store import Store

HAPPENED: list[Event] = [
    Began(at=1.0),
    Noticed(at=2.0, kind=Kind.TENSE, wrong="go", right="went", said="I go.", correction="I went."),
    Used(at=2.5, kind=Kind.ARTICLE, words="a house"),
    Moved(at=3.0, kind=Kind.TENSE, level=Level.FOCUSED, reason="It fell for the first time."),
    Moved(at=3.5, kind=None, level=Level.PASS, reason="Nothing was noticed.", fell_back=True),
    TookUp(at=4.0, kind=Kind.TENSE, outcome="repair"),
    Disputed(at=5.0, noticed_at=2.0, kind=Kind.TENSE, wrong="go"),
]


def test_turns_come_back_in_order_and_change_while_they_are_said(store: Store) -> None:
    person = store.people.add("Ana")
    talk = store.conversations.begin(person.id, "tutor", "food")
    store.conversations.add_turn(person.id, talk.id, "user", "I goed home.")
    reply = store.conversations.add_turn(person.id, talk.id, "assistant", "Oh,", "partial")
    store.conversations.change_turn(person.id, reply.id, "Oh, you went home?", "whole")
    turns = store.conversations.turns(person.id, talk.id)
    assert [(turn.role, turn.text, turn.state) for turn in turns] == [
        ("user", "I goed home.", "whole"),
        ("assistant", "Oh, you went home?", "whole"),
    ]
    assert talk.topic == "food"


def test_the_conversation_of_the_last_turn_comes_first(place: str) -> None:
    with Store.open(place, clock=iter(range(100)).__next__) as store:
        person = store.people.add("Ana")
        first, second = (store.conversations.begin(person.id, "tutor") for _ in range(2))
        assert [one.id for one in store.conversations.of(person.id)] == [second.id, first.id]
        store.conversations.add_turn(person.id, first.id, "user", "Hello")
        assert [one.id for one in store.conversations.of(person.id)] == [first.id, second.id]


def test_what_another_program_began_is_begun_once_and_for_each_person_apart(store: Store) -> None:
    ana, bo = store.people.add("Ana"), store.people.add("Bo")
    with ThreadPoolExecutor(8) as pool:
        begun = list(
            pool.map(
                lambda _: store.conversations.begin(ana.id, "tutor", outside_id="chat 1").id,
                range(24),
            )
        )
    assert len(set(begun)) == 1
    assert store.conversations.begin(bo.id, "tutor", outside_id="chat 1").id not in begun
    assert store.conversations.begin(ana.id, "tutor").id not in begun


def test_a_new_name_and_a_deletion(store: Store) -> None:
    person = store.people.add("Ana")
    talk = store.conversations.begin(person.id, "tutor")
    turn = store.conversations.add_turn(person.id, talk.id, "user", "Hello")
    store.events.add(person.id, talk.id, turn.id, HAPPENED)
    store.conversations.rename(person.id, talk.id, "Markets")
    assert store.conversations.get(person.id, talk.id).title == "Markets"
    store.conversations.delete(person.id, talk.id)
    assert store.conversations.of(person.id) == []
    assert store.events.of(person.id) == []
    with pytest.raises(NotFound):
        store.conversations.change_turn(person.id, turn.id, "too late", "whole")


def test_turns_taken_back_go_with_what_was_noticed_in_them(store: Store) -> None:
    person = store.people.add("Ana")
    talk = store.conversations.begin(person.id, "tutor")
    first, second, _third = (
        store.conversations.add_turn(person.id, talk.id, "user", text) for text in "abc"
    )
    store.events.add(person.id, talk.id, first.id, HAPPENED[:1])
    store.events.add(person.id, talk.id, second.id, HAPPENED[1:])
    store.conversations.take_back(person.id, talk.id, second.id)
    assert store.conversations.turns(person.id, talk.id) == [first]
    assert store.events.of(person.id) == HAPPENED[:1]


def test_events_of_every_kind_come_back_in_order_with_their_turns(store: Store) -> None:
    person = store.people.add("Ana")
    first, second = (store.conversations.begin(person.id, "tutor") for _ in range(2))
    turn = store.conversations.add_turn(person.id, second.id, "user", "I go.")
    store.events.add(person.id, first.id, None, HAPPENED[:1])
    store.events.add(person.id, second.id, turn.id, HAPPENED[1:])
    assert store.events.of(person.id) == HAPPENED
    filed = store.events.with_turns(person.id, second.id)
    assert [one.event for one in filed] == HAPPENED[1:]
    assert {(one.conversation_id, one.turn_id) for one in filed} == {(second.id, turn.id)}


def test_sixteen_threads_lose_nothing(store: Store) -> None:
    def talk(number: int) -> None:
        person = people[number % 4]
        begun = store.conversations.begin(person.id, f"tutor {number}")
        for count in range(12):
            text = f"{number}: {count}"
            turn = store.conversations.add_turn(person.id, begun.id, "assistant", text, "partial")
            store.conversations.change_turn(person.id, turn.id, f"{text}.", "whole")
            used = Used(at=count, kind=Kind.TENSE, words=text)
            store.events.add(person.id, begun.id, turn.id, [used, Began(at=count)])

    people = [store.people.add(name) for name in "abcd"]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(talk, range(16)))
    for person in people:
        for begun in store.conversations.of(person.id):
            number = begun.tutor.removeprefix("tutor ")
            said = [turn.text for turn in store.conversations.turns(person.id, begun.id)]
            assert said == [f"{number}: {count}." for count in range(12)]
            filed = store.events.with_turns(person.id, begun.id)
            words = [one.event.words for one in filed if isinstance(one.event, Used)]
            assert words == [f"{number}: {count}" for count in range(12)]
        assert len(store.conversations.of(person.id)) == 4
        assert len(store.events.of(person.id)) == 4 * 12 * 2


_TALKS_ON = """
import sys
from quimbot.serve.store.store import Store

with Store.open(sys.argv[1]) as store:
    person = store.people.local()
    talk = store.conversations.begin(person.id, "tutor")
    store.conversations.add_turn(person.id, talk.id, "user", "I go there yesterday.")
    reply = store.conversations.add_turn(person.id, talk.id, "assistant", "", "partial")
    said = ""
    for count in range(1_000_000):
        said += f"word{count} "
        store.conversations.change_turn(person.id, reply.id, said, "partial")
        print(said, flush=True)
"""


def test_what_was_said_before_a_kill_is_kept(place: str) -> None:
    heard = ""
    with subprocess.Popen(
        [sys.executable, "-c", _TALKS_ON, place], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        while "word30 " not in heard:
            heard = server.stdout.readline()
        server.send_signal(signal.SIGKILL)
        for line in server.stdout:  # what it still had said
            heard = line if line.endswith("\n") else heard
    with Store.open(place) as store:
        person = store.people.local()
        (talk,) = store.conversations.of(person.id)
        learner, reply = store.conversations.turns(person.id, talk.id)
        assert learner.text == "I go there yesterday."
        assert reply.text.startswith(heard.rstrip("\n"))
        assert reply.state == "partial"
        store.conversations.add_turn(person.id, talk.id, "user", "Go on.")
        assert len(store.conversations.turns(person.id, talk.id)) == 3


def test_what_is_taken_back_of_a_turn_is_nowhere_else(store: Store) -> None:
    people = [store.people.add(name) for name in ("Ana", "Ben")]
    talks = [store.conversations.begin(person.id, "tutor").id for person in people]
    before, after = Began(at=1.0), Began(at=2.0)
    for person, talk in zip(people, talks, strict=True):
        turn = store.conversations.add_turn(person.id, talk, "user", "I go.")
        for place in (None, turn.id):
            store.events.add(person.id, talk, place, [before])
    store.events.add(people[0].id, talks[0], None, [after], instead_of=[before])
    found = [store.events.with_turns(person.id) for person in people]
    assert [(one.turn_id is None, one.event) for one in found[0]] == [
        (False, before),
        (True, after),
    ]
    assert [one.event for one in found[1]] == [before, before]
