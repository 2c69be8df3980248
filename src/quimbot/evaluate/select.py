"""Choose a checkpoint by a stated rule, and say in one sentence why, with the interval."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quimbot.evaluate.compare import Comparison, compare
from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import write_json
from quimbot.records.record import Move
from quimbot.runs.scorecard import (
    Judged,
    Perplexities,
    Picked,
    Score,
    read_judged,
    read_perplexities,
    read_scorecard,
)
from quimbot.runs.watch import Watch


@dataclass(frozen=True, kw_only=True)
class SelectSettings:
    """Settings of `quimbot select`."""

    scores: Path
    """Folder that `quimbot score` wrote, with the base model and the checkpoints."""
    perplexity: Path
    """File that `quimbot perplexity` wrote for the same checkpoints."""
    output: Path
    """JSON file for the choice."""
    base: str
    """Address of the base model among the scores: compared with, never chosen."""
    max_red_pen: float = 0.02
    """Highest share of replies with red-pen language that a choice may have."""
    min_question: float = 0.9
    """Lowest share of replies with a question that a choice may have."""
    seed: int = 0
    """Seed of the bootstrap."""

    def __post_init__(self) -> None:
        """Check that the limits are shares."""
        for name in ("max_red_pen", "min_question"):
            if not 0 <= getattr(self, name) <= 1:
                raise RecipeError(f"{name} is {getattr(self, name)}; it must be from 0 to 1")

    def inputs(self) -> tuple[Path, ...]:
        """The scores and the perplexities."""
        return (self.scores, self.perplexity)

    def outputs(self) -> tuple[Path, ...]:
        """The choice."""
        return (self.output,)

    def rule(self) -> str:
        """The rule in words."""
        return (
            "highest verified recast rate among checkpoints with red-pen language in "
            f"at most {self.max_red_pen:.0%} and a question in at least {self.min_question:.0%} of "
            "replies, or among all when none has both; within one standard error of the highest, "
            "lower held-out perplexity wins, then the earlier step"
        )


def select(settings: SelectSettings, watch: Watch) -> str:
    """Choose a checkpoint and write the choice.

    Raises:
        DataError: the base model is not among the scores, or there is nothing to choose from.
    """
    card = read_scorecard(settings.scores)
    scores = [score for score in card.scores if score.move is Move.RECAST]
    candidates = [score for score in scores if score.address != settings.base]
    if len(candidates) == len(scores):
        known = ", ".join(score.address for score in scores) or "no recasts at all"
        raise DataError(
            f"{settings.scores}: the base {settings.base!r} is not among the scores ({known}); "
            "score it too, or name it as it was scored"
        )
    if not candidates:
        raise DataError(f"{settings.scores}: only the base is scored; add checkpoints to choose")
    perplexities = read_perplexities(settings.perplexity)
    measured = {row.address for row in perplexities.runtimes}
    for score in candidates:
        if score.address not in measured:
            raise DataError(
                f"{settings.perplexity}: {score.address} is not in it, and ties are broken by "
                "perplexity; measure the same checkpoints as were scored"
            )
    order = ranking(candidates, perplexities, settings)
    judged = list(read_judged(settings.scores))
    picked = _picked(order, perplexities, judged, settings)
    write_json(settings.output, picked)
    watch.say(picked.sentence)
    return (
        f"picked {picked.address}: verified recasts in {picked.verified.value:.0%} "
        f"of {picked.n} turns"
    )


def ranking(
    candidates: Sequence[Score], perplexities: Perplexities, settings: SelectSettings
) -> list[Score]:
    """The candidates from first choice to last, by the rule."""
    fit = [score for score in candidates if _fit(score, settings)]
    rest = [score for score in candidates if score not in fit]
    surprise = {row.address: row.overall.byte_perplexity for row in perplexities.runtimes}

    def by_surprise(score: Score) -> tuple[float, float]:
        step = math.inf if score.step is None else score.step
        return surprise[score.address], step

    order: list[Score] = []
    for group in (fit, rest):
        left = list(group)
        while left:
            top = max(left, key=lambda score: score.verified.value).verified
            error = math.sqrt(top.value * (1 - top.value) / max(1, top.n))
            tied = [score for score in left if score.verified.value >= top.value - error]
            first = min(tied, key=by_surprise)
            order.append(first)
            left.remove(first)
    return order


def paired(judged: Sequence[Judged], ours: str, theirs: str, *, seed: int = 0) -> Comparison | None:
    """Two runtimes on the learner turns with an error that both answered; none without any."""
    rows = {
        address: {
            (row.item, row.sample): row for row in judged if row.address == address and _counts(row)
        }
        for address in (ours, theirs)
    }
    items = [item for item in rows[ours] if item in rows[theirs]]
    if not items:
        return None
    return compare(
        [rows[ours][item].verified for item in items],
        [rows[theirs][item].verified for item in items],
        [rows[ours][item].group or rows[ours][item].item for item in items],
        seed=seed,
    )


def in_words(comparison: Comparison, theirs: str) -> str:
    """A comparison as a clause: a direction only when the interval leaves out zero."""
    gap, low, high = (100 * x for x in (comparison.difference, comparison.low, comparison.high))
    interval = f"{gap:+.0f} points, 95% interval {low:+.0f} to {high:+.0f}, n = {comparison.n}"
    if comparison.shown:
        return f"{'higher' if gap > 0 else 'lower'} than {theirs} ({interval})"
    return (
        f"no difference to {theirs} shown ({interval}; "
        f"these turns would show {100 * comparison.detectable:.0f} points)"
    )


def _fit(score: Score, settings: SelectSettings) -> bool:
    return (
        score.red_pen.value <= settings.max_red_pen
        and score.question.value >= settings.min_question
    )


def _counts(row: Judged) -> bool:
    return row.move is Move.RECAST and row.erroneous


def _picked(
    order: Sequence[Score],
    perplexities: Perplexities,
    judged: Sequence[Judged],
    settings: SelectSettings,
) -> Picked:
    first = order[0]
    over_base = paired(judged, first.address, settings.base, seed=settings.seed)
    if over_base is None:
        raise DataError(
            f"{settings.scores}: {first.address} and {settings.base} answered no turn in common; "
            "score them again"
        )
    runner_up = order[1] if len(order) > 1 else None
    over_next = (
        paired(judged, first.address, runner_up.address, seed=settings.seed) if runner_up else None
    )
    surprise = {row.address: row.overall.perplexity for row in perplexities.runtimes}
    return Picked(
        address=first.address,
        adapter=first.adapter,
        step=first.step,
        base=settings.base,
        rule=settings.rule(),
        sentence=_sentence(order, over_base, over_next, surprise, settings),
        n=over_base.n,
        verified=first.verified,
        red_pen=first.red_pen,
        question=first.question,
        perplexity=surprise.get(first.address),
        over_base=(over_base.difference, over_base.low, over_base.high),
        over_next=(over_next.difference, over_next.low, over_next.high) if over_next else None,
        next=runner_up.address if runner_up else "",
    )


def _sentence(
    order: Sequence[Score],
    over_base: Comparison,
    over_next: Comparison | None,
    surprise: dict[str, float],
    settings: SelectSettings,
) -> str:
    first = order[0]
    rate = f"verified recasts in {first.verified.value:.0%} of {first.verified.n} turns"
    parts = [f"{named(first)}: {rate}, {in_words(over_base, 'the base model')}"]
    if over_next and len(order) > 1:
        parts.append(in_words(over_next, f"the next choice, {named(order[1])}"))
        ours, theirs = (surprise.get(score.address) for score in order[:2])
        if first.verified.value <= order[1].verified.value and ours and theirs:
            parts.append(f"held-out perplexity {ours:.2f} against {theirs:.2f}")
    parts.append(
        f"red-pen language in {first.red_pen.value:.0%} and a question in "
        f"{first.question.value:.0%} of replies"
    )
    if not _fit(first, settings):
        parts.append(
            f"no checkpoint keeps to red-pen <= {settings.max_red_pen:.0%} "
            f"and question >= {settings.min_question:.0%}"
        )
    return "; ".join(parts) + "."


def named(score: Score) -> str:
    """A runtime in a sentence: its step where it has one."""
    return score.address if score.step is None else f"step {score.step}"
