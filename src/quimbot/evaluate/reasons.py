"""Comparisons in words, and why a checkpoint was chosen in one sentence."""

from collections.abc import Mapping, Sequence

from quimbot.evaluate.compare import Comparison
from quimbot.evaluate.ranking import Candidate, runner_up
from quimbot.records.record import Move
from quimbot.runs.scorecard import Rate, Score


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


def why_chosen(
    order: Sequence[Candidate],
    over_base: Comparison,
    over_next: Comparison | None,
    surprise: Mapping[str, float],
    measure: str,
) -> str:
    """What made the rule choose the first of the order, in one sentence.

    Args:
        order: All candidates, from first choice to last.
        over_base: The first beside the base model.
        over_next: The first beside the next choice, where there is one.
        surprise: Address -> held-out perplexity a token.
        measure: What the choice went by.
    """
    first, second = order[0].score, runner_up(order)
    lead = "" if not order[0].against else "No checkpoint keeps to the limits; of all, "
    verified = passed(measure, first.verified)
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


def passed(measure: str, rate: Rate) -> str:
    """A pass rate in a sentence."""
    what = "verified recasts" if measure == Move.RECAST else f"{measure} verified"
    return f"{what} in {rate.value:.0%} of {rate.n} replies"


def named(score: Score) -> str:
    """A runtime in a sentence: its step where it has one."""
    return score.address if score.step is None else f"step {score.step}"
