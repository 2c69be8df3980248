"""Choose a checkpoint by a stated rule, and say in one sentence why, with the interval."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from quimbot.evaluate.compare import Comparison, answers, in_common, paired
from quimbot.evaluate.keep import Kept, keep
from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import write_json
from quimbot.records.record import Move
from quimbot.runs.recipe import suggestion
from quimbot.runs.scorecard import (
    Judged,
    Perplexities,
    Picked,
    Rate,
    Score,
    Scorecard,
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
    measure: str = Move.RECAST.value
    """Move or check whose pass rate decides: recast, elicitation, tone, ..."""
    keep: tuple[Path, ...] = ()
    """Folders that `quimbot score` wrote, of suites that must not suffer, such as general chat: a
    checkpoint whose pass rate on one is shown to be below the base's is set aside."""
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
        if len(set(self.keep)) < len(self.keep):
            raise RecipeError(
                f"keep names {max(self.keep, key=self.keep.count)} twice; once is enough"
            )

    def inputs(self) -> tuple[Path, ...]:
        """The scores and the perplexities."""
        return (self.scores, self.perplexity, *self.keep)

    def outputs(self) -> tuple[Path, ...]:
        """The choice."""
        return (self.output,)

    def rule(self, suites: Sequence[str] = ()) -> str:
        """The rule in words, with the names of the suites to keep."""
        limits = (
            f"red-pen language in at most {self.max_red_pen:.0%} and a question in at least "
            f"{self.min_question:.0%} of replies"
        )
        if suites:
            limits += (
                f", and whose pass rate on {' and '.join(suites)} has not fallen (fallen: the "
                "paired 95% interval of its difference to the base lies below zero)"
            )
        return (
            f"highest verified {self.measure} rate among checkpoints with {limits}, or among all "
            "when there is none; within one standard error of the highest, lower held-out "
            "perplexity wins, then the earlier step"
        )


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A checkpoint to choose, with what speaks against it."""

    score: Score
    surprise: float
    """Held-out perplexity a byte."""
    kept: tuple[Kept, ...] = ()
    against: tuple[str, ...] = ()
    """Why it is set aside, if it is."""


def select(settings: SelectSettings, watch: Watch) -> str:
    """Choose a checkpoint and write the choice.

    Raises:
        DataError: the base model is not among the scores, or there is nothing to choose from.
    """
    scores = _candidates(read_scorecard(settings.scores), settings)
    perplexities = read_perplexities(settings.perplexity)
    surprise = {row.address: row.overall.byte_perplexity for row in perplexities.runtimes}
    for score in scores:
        if score.address not in surprise:
            raise DataError(
                f"{settings.perplexity}: {score.address} is not in it, and ties are broken by "
                "perplexity; measure the same checkpoints as were scored"
            )
    kept = keep(
        settings.keep, [score.address for score in scores], settings.base, seed=settings.seed
    )
    order = ranking(
        [
            Candidate(
                score=score,
                surprise=surprise[score.address],
                kept=tuple(kept[score.address]),
                against=tuple(_against(score, kept[score.address], settings)),
            )
            for score in scores
        ]
    )
    judged = list(read_judged(settings.scores))
    picked = _picked(order, perplexities, judged, settings)
    write_json(settings.output, picked)
    watch.say(picked.sentence)
    return f"picked {picked.address}: {_rate(settings.measure, picked.verified)}"


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


def in_words(comparison: Comparison, theirs: str) -> str:
    """A comparison as a clause: a direction only when the interval leaves out zero."""
    interval = f"{points(comparison)}, n = {comparison.n}"
    if comparison.shown:
        return f"{'higher' if comparison.difference > 0 else 'lower'} than {theirs} ({interval})"
    return f"no difference shown to {theirs} ({interval}; {would_show(comparison.detectable)})"


def would_show(detectable: float) -> str:
    """The smallest difference that these turns would show, or that there is none."""
    if detectable < 1:
        return f"these turns would show {100 * detectable:.0f} points"
    return "so few turns show nothing"


def points(comparison: Comparison) -> str:
    """A difference and its interval, in points of 100."""
    gap, low, high = (100 * x for x in (comparison.difference, comparison.low, comparison.high))
    together = f" for {comparison.of} at once" if comparison.of > 1 else ""
    return f"{gap:+.0f} points, 95% interval{together} {low:+.0f} to {high:+.0f}"


def _candidates(card: Scorecard, settings: SelectSettings) -> list[Score]:
    """The scores of everybody but the base.

    Raises:
        DataError: the measure or the base is not among the scores, or nobody else is.
    """
    scores = [score for score in card.scores if score.measure == settings.measure]
    if not scores:
        known = list(dict.fromkeys(score.measure for score in card.scores))
        raise DataError(
            f"{settings.scores}: holds no {settings.measure!r}; measures there: "
            f"{', '.join(known)}; name one of them, or score it too"
            f"{suggestion(settings.measure, known)}"
        )
    candidates = [score for score in scores if score.address != settings.base]
    if len(candidates) == len(scores):
        known = [score.address for score in scores]
        raise DataError(
            f"{settings.scores}: the base {settings.base!r} is not among the scores "
            f"({', '.join(known)}); score it too, or name it as it was scored"
            f"{suggestion(settings.base, known)}"
        )
    if not candidates:
        raise DataError(f"{settings.scores}: only the base is scored; add checkpoints to choose")
    return candidates


def _against(score: Score, kept: Sequence[Kept], settings: SelectSettings) -> list[str]:
    """What sets a checkpoint aside, with its interval; nothing when it may be chosen."""
    reasons = []
    if score.red_pen.value > settings.max_red_pen:
        reasons.append(f"red-pen language in {_interval(score.red_pen)}")
    if score.question.value < settings.min_question:
        reasons.append(f"a question in {_interval(score.question)}")
    return reasons + [f"{each.suite} fell: {points(each.result)}" for each in kept if each.fell]


def _picked(
    order: Sequence[Candidate],
    perplexities: Perplexities,
    judged: Sequence[Judged],
    settings: SelectSettings,
) -> Picked:
    first = order[0].score
    own = answers(judged, first.address, settings.measure)

    def over(address: str) -> Comparison | None:
        theirs = answers(judged, address, settings.measure)
        return paired(in_common(own, theirs), of=len(order), seed=settings.seed)

    over_base = over(settings.base)
    if over_base is None:
        raise DataError(
            f"{settings.scores}: {first.address} and {settings.base} answered no turn in common "
            f"that counts for {settings.measure}; score both for it, on the same turns"
        )
    runner_up = _runner_up(order)
    over_next = over(runner_up.address) if runner_up else None
    surprise = {row.address: row.overall.perplexity for row in perplexities.runtimes}
    return Picked(
        address=first.address,
        adapter=first.adapter,
        step=first.step,
        base=settings.base,
        rule=settings.rule([each.suite for each in order[0].kept]),
        sentence=_sentence(order, over_base, over_next, surprise, settings.measure),
        measure=settings.measure,
        n=over_base.n,
        verified=first.verified,
        red_pen=first.red_pen,
        question=first.question,
        perplexity=surprise.get(first.address),
        over_base=(over_base.difference, over_base.low, over_base.high),
        over_next=(over_next.difference, over_next.low, over_next.high) if over_next else None,
        next=runner_up.address if runner_up else "",
        aside={each.score.address: each.against for each in order if each.against},
    )


def _runner_up(order: Sequence[Candidate]) -> Score | None:
    """The next choice; none where it was set aside, and the first was not."""
    if len(order) > 1 and bool(order[0].against) == bool(order[1].against):
        return order[1].score
    return None


def _sentence(
    order: Sequence[Candidate],
    over_base: Comparison,
    over_next: Comparison | None,
    surprise: Mapping[str, float],
    measure: str,
) -> str:
    first, second = order[0].score, _runner_up(order)
    lead = "" if not order[0].against else "No checkpoint keeps to the limits; of all, "
    verified = _rate(measure, first.verified)
    parts = [f"{lead}{named(first)}: {verified}, {in_words(over_base, 'the base model')}"]
    if over_next and second:
        parts.append(in_words(over_next, f"the next choice, {named(second)}"))
    parts += _tie(order, surprise)
    parts.append(
        f"red-pen language in {first.red_pen.value:.0%} and a question in "
        f"{first.question.value:.0%} of replies"
    )
    if first.failed:
        parts.append(f"{first.failed} of {first.asked} requests got no reply and are left out")
    parts += [
        f"{each.suite} not shown to have fallen "
        f"({points(each.result)}; {would_show(each.result.detectable)})"
        for each in order[0].kept
        if not each.fell
    ]
    aside = [f"{named(each.score)} ({', '.join(each.against)})" for each in order if each.against]
    if aside:
        parts.append(f"{'out of limits' if lead else 'set aside'}: {', '.join(aside)}")
    if len(order) > 1:
        parts.append(
            f"picked from {len(order)} on these turns, so expect somewhat less of it on others"
        )
    return "; ".join(parts) + "."


def _tie(order: Sequence[Candidate], surprise: Mapping[str, float]) -> list[str]:
    """What decided between the first and the highest of the others, where that is no lower."""
    first = order[0].score
    others = [each.score for each in order[1:] if bool(each.against) == bool(order[0].against)]
    top = max(others, key=lambda score: score.verified.value, default=None)
    if top is None or top.verified.value < first.verified.value:
        return []
    ours, theirs = (f"{surprise[score.address]:.2f}" for score in (first, top))
    by = f"the lower held-out perplexity decided ({ours} against {theirs})"
    if ours == theirs:
        by = f"the earlier step decided (held-out perplexity {ours} for both)"
    return [f"{named(top)} has {top.verified.value:.0%}, within one standard error, so {by}"]


def _rate(measure: str, rate: Rate) -> str:
    what = "verified recasts" if measure == Move.RECAST else f"{measure} verified"
    return f"{what} in {rate.value:.0%} of {rate.n} replies"


def _interval(rate: Rate) -> str:
    return f"{rate.value:.0%} ({100 * rate.low:.0f}-{100 * rate.high:.0f})"


def named(score: Score) -> str:
    """A runtime in a sentence: its step where it has one."""
    return score.address if score.step is None else f"step {score.step}"
