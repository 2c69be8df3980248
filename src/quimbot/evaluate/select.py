"""Choose a checkpoint by a stated rule, and say in one sentence why, with the interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quimbot.evaluate.compare import Comparison, answers, in_common, paired
from quimbot.evaluate.keep import Kept, keep
from quimbot.evaluate.ranking import Candidate, ranking, runner_up
from quimbot.evaluate.reasons import passed, points, why_chosen
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
    return f"picked {picked.address}: {passed(settings.measure, picked.verified)}"


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
    second = runner_up(order)
    over_next = over(second.address) if second else None
    surprise = {row.address: row.overall.perplexity for row in perplexities.runtimes}
    return Picked(
        address=first.address,
        adapter=first.adapter,
        step=first.step,
        base=settings.base,
        of=len(order),
        rule=settings.rule([each.suite for each in order[0].kept]),
        sentence=why_chosen(order, over_base, over_next, surprise, settings.measure),
        measure=settings.measure,
        n=over_base.n,
        verified=first.verified,
        red_pen=first.red_pen,
        question=first.question,
        perplexity=surprise.get(first.address),
        over_base=(over_base.difference, over_base.low, over_base.high),
        over_next=(over_next.difference, over_next.low, over_next.high) if over_next else None,
        next=second.address if second else "",
        aside={each.score.address: each.against for each in order if each.against},
    )


def _interval(rate: Rate) -> str:
    return f"{rate.value:.0%} ({100 * rate.low:.0f}-{100 * rate.high:.0f})"
