"""What is known of a learner: a fold over events, to be rebuilt, explained and deleted.

A turn's events are TookUp, Noticed and Used, then Moved, which closes it. Each kind is observed
once a turn, and the worst counts: an error, else a repair after help, else a right use. So the
order of events inside a turn does not matter.
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum
from functools import cached_property

import msgspec
from fsrs import Card, Rating
from msgspec.structs import replace

from quimbot.pedagogy.events import Began, Disputed, Event, Moved, Noticed, TookUp, Used
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.levels import Level
from quimbot.pedagogy.mastery import Parameters, after_error, after_right, parameters, taught
from quimbot.pedagogy.response import Response
from quimbot.pedagogy.spacing import due_at, reviewed

MASTERED = 0.95
"""Probability of knowing from which a kind counts as mastered..."""
SESSIONS = 3
"""...once it went right in so many sessions since the last error."""
_ENTRY = (0.6, 0.3)
"""Below each of these, the first help for a kind is one level more open."""
_EXAMPLES = 3
_IN_TURN = (Began, TookUp, Noticed, Used, Moved, Disputed)


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a learner told about themselves."""

    l1: str = ""
    """First language: es, zh, ar, ko, or empty."""
    level: str = ""
    """A2, B1, B2, C1, or empty."""
    cap: Level = Level.FOCUSED
    """The most open help that they want in a conversation."""


class Outcome(IntEnum):
    """How a kind went in one turn, the worst last."""

    RIGHT = 0
    REPAIRED = 1
    FAILED = 2


_UPTAKE = {"repair": Outcome.REPAIRED, "needs-repair": Outcome.FAILED}


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """One learner and one kind."""

    known: Parameters
    """The prior, and how sure right uses and errors are."""
    p: float
    """The probability of knowing it."""
    level: Level = Level.PASS
    """The help that the last occasion called for; none before the first error."""
    card: Card | None = None
    """When it returns; none before the first error."""
    errors: int = 0
    """Turns with an error."""
    right: int = 0
    """Turns in which it went right, unaided."""
    repaired: int = 0
    """Turns in which it was repaired after help."""
    session: int = -1
    """The session in which it was last seen."""
    sessions_right: int = 0
    """Sessions in which it went right, unaided, since the last error."""
    right_in: int = -1
    """The last of them."""
    helped: bool = False
    """Whether the last occasion was followed by help."""
    examples: tuple[Noticed, ...] = ()
    """The last three errors, the newest last."""

    @property
    def mastered(self) -> bool:
        """Known for nearly sure, and shown in several sessions."""
        return self.p >= MASTERED and self.sessions_right >= SESSIONS

    @property
    def help_next(self) -> Level:
        """The help for the next error: a step more where there was help and it did not suffice."""
        if not self.level:
            return entry(self.p)
        return Level(min(self.level + self.helped, Level.CLUE))

    def due(self, at: float) -> bool:
        """Whether it should have come back by now."""
        return self.card is not None and not self.mastered and due_at(self.card) <= at


class Learner(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A learner as the events so far show them."""

    profile: Profile = Profile()
    sessions: int = 0
    """Conversations begun."""
    aimed: Kind | None = None
    """What the last turn aimed at."""
    last_level: Level = Level.PASS
    """The level of the last turn."""
    response: Response = Response()
    """What help of each level led to at once."""
    closed: Mapping[Kind, Progress] = {}
    """Progress before the turn that is open."""
    turn: Mapping[Kind, tuple[Outcome, float]] = {}
    """What the open turn showed so far, and when."""
    noticed: tuple[Noticed, ...] = ()
    """The errors of the open turn."""
    history: tuple[Event, ...] = ()
    """Every event, oldest first."""

    @cached_property
    def kinds(self) -> Mapping[Kind, Progress]:
        """Progress by kind, the open turn included."""
        return {**self.closed, **{kind: self._seen(kind, *how) for kind, how in self.turn.items()}}

    def progress(self, kind: Kind) -> Progress:
        """Progress in a kind, its prior where nothing was seen yet."""
        return self.kinds.get(kind) or self._fresh(kind)

    def before(self, kind: Kind) -> Progress:
        """The same before the open turn."""
        return self.closed.get(kind) or self._fresh(kind)

    def due(self, at: float) -> tuple[Kind, ...]:
        """Kinds that should come back by now, the longest overdue first."""
        found = [
            (due_at(each.card), kind)
            for kind, each in self.kinds.items()
            if each.card and each.due(at)
        ]
        return tuple(kind for _, kind in sorted(found))

    def after(self, event: Event) -> "Learner":
        """The learner after one more event."""
        if isinstance(event, Disputed):
            return learner_of(self.profile, (*self.history, event))
        return replace(self._step(event), history=(*self.history, event))

    def _step(self, event: Event) -> "Learner":
        found = self
        match event:
            case Began():
                found = replace(self._settled(), sessions=self.sessions + 1, aimed=None)
            case Noticed(kind=kind, at=at):
                found = self._with(kind, Outcome.FAILED, at)
                found = replace(found, noticed=(*self.noticed, event))
            case Used(kind=kind, at=at):
                found = self._with(kind, Outcome.RIGHT, at)
            case TookUp(kind=kind, outcome=outcome, at=at):
                if kind == self.aimed and outcome in _UPTAKE:
                    found = self._with(kind, _UPTAKE[outcome], at)
                    repaired = outcome == "repair"
                    response = self.response.seen(self.last_level, repaired=repaired)
                    found = replace(found, response=response)
            case Moved():
                found = self._settled()
                found = found._moved(event, self.turn)  # noqa: SLF001 - the same class
        return found

    def _with(self, kind: Kind, outcome: Outcome, at: float) -> "Learner":
        worst = max((outcome, at), self.turn.get(kind, (Outcome.RIGHT, at)))
        return replace(self, turn={**self.turn, kind: worst})

    def _settled(self) -> "Learner":
        return replace(self, closed=self.kinds, turn={}, noticed=())

    def _moved(self, move: Moved, turn: Mapping[Kind, tuple[Outcome, float]]) -> "Learner":
        """A move counts for its kind only where that kind went wrong: it may have been disputed."""
        kind = move.kind
        if kind is None or turn.get(kind, (None, 0))[0] is not Outcome.FAILED:
            return replace(self, aimed=None, last_level=move.level)
        aimed = self.closed[kind]
        if move.level is not Level.PASS:
            aimed = replace(aimed, helped=True)
        closed = {**self.closed, kind: aimed}
        return replace(self, aimed=kind, last_level=move.level, closed=closed)

    def _fresh(self, kind: Kind) -> Progress:
        known = parameters(kind, self.profile.l1, self.profile.level)
        return Progress(known=known, p=known.start)

    def _seen(self, kind: Kind, outcome: Outcome, at: float) -> Progress:
        old = self.before(kind)
        new = replace(old, session=self.sessions, helped=False)
        if outcome is Outcome.FAILED:
            examples = tuple(each for each in self.noticed if each.kind == kind)
            return replace(
                new,
                p=after_error(old.p, old.known),
                level=old.help_next,
                card=reviewed(old.card, Rating.Again, at),
                errors=old.errors + 1,
                sessions_right=0,
                right_in=-1,
                examples=(*old.examples, *examples)[-_EXAMPLES:],
            )
        if outcome is Outcome.REPAIRED:
            card = old.card and reviewed(old.card, Rating.Hard, at)
            return replace(new, p=taught(old.p, old.known), card=card, repaired=old.repaired + 1)
        return replace(
            new,
            p=after_right(old.p, old.known),
            level=Level(max(old.level - 1, Level.RECAST)) if old.level else Level.PASS,
            card=old.card and reviewed(old.card, self._ease(old), at),
            right=old.right + 1,
            sessions_right=old.sessions_right + (old.right_in != self.sessions),
            right_in=self.sessions,
        )

    def _ease(self, old: Progress) -> Rating:
        if old.session != self.sessions:
            return Rating.Easy
        return Rating.Hard if old.helped else Rating.Good


def entry(p: float) -> Level:
    """The help that a first error of a kind gets: the less is known, the more open."""
    return Level(Level.RECAST + sum(p < bound for bound in _ENTRY))


def learner_of(profile: Profile, events: Iterable[Event]) -> Learner:
    """The learner that the events show, in any order; what was disputed counts no more.

    Events of the same moment are taken as of one turn: a failed try to repair falls with the error.
    """
    history = sorted(events, key=lambda each: (each.at, _IN_TURN.index(type(each))))
    disputes = [each for each in history if isinstance(each, Disputed)]
    errors = {(each.noticed_at, each.kind, each.wrong) for each in disputes}
    repeats = {(each.noticed_at, each.kind, "needs-repair") for each in disputes}
    learner = Learner(profile=profile)
    for each in history:
        match each:
            case Noticed(at=at, kind=kind, wrong=wrong) if (at, kind, wrong) in errors:
                pass
            case TookUp(at=at, kind=kind, outcome=outcome) if (at, kind, outcome) in repeats:
                pass
            case _:
                learner = learner._step(each)  # noqa: SLF001 - the same class
    return replace(learner, history=tuple(history))
