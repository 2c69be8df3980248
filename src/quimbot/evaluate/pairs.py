"""Two tutors on the same learner turns, in numbers and in words."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import structs

from quimbot.evaluate.compare import Both, Comparison
from quimbot.evaluate.rates import interval
from quimbot.evaluate.reasons import would_show
from quimbot.records.record import Strict

Verdict = Literal["better", "worse", "no difference shown"]

_WORTH_SEEING = 0.05
_BY_CHANCE = 0.05


class Pair(Strict, frozen=True, kw_only=True):
    """Two tutors on the learner turns that both answered; shares, not points."""

    ours: str
    theirs: str
    verdict: Verdict
    """`better` or `worse` only where the interval of the difference leaves out zero and the test
    bears it out over all pairs of the file."""
    n: int
    ours_rate: float
    ours_low: float
    """Lower end of the 95 % Wilson interval of the rate, over what the dialogues are worth."""
    ours_high: float
    theirs_rate: float
    theirs_low: float
    theirs_high: float
    difference: float
    low: float
    """Lower end of the 95 % interval of the difference, bootstrapped by dialogue."""
    high: float
    wins: int
    losses: int
    p: float
    """McNemar's exact test by dialogue."""
    p_holm: float
    """The same, adjusted by Holm over all pairs of the file."""
    detectable: float
    """Smallest difference that these turns would show with 80 % power."""
    turns_for_5_points: int
    """About how many turns would show a difference of 5 points."""
    won: tuple[str, ...]
    """Ids of the turns that ours passed more often."""
    lost: tuple[str, ...]


class Pairs(Strict, frozen=True, kw_only=True):
    """What `quimbot compare` found, and on what."""

    suite: str
    suite_sha256: str
    measure: str
    seed: int
    sentences: tuple[str, ...]
    """The pairs in words, in the same order."""
    pairs: tuple[Pair, ...]


def pair_of(
    match: tuple[str, str], turns: Sequence[Both], result: Comparison, p_holm: float
) -> Pair:
    """Everything about a match of two, from the turns that both answered."""
    groups = [turn.group for turn in turns]
    ours = interval([turn.ours for turn in turns], groups, turns=result.n)
    theirs = interval([turn.theirs for turn in turns], groups, turns=result.n)
    better: Verdict = "better" if result.difference > 0 else "worse"
    return Pair(
        ours=match[0],
        theirs=match[1],
        verdict=better if result.shown and p_holm <= _BY_CHANCE else "no difference shown",
        n=result.n,
        ours_rate=result.ours,
        ours_low=ours[0],
        ours_high=ours[1],
        theirs_rate=result.theirs,
        theirs_low=theirs[0],
        theirs_high=theirs[1],
        difference=result.difference,
        low=result.low,
        high=result.high,
        wins=result.wins,
        losses=result.losses,
        p=result.p,
        p_holm=p_holm,
        detectable=result.detectable,
        turns_for_5_points=result.turns_for(_WORTH_SEEING),
        won=tuple(turn.item for turn in turns if turn.ours > turn.theirs),
        lost=tuple(turn.item for turn in turns if turn.ours < turn.theirs),
    )


def in_short(pair: Pair, short: Mapping[str, str]) -> str:
    """The verdict alone."""
    ours, theirs = short[pair.ours], short[pair.theirs]
    if pair.verdict == "no difference shown":
        return f"{ours} and {theirs}, {pair.verdict}"
    return f"{ours} {pair.verdict} than {theirs}"


def sentence(pair: Pair, short: Mapping[str, str], measure: str, of: int) -> str:
    """Everything about a pair, the verdict first."""
    p = f"p {_p(pair.p)}" + (f" ({_p(pair.p_holm)} by Holm over {of} pairs)" if of > 1 else "")
    text = (
        f"{in_short(pair, short)}: {measure} "
        f"{_share(pair.ours_rate, pair.ours_low, pair.ours_high)} against "
        f"{_share(pair.theirs_rate, pair.theirs_low, pair.theirs_high)}, "
        f"{100 * pair.difference:+.0f} points "
        f"(95% interval {100 * pair.low:+.0f} to {100 * pair.high:+.0f}), "
        f"{pair.wins} won and {pair.losses} lost of {pair.n} turns, {p}; "
        f"{would_show(pair.detectable)}"
    )
    if pair.verdict != "no difference shown":
        return f"{text}."
    if pair.low > 0 or pair.high < 0:
        text += (
            "; the interval leaves out zero, but the test does not bear it out: score more turns"
        )
    elif _WORTH_SEEING < pair.detectable < 1:
        text += f", and about {pair.turns_for_5_points:,} turns would show 5"
    return f"{text}."


def _share(rate: float, low: float, high: float) -> str:
    return f"{rate:.0%} ({100 * low:.0f}-{100 * high:.0f})"


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"  # noqa: PLR2004 - as far as it is shown


def as_csv(pairs: Sequence[Pair]) -> str:
    """A row a pair, under a row of names; the turns are left out."""
    text = io.StringIO()
    heads = [name for name in Pair.__struct_fields__ if name not in {"won", "lost"}]
    rows = csv.DictWriter(text, heads, extrasaction="ignore")
    rows.writeheader()
    rows.writerows(structs.asdict(pair) for pair in pairs)
    return text.getvalue()
