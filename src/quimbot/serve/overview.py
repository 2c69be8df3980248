"""What a class did in a period, told so that nobody in it can be picked out.

A number that only one or two learners stand behind is not told, nor is any of a first language
that fewer than three of the active learners speak. Where the sum that stands beside it would give
one such number away, the smallest of the others is not told either.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quimbot.pedagogy.events import Disputed, Event, Noticed, TookUp
from quimbot.pedagogy.kinds import Kind

FEWEST = 3
"""Learners behind every number that is told."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one learner did in the period."""

    l1: str
    turns: int
    """Their own."""
    seconds: float
    events: Sequence[Event]


@dataclass(frozen=True, kw_only=True)
class Uptake:
    """What became of help in the learner's next turn."""

    repaired: int
    of: int


@dataclass(frozen=True, kw_only=True)
class Row:
    """One kind of error; None stands for a number that is not told."""

    kind: Kind
    errors: int | None
    by_l1: Mapping[str, int | None]
    uptake: Uptake | None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to tell and nothing kept."""
        return self.errors == 0 and self.uptake is not None and self.uptake.of == 0


@dataclass(frozen=True, kw_only=True)
class Overview:
    """A class in a period; None stands for a number that is not told."""

    learners: int
    active: int
    turns: int | None
    seconds: float | None
    uptake: Uptake | None
    l1s: tuple[str, ...]
    """First languages of those who were active, the most spoken first; empty: not told by them."""
    rows: tuple[Row, ...]
    """The most frequent kind first; kinds that nobody got wrong are left out."""


def overview(learners: Sequence[Seen]) -> Overview:
    """The class as it may be told."""
    active = [seen for seen in learners if seen.turns]
    enough = len(active) >= FEWEST
    l1s = tuple(l1 for l1, _ in Counter(seen.l1 for seen in active).most_common())
    total = _Answered(active, None)
    uptakes = [_Answered(active, kind) for kind in Kind]
    told = _told([each.cell for each in uptakes])
    rows = [
        _row(kind, active, l1s, None if value is None else each.uptake)
        for kind, each, value in zip(Kind, uptakes, told, strict=True)
    ]
    return Overview(
        learners=len(learners),
        active=len(active),
        turns=sum(seen.turns for seen in active) if enough else None,
        seconds=sum(seen.seconds for seen in active) if enough else None,
        uptake=None if total.cell.few else total.uptake,
        l1s=l1s,
        rows=tuple(sorted((row for row in rows if not row.empty), key=_frequency)),
    )


def undisputed(events: Sequence[Event]) -> list[Event]:
    """The events without the errors that the learner said are none."""
    taken_back = {
        (event.noticed_at, event.kind, event.wrong)
        for event in events
        if isinstance(event, Disputed)
    }
    return [
        event
        for event in events
        if not isinstance(event, Noticed) or (event.at, event.kind, event.wrong) not in taken_back
    ]


@dataclass(frozen=True, kw_only=True)
class _Cell:
    """A number, how many learners stand behind it, and how many could."""

    value: int
    learners: int
    among: int

    @property
    def few(self) -> bool:
        return 0 < self.learners < FEWEST or self.among < FEWEST


class _Answered:
    """The uptake of a kind, or of all."""

    def __init__(self, active: Sequence[Seen], kind: Kind | None) -> None:
        each = [_took_up(seen.events, kind) for seen in active]
        answered = [outcome for outcomes in each for outcome in outcomes]
        self.uptake = Uptake(repaired=answered.count("repair"), of=len(answered))
        self.cell = _Cell(value=len(answered), learners=sum(map(bool, each)), among=len(active))


def _took_up(events: Sequence[Event], kind: Kind | None) -> list[str]:
    return [
        event.outcome
        for event in events
        if isinstance(event, TookUp) and kind in {None, event.kind}
    ]


def _row(kind: Kind, active: Sequence[Seen], l1s: Sequence[str], uptake: Uptake | None) -> Row:
    cells = [_errors(kind, [seen for seen in active if seen.l1 == l1]) for l1 in l1s]
    whole = _errors(kind, active)
    return Row(
        kind=kind,
        errors=None if whole.few else whole.value,
        by_l1=dict(zip(l1s, _told(cells), strict=True)),
        uptake=uptake,
    )


def _errors(kind: Kind, group: Sequence[Seen]) -> _Cell:
    made = [
        sum(isinstance(event, Noticed) and event.kind is kind for event in seen.events)
        for seen in group
    ]
    return _Cell(value=sum(made), learners=sum(map(bool, made)), among=len(group))


def _told(cells: Sequence[_Cell]) -> list[int | None]:
    """The numbers that may stand beside their sum."""
    kept = {place for place, cell in enumerate(cells) if cell.few}
    others = [place for place in range(len(cells)) if place not in kept]
    if len(kept) == 1 and others:  # one that says something, if there is one
        kept.add(min(others, key=lambda place: (not cells[place].value, cells[place].value)))
    return [None if place in kept else cell.value for place, cell in enumerate(cells)]


def _frequency(row: Row) -> float:
    """The most frequent first, what is not told last."""
    return -0.5 if row.errors is None else -row.errors
