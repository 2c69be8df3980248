"""The order in which checkpoints are chosen, once it is known what speaks against each."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from quimbot.evaluate.keep import Kept
from quimbot.runs.scorecard import Score


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A checkpoint to choose, with what speaks against it."""

    score: Score
    surprise: float
    """Held-out perplexity a byte."""
    kept: tuple[Kept, ...] = ()
    against: tuple[str, ...] = ()
    """Why it is set aside, if it is."""


def ranking(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates from first choice to last, by the rule; those set aside come last."""

    def by_surprise(candidate: Candidate) -> tuple[float, float]:
        step = candidate.score.step
        return candidate.surprise, math.inf if step is None else step

    order: list[Candidate] = []
    for aside in (False, True):
        left = [candidate for candidate in candidates if bool(candidate.against) == aside]
        while left:
            top = max((each.score.verified for each in left), key=lambda rate: rate.value)
            error = math.sqrt(top.value * (1 - top.value) / max(1, top.n))
            tied = [each for each in left if each.score.verified.value >= top.value - error]
            first = min(tied, key=by_surprise)
            order.append(first)
            left.remove(first)
    return order


def runner_up(order: Sequence[Candidate]) -> Score | None:
    """The next choice; none where it was set aside, and the first was not."""
    if len(order) > 1 and bool(order[0].against) == bool(order[1].against):
        return order[1].score
    return None
