"""Progress over all conversations, for the learner to look at; no grades, and nothing compared."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from quimbot.pedagogy.events import Began, Disputed, Event, Noticed
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.learner import Learner, Profile, Progress
from quimbot.pedagogy.spacing import due_at
from quimbot.serve.summary import disputes, name_of

Stage = Literal["new", "growing", "steady", "yours"]

_GROWING = 0.4
_STEADY = 0.75
"""How well a kind must be known to be called so."""


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence of the learner, and how it can be said."""

    said: str
    correction: str


class KindProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How one kind went so far."""

    kind: Kind
    stage: Stage
    line: tuple[tuple[int, float], ...]
    """After how many conversations it was known with what probability, where that changed."""
    noticed: int
    """Turns in which an error was noticed."""
    taken_up: int
    """Turns in which it went right after help."""
    alone: int
    """Turns in which it went right without any."""
    returns: float | None
    """When it comes back, in seconds since 1970."""
    examples: tuple[Example, ...]
    """The last ones, the newest last."""


class ProgressMade(msgspec.Struct, frozen=True, kw_only=True):
    """How everything went so far."""

    conversations: int
    kinds: tuple[KindProgress, ...]
    """Those that came up most often first."""


def progress(profile: Profile, happened: Iterable[Event]) -> ProgressMade:
    """The progress that all of a learner's events show; what was disputed counts no more."""
    events = sorted(happened, key=lambda event: event.at)
    disputed = disputes(events)
    learner = Learner(profile=profile)
    lines: dict[Kind, list[tuple[int, float]]] = {}
    for event in events:
        if isinstance(event, Disputed) or (
            isinstance(event, Noticed) and name_of(event) in disputed
        ):
            continue
        if isinstance(event, Began):
            _draw(lines, learner)
        learner = learner.after(event)
    _draw(lines, learner)
    kinds = [_kind(kind, each, lines[kind]) for kind, each in learner.kinds.items()]
    often = sorted(kinds, key=lambda one: (-one.noticed - one.taken_up - one.alone, one.kind))
    return ProgressMade(conversations=learner.sessions, kinds=tuple(often))


def _draw(lines: dict[Kind, list[tuple[int, float]]], learner: Learner) -> None:
    """Add a point to every line that the conversation moved."""
    now = max(learner.sessions, 1)
    for kind, each in learner.kinds.items():
        line = lines.setdefault(kind, [])
        if not line or line[-1][1] != each.p:
            line.append((now, each.p))


def _kind(kind: Kind, each: Progress, line: list[tuple[int, float]]) -> KindProgress:
    return KindProgress(
        kind=kind,
        stage=_stage(each),
        line=tuple(line),
        noticed=each.errors,
        taken_up=each.repaired,
        alone=each.right,
        returns=None if each.card is None or each.mastered else due_at(each.card),
        examples=tuple(Example(said=one.said, correction=one.correction) for one in each.examples),
    )


def _stage(each: Progress) -> Stage:
    if each.mastered:
        return "yours"
    return "steady" if each.p >= _STEADY else "growing" if each.p >= _GROWING else "new"
