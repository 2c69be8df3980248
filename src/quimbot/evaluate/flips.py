"""The turns on which two tutors part ways: one passes, the other fails."""

from collections.abc import Sequence
from dataclasses import dataclass

from quimbot.evaluate.gallery import Pair, lot
from quimbot.runs.scorecard import Judged


@dataclass(frozen=True, kw_only=True)
class Flips:
    """Two tutors on the turns that both answered; in a pair, theirs comes first."""

    ours: str
    theirs: str
    both: int
    neither: int
    lost: list[Pair]
    """Only theirs passes."""
    gained: list[Pair]
    """Only ours passes."""


def flips(judged: Sequence[Judged], ours: tuple[str, str], theirs: tuple[str, str]) -> Flips | None:
    """What changed between two (address, name); none where they answered no turn in common."""
    answers = [
        {(row.item, row.sample): row for row in judged if row.address == address and row.counts}
        for address, _ in (theirs, ours)
    ]
    shared = sorted(answers[0].keys() & answers[1].keys(), key=lambda key: (lot(key[0]), key[1]))
    if not shared:
        return None
    replies = [(answers[0][key], answers[1][key]) for key in shared]
    return Flips(
        ours=ours[1],
        theirs=theirs[1],
        both=sum(old.verified and new.verified for old, new in replies),
        neither=sum(not old.verified and not new.verified for old, new in replies),
        lost=[_pair(old, new) for old, new in replies if old.verified and not new.verified],
        gained=[_pair(old, new) for old, new in replies if new.verified and not old.verified],
    )


def _pair(old: Judged, new: Judged) -> Pair:
    return Pair(learner=new.learner, correction=next(iter(new.corrections), ""), replies=(old, new))
