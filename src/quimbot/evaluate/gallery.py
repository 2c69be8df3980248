"""Replies to look at: best and worst with their evidence, and one turn before and after."""

import difflib
import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from quimbot.records.record import Evidence
from quimbot.runs.scorecard import Judged

_BEST, _WORST = 8, 10
_LONGEST = 1200
"""Characters of a reply to show: some models never stop."""
_WORDS = re.compile(r"\w+(?:['\N{RIGHT SINGLE QUOTATION MARK}]\w+)*\s*|[^\w\s]\s*|\s+")
_WEIGHT = {
    "question": 0,
    "elicit": 0,
    "says_again": 0,
    "error": 2,
    "red_pen": 2,
    "harsh": 2,
    "avoided": 2,
    "invented_correction": 2,
}
"""Where evidence overlaps, the heavier is shown."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A stretch of a reply, and what it shows, if anything."""

    text: str
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One learner turn, and what each tutor answered."""

    learner: str
    correction: str
    replies: tuple[Judged, ...]
    """In the order of the addresses asked for."""


@dataclass(frozen=True, kw_only=True)
class Gallery:
    """Replies to read, with what they are."""

    id: str
    title: str
    about: str
    shown: list[Judged]


def pieces(row: Judged) -> tuple[Piece, ...]:
    """The reply cut at its evidence, in order; words about the error stand out of a question.

    Of a very long one, its beginning.
    """
    spans = [Evidence(start=0, end=len(row.reply), label="")]
    spans += sorted(row.verdict.evidence, key=lambda span: _WEIGHT.get(span.label, 1))
    shown = [0] * min(len(row.reply), _LONGEST)
    for number, span in enumerate(spans):
        for at in range(span.start, min(span.end, len(shown))):
            shown[at] = number
    runs = ((number, [at for at, _ in run]) for number, run in groupby(enumerate(shown), _second))
    cut = len(row.reply) - len(shown)
    return (
        *(
            Piece(text=row.reply[places[0] : places[-1] + 1], label=spans[number].label)
            for number, places in runs
        ),
        *([Piece(text=f" … ({cut:,} more characters)")] if cut else []),
    )


def mended(learner: str, correction: str) -> tuple[Piece, ...]:
    """The correction cut where it parts from what the learner wrote; those words are labelled."""
    said, right = _WORDS.findall(learner), _WORDS.findall(correction)
    match = difflib.SequenceMatcher(None, _plain(said), _plain(right), autojunk=False)
    return tuple(
        Piece(text="".join(right[start:end]), label="" if kind == "equal" else "mended")
        for kind, _, _, start, end in match.get_opcodes()
        if start < end
    )


def best(rows: Sequence[Judged], count: int) -> list[Judged]:
    """Verified replies, those that put the most errors right first, one a learner turn."""
    verified = [row for row in rows if row.verified and row.counts]
    verified.sort(key=lambda row: (-len(row.error_types), lot(row.item)))
    return _one_a_turn(verified)[:count]


def worst(rows: Sequence[Judged], count: int) -> list[Judged]:
    """Failed replies, the gravest first: red pen, error repeated, then each other check in turn."""
    by_reason: dict[str, list[Judged]] = defaultdict(list)
    failed = sorted((row for row in rows if row.counts and not row.verified), key=_gravest_first)
    for row in _one_a_turn(failed):
        by_reason[row.verdict.reason].append(row)
    queues = list(by_reason.values())
    chosen: list[Judged] = []
    while queues and len(chosen) < count:
        chosen += [queue.pop(0) for queue in queues]
        queues = [queue for queue in queues if queue]
    return chosen[:count]


def galleries(own: Sequence[Judged]) -> list[Gallery]:
    """The best and the worst of one tutor's replies."""
    return [
        Gallery(
            id="best",
            title="Best replies",
            about="Verified, most errors put right at once. The words that show it are marked.",
            shown=best(own, _BEST),
        ),
        Gallery(
            id="worst",
            title="Worst replies",
            about="Failed, the gravest first, some of every failing check.",
            shown=worst(own, _WORST),
        ),
    ]


def pairs(rows: Sequence[Judged], addresses: Sequence[str]) -> list[Pair]:
    """Turns that count and that all the tutors answered, drawn by their ids, not by the result."""
    by_item: dict[str, dict[str, Judged]] = defaultdict(dict)
    for row in rows:
        if row.counts:
            by_item[row.item][row.address] = row
    shared = [item for item, answers in by_item.items() if answers.keys() >= set(addresses)]
    found: dict[str, Pair] = {}
    for item in sorted(shared, key=lot):
        replies = tuple(by_item[item][address] for address in addresses)
        first = replies[0]
        pair = Pair(
            learner=first.learner,
            correction=next(iter(first.corrections), ""),
            replies=replies,
        )
        found.setdefault(first.learner, pair)
    return list(found.values())


def _one_a_turn(rows: Sequence[Judged]) -> list[Judged]:
    """The first row of each learner turn: learners write some sentences more than once."""
    first: dict[str, Judged] = {}
    for row in rows:
        first.setdefault(row.learner, row)
    return list(first.values())


def _plain(words: Sequence[str]) -> list[str]:
    return [word.strip().lower() for word in words]


def _second(pair: tuple[int, int]) -> int:
    return pair[1]


def _gravest_first(row: Judged) -> tuple[bool, bool, bytes]:
    return not row.shows("red_pen"), not row.shows("error"), lot(row.item)


def lot(item: str) -> bytes:
    """A stable draw that knows nothing of results."""
    return hashlib.blake2b(b"gallery:" + item.encode(), digest_size=8).digest()
