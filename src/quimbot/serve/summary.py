"""How it can be said: what was noticed in one conversation, for the learner to read after it."""

from collections.abc import Iterable, Sequence

import msgspec

from quimbot.pedagogy.events import Disputed, Event, Noticed, TookUp, Used
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.learner import Learner
from quimbot.pedagogy.spacing import due_at
from quimbot.serve.marks import Piece, marked

_FORMS = 4
"""Examples of a kind that went right; the newest."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be said otherwise."""

    at: float
    """When it was noticed, in seconds since 1970; with kind and wrong it names the error."""
    kind: Kind
    wrong: str
    right: str
    taken_up: bool
    """Whether the learner said it right in answer to the help."""
    disputed: bool


class Sentence(msgspec.Struct, frozen=True, kw_only=True):
    """What was said, how it can be said, and what is different."""

    said: tuple[Piece, ...]
    better: tuple[Piece, ...]
    changes: tuple[Change, ...]


class Forms(msgspec.Struct, frozen=True, kw_only=True):
    """Words of a kind that the learner got right."""

    kind: Kind
    words: tuple[str, ...]


class Return(msgspec.Struct, frozen=True, kw_only=True):
    """When a kind comes back, in seconds since 1970."""

    kind: Kind
    at: float


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What a learner may want to know after a conversation."""

    sentences: tuple[Sentence, ...]
    taken_up: tuple[Forms, ...]
    """Right after help."""
    alone: tuple[Forms, ...]
    """Right without any."""
    returns: tuple[Return, ...]
    """What was noticed here and is not mastered, the soonest first."""


def summary(happened: Sequence[Event], learner: Learner) -> Summary:
    """The summary of one conversation's events, in order; `learner` knows all conversations."""
    disputed = disputes(happened)
    noticed = [event for event in happened if isinstance(event, Noticed)]
    taken = _taken_up(happened)
    standing = {event.kind for event in noticed if name_of(event) not in disputed}
    return Summary(
        sentences=tuple(_sentences(noticed, taken, disputed)),
        taken_up=_forms((event.kind, event.right or event.correction) for event in taken),
        alone=_forms((event.kind, event.words) for event in happened if isinstance(event, Used)),
        returns=_returns(standing, learner),
    )


def disputes(happened: Iterable[Event]) -> set[tuple[float, Kind, str]]:
    """The names of the errors that the learner says are none."""
    return {
        (event.noticed_at, event.kind, event.wrong)
        for event in happened
        if isinstance(event, Disputed)
    }


def name_of(event: Noticed) -> tuple[float, Kind, str]:
    """What an error is called in a dispute."""
    return event.at, event.kind, event.wrong


def _taken_up(happened: Iterable[Event]) -> list[Noticed]:
    """The errors that the learner mended: the last one noticed before each repair of its kind."""
    last: dict[Kind, Noticed] = {}
    found: list[Noticed] = []
    for event in happened:
        match event:
            case Noticed(kind=kind):
                last[kind] = event
            case TookUp(kind=kind, outcome="repair") if kind in last:
                found.append(last.pop(kind))
    return found


def _sentences(
    noticed: Iterable[Noticed], taken: Sequence[Noticed], disputed: set[tuple[float, Kind, str]]
) -> Iterable[Sentence]:
    by_sentence: dict[tuple[float, str], list[Noticed]] = {}
    for event in noticed:
        by_sentence.setdefault((event.at, event.said), []).append(event)
    for events in by_sentence.values():
        said, better = marked(events[-1].said, events[-1].correction)
        changes = tuple(
            Change(
                at=event.at,
                kind=event.kind,
                wrong=event.wrong,
                right=event.right,
                taken_up=event in taken,
                disputed=name_of(event) in disputed,
            )
            for event in events
        )
        yield Sentence(said=said, better=better, changes=changes)


def _forms(found: Iterable[tuple[Kind, str]]) -> tuple[Forms, ...]:
    """By kind in order of appearance; the same words once, whatever their case."""
    kinds: dict[Kind, dict[str, str]] = {}
    for kind, words in found:
        kinds.setdefault(kind, {}).setdefault(words.casefold(), words)
    return tuple(
        Forms(kind=kind, words=tuple(words.values())[-_FORMS:]) for kind, words in kinds.items()
    )


def _returns(kinds: Iterable[Kind], learner: Learner) -> tuple[Return, ...]:
    found = [(kind, learner.progress(kind)) for kind in kinds]
    dates = [
        Return(kind=kind, at=due_at(each.card))
        for kind, each in found
        if each.card is not None and not each.mastered
    ]
    return tuple(sorted(dates, key=lambda each: (each.at, each.kind)))
