"""Whatever is done in whatever order, the store holds what a plain dictionary holds."""

import string
from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from quimbot.pedagogy.events import Event, Noticed, Used
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.learner import Profile
from quimbot.pedagogy.levels import Level
from quimbot.serve.store.conversations import State
from quimbot.serve.store.person import Person
from quimbot.serve.store.schema import clean
from quimbot.serve.store.store import Store

texts = st.text(st.characters(), max_size=40)  # surrogates and NUL too
states: st.SearchStrategy[State] = st.sampled_from(["whole", "partial", "stopped", "failed"])
plain = st.text(string.printable, max_size=10)
happened: st.SearchStrategy[list[Event]] = st.lists(
    st.one_of(
        st.builds(Used, at=st.floats(0, 9e9), kind=st.sampled_from(Kind), words=plain),
        st.builds(
            Noticed,
            at=st.floats(0, 9e9),
            kind=st.sampled_from(Kind),
            wrong=plain,
            right=plain,
            said=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
            correction=plain,
        ),
    ),
    max_size=3,
)
profiles = st.builds(
    Profile, l1=plain, level=st.sampled_from(["", "A2", "C1"]), cap=st.sampled_from(Level)
)


@dataclass
class Talk:
    """A conversation as the model has it."""

    owner: str
    title: str = ""
    turns: dict[int, tuple[str, str]] = field(default_factory=dict)
    events: list[tuple[int | None, Event]] = field(default_factory=list)


class Machine(RuleBasedStateMachine):
    """The store beside a dictionary."""

    people = Bundle("people")
    talks = Bundle("talks")
    turns = Bundle("turns")
    store: Store

    @initialize()
    def empty(self) -> None:
        self.persons: dict[str, Person] = {}
        self.kept: dict[str, Talk] = {}

    @rule(target=people, name=texts)
    def add(self, name: str) -> str:
        person = self.store.people.add(name)
        self.persons[person.id] = Person(id=person.id, name=clean(name))
        return person.id

    @rule(person=people, profile=profiles, consent=st.booleans())
    def change(self, person: str, profile: Profile, consent: bool) -> None:
        self.store.people.change(person, profile=profile, consent=consent)
        before = self.persons[person]
        self.persons[person] = Person(id=person, name=before.name, profile=profile, consent=consent)

    @rule(target=talks, person=people)
    def begin(self, person: str) -> str:
        talk = self.store.conversations.begin(person, "tutor")
        self.kept[talk.id] = Talk(owner=person)
        return talk.id

    @rule(target=turns, talk=talks, text=texts, state=states)
    def say(self, talk: str, text: str, state: State) -> tuple[str, int] | object:
        if talk not in self.kept:  # gone with its person
            return multiple()
        owner = self.kept[talk].owner
        turn = self.store.conversations.add_turn(owner, talk, "user", text, state)
        self.kept[talk].turns[turn.id] = (clean(text), state)
        return talk, turn.id

    @rule(turn=turns, text=texts, state=states)
    def say_more(self, turn: tuple[str, int], text: str, state: State) -> None:
        talk, number = turn
        if talk in self.kept and number in self.kept[talk].turns:
            owner = self.kept[talk].owner
            self.store.conversations.change_turn(owner, number, text, state)
            self.kept[talk].turns[number] = (clean(text), state)

    @rule(turn=turns, events=happened)
    def notice(self, turn: tuple[str, int], events: list[Event]) -> None:
        talk, number = turn
        if talk in self.kept and number in self.kept[talk].turns:
            self.store.events.add(self.kept[talk].owner, talk, number, events)
            self.kept[talk].events += [(number, event) for event in events]

    @rule(turn=turns)
    def take_back(self, turn: tuple[str, int]) -> None:
        talk, number = turn
        if talk in self.kept:
            kept = self.kept[talk]
            self.store.conversations.take_back(kept.owner, talk, number)
            kept.turns = {at: said for at, said in kept.turns.items() if at < number}
            kept.events = [(at, event) for at, event in kept.events if at and at < number]

    @rule(talk=talks, title=texts)
    def rename(self, talk: str, title: str) -> None:
        if talk in self.kept:
            self.store.conversations.rename(self.kept[talk].owner, talk, title)
            self.kept[talk].title = clean(title)

    @rule(talk=consumes(talks))
    def delete_talk(self, talk: str) -> None:
        if talk in self.kept:
            self.store.conversations.delete(self.kept.pop(talk).owner, talk)

    @rule(person=consumes(people))
    def delete_person(self, person: str) -> None:
        self.store.people.delete(person)
        del self.persons[person]
        self.kept = {at: talk for at, talk in self.kept.items() if talk.owner != person}

    @invariant()
    def alike(self) -> None:
        conversations, events = self.store.conversations, self.store.events
        for person, told in self.persons.items():
            assert self.store.people.person(person) == told
            hers = {at: talk for at, talk in self.kept.items() if talk.owner == person}
            listed = {talk.id: talk.title for talk in conversations.of(person)}
            assert listed == {at: talk.title for at, talk in hers.items()}
            for at, talk in hers.items():
                turns = conversations.turns(person, at)
                assert {turn.id: (turn.text, turn.state) for turn in turns} == talk.turns
                assert [turn.id for turn in turns] == sorted(talk.turns)
                filed = [(one.turn_id, one.event) for one in events.with_turns(person, at)]
                assert filed == talk.events


def test_the_store_and_a_dictionary_agree(store: Store) -> None:
    class Here(Machine):
        pass

    Here.store = store
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=15,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        ),
    )
