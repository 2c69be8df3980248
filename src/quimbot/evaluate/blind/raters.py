"""How each rater judged, in plain words for whoever asked them."""

from collections.abc import Sequence
from statistics import NormalDist

from quimbot.evaluate.blind.tally import Rater
from quimbot.runs.wilson import wilson

_FEWEST_ALIKE = 5
"""Identical pairs that one side must win all of to be called a leaning: by chance in 1 of 16."""


def in_words(rater: Rater) -> tuple[str, ...]:
    """What a rater did and how consistent that was, a sentence each."""
    done = f"Judged {rater.judged} of {rater.of} in {rater.minutes:.0f} minutes"
    said = [f"{done}, typically {rater.seconds:.0f} seconds each."]
    if rater.twice:
        said.append(
            f"Met {rater.twice} again with the sides swapped, and said the same of {rater.same}."
        )
    if rater.identical:
        neither = rater.identical - sum(rater.sides)
        said.append(
            f"Where all replies were the same one, preferred none in {neither} of "
            f"{rater.identical}, {_by_side(rater.sides)}."
        )
    if rater.attention:
        right = rater.attention - rater.missed
        said.append(
            f"Saw in {right} of {rater.attention} that a reply was meant for somebody else."
        )
    return tuple(said)


def doubts(rater: Rater) -> tuple[str, ...]:
    """What to know before relying on a rater's answers, which all count."""
    said = []
    if rater.judged < rater.of:
        said.append(f"{rater.name} has judged {rater.judged} of {rater.of} so far.")
    if rater.missed:
        said.append(
            f"{rater.name} did not see in {rater.missed} of {rater.attention} that a reply was "
            "meant for somebody else, and may not have read closely."
        )
    if rater.identical >= _FEWEST_ALIKE and max(rater.sides) == rater.identical:
        side = rater.sides.index(rater.identical) + 1
        said.append(
            f"{rater.name} chose reply {side} in all {rater.identical} cases where the replies "
            "were the same, and may lean to that side."
        )
    return tuple(said)


def whoever_stood_there(sides: Sequence[int]) -> str:
    """Whether raters together lean to a side; sides are drawn, so chance makes them even."""
    plain = f"Of the pairs that count, {_by_side(sides)}, whoever wrote it"
    z = NormalDist().inv_cdf(1 - 0.025 / len(sides))
    if wilson(max(sides), sum(sides), z)[0] > 1 / len(sides):
        return f"{plain}: more uneven than chance, so raters lean to a side."
    return f"{plain}: no more uneven than by chance."


def _by_side(sides: Sequence[int]) -> str:
    return ", ".join(f"reply {place} in {count}" for place, count in enumerate(sides, 1))
