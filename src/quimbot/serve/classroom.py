"""What an instructor may know of a class and of each learner in it, put together from the store."""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import msgspec

from quimbot.exceptions import NotFound
from quimbot.pedagogy.events import Event, Moved, TookUp
from quimbot.pedagogy.learner import learner_of
from quimbot.pedagogy.spacing import due_at
from quimbot.serve.overview import Overview, Seen, overview, undisputed
from quimbot.serve.store.activity import Active
from quimbot.serve.store.classes import Class
from quimbot.serve.store.events import Filed
from quimbot.serve.store.person import Person
from quimbot.serve.store.store import Store

PAUSE_S = 180
"""The longest pause between two turns that counts as time with the tutor."""
_DAY_S = 86_400


@dataclass(frozen=True, kw_only=True)
class Learning:
    """One learner in a period."""

    person: Person
    turns: int
    """Their own."""
    seconds: float
    last: float | None
    """When they were last there in the period."""
    events: Sequence[Event]


class Classroom:
    """Classes as those who teach them see them; an owner sees each as its instructor does."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def classes(self, person: Person) -> list[Class]:
        """What somebody may see."""
        store = self._store.classes
        return store.every() if person.role == "owner" else store.of(person.id)

    def open(self, person: Person, class_id: str) -> Class:
        """One of them.

        Raises:
            NotFound: there is none of that id that they may see.
        """
        seen = {one.id: one for one in self.classes(person)}
        return seen.get(class_id) or self._store.classes.get(person.id, class_id)

    def members(self, class_: Class) -> list[Person]:
        """Its learners by name."""
        return self._store.classes.members(class_.instructor_id, class_.id)

    def learners(self, class_: Class, days: int) -> list[Learning]:
        """What each did in the last days."""
        people = self.members(class_)
        since = time.time() - days * _DAY_S
        turns: dict[str, list[Active]] = defaultdict(list)
        for turn in self._store.activity.of(class_.instructor_id, class_.id, since):
            turns[turn.person_id].append(turn)
        return [self._learning(person, turns[person.id], since) for person in people]

    def overview(self, learners: Sequence[Learning]) -> Overview:
        """The class as a whole."""
        return overview(
            [
                Seen(
                    l1=each.person.profile.l1,
                    turns=each.turns,
                    seconds=each.seconds,
                    events=each.events,
                )
                for each in learners
            ]
        )

    def member(self, class_: Class, person_id: str) -> Person:
        """One learner of a class.

        Raises:
            NotFound: nobody of that id is in it.
        """
        for person in self.members(class_):
            if person.id == person_id:
                return person
        raise NotFound("there is no such learner in this class")

    def progress(self, person: Person) -> list[dict[str, object]]:
        """How well a learner knows each kind that was seen, the least known first; no words."""
        learner = learner_of(person.profile, self._store.events.of(person.id))
        return [
            {
                "kind": kind,
                "p": each.p,
                "mastered": each.mastered,
                "help": each.help_next,
                "errors": each.errors,
                "repaired": each.repaired,
                "right": each.right,
                "due": each.card and due_at(each.card),
            }
            for kind, each in sorted(learner.kinds.items(), key=lambda item: item[1].p)
        ]

    def moves(self, person: Person, conversation_id: str = "") -> list[dict[str, object]]:
        """What the tutor chose, why, and what became of it, in order; no words of the learner."""
        return moves(self._store.events.with_turns(person.id, conversation_id))

    def _learning(self, person: Person, turns: Sequence[Active], since: float) -> Learning:
        events = undisputed(self._store.events.of(person.id)) if turns else []
        return Learning(
            person=person,
            turns=sum(turn.role == "user" for turn in turns),
            seconds=active_seconds(turns),
            last=max((turn.at for turn in turns), default=None),
            events=[event for event in events if event.at >= since],
        )


def active_seconds(turns: Iterable[Active]) -> float:
    """The time between the turns of each conversation, long pauses cut short."""
    return sum(
        min(max(later.at - earlier.at, 0.0), PAUSE_S)
        for earlier, later in pairwise(turns)
        if earlier.conversation_id == later.conversation_id
    )


def moves(filed: Iterable[Filed]) -> list[dict[str, object]]:
    """The choices in order, each with the outcome of the next turn where it aimed at something."""
    found: list[dict[str, object]] = []
    for one in filed:
        match one.event:
            case Moved():
                told = msgspec.to_builtins(one.event)
                found.append({**told, "turn": one.turn_id, "outcome": ""})
            case TookUp(kind=kind, outcome=outcome) if found and found[-1]["kind"] == kind:
                found[-1]["outcome"] = outcome
    return found
