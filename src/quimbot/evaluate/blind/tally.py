"""Counting a blind review: who was preferred, how far raters agree with others and with themselves.

A turn counts once however many judge it: its raters are averaged first, and the interval is over
dialogues. A tie is half a win; `both bad` prefers nobody and is counted apart.
"""

import math
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from statistics import NormalDist

from quimbot.evaluate.agreement import Agreement, cohen_kappa, krippendorff_alpha
from quimbot.evaluate.blind.given import Answers
from quimbot.evaluate.blind.sheet import BAD, REASONS, TIE, Answer, Key, Kind, Pair
from quimbot.records.record import Strict
from quimbot.runs.wilson import wilson

EVEN = 0.5
POWER = 0.8


class Preference(Strict, frozen=True, kw_only=True):
    """How often one was found better than another, over the turns where either was preferred.

    `ours` is the one that won at least half.
    """

    ours: str
    theirs: str
    turns: int
    dialogues: int
    won: int
    """Judgements, as are `lost` and `tied`."""
    lost: int
    tied: int
    rate: float
    """Share of the turns that ours won, ties half."""
    low: float
    """Lower end of the interval: 95 %, over all the comparisons of a page together."""
    high: float
    would_show: float | None
    """Smallest win rate that so many dialogues show with 80 % power; none when they never do."""

    @property
    def shown(self) -> bool:
        """Whether the interval leaves out one half."""
        return self.low > EVEN


class Said(Strict, frozen=True, kw_only=True):
    """What one rater said about a pair."""

    rater: str
    choice: str
    """Address, `tie` or `bad`."""
    why: tuple[str, ...]
    note: str


class Dispute(Strict, frozen=True, kw_only=True):
    """A pair that counts, and everything said about it."""

    pair: Pair
    said: tuple[Said, ...]

    @property
    def agreed(self) -> bool:
        """Whether all said the same."""
        return len({said.choice for said in self.said}) == 1


class Rater(Strict, frozen=True, kw_only=True):
    """How one rater judged."""

    name: str
    judged: int
    of: int
    same: int
    """Of the pairs judged twice, those judged the same both times."""
    twice: int
    sides: tuple[int, ...]
    """How often each side was preferred where all sides were identical."""
    identical: int
    """Such pairs judged."""
    missed: int
    """Attention pairs where the reply to somebody else was preferred, or nothing."""
    attention: int
    seconds: float
    """Median time that a pair was in sight."""
    minutes: float


def preferences(key: Key, given: Mapping[str, Answers]) -> tuple[Preference, ...]:
    """Every two runtimes against each other, the more preferred first."""
    every = list(combinations(key.runtimes, 2))
    z = NormalDist().inv_cdf(1 - 0.025 / len(every))
    return tuple(_preference(key, given, ours, theirs, z) for ours, theirs in every)


def _preference(
    key: Key, given: Mapping[str, Answers], ours: str, theirs: str, z: float
) -> Preference:
    worth = {ours: 1.0, theirs: 0.0, TIE: 0.5}
    counts: Counter[str] = Counter()
    means, groups = [], set()
    for pair, answers in counted(key, given):
        choices = [pair.who(answer.choice) for answer in answers]
        points = [worth[choice] for choice in choices if choice in worth]
        counts.update(choices)
        if points:
            means.append(statistics.fmean(points))
            groups.add(pair.group)
    rate = statistics.fmean(means) if means else 0.5
    if rate < EVEN:
        return _preference(key, given, theirs, ours, z)
    n = len(groups)
    low, high = wilson(rate * n, n, z)
    return Preference(
        ours=ours,
        theirs=theirs,
        turns=len(means),
        dialogues=n,
        won=counts[ours],
        lost=counts[theirs],
        tied=counts[TIE],
        rate=rate,
        low=low,
        high=high,
        would_show=would_show(n, z),
    )


def would_show(n: int, z: float) -> float | None:
    """The smallest win rate whose interval leaves out one half in 80 % of all samples of n."""
    fewest = next((won for won in range(n + 1) if wilson(won, n, z)[0] > EVEN), None)
    if fewest is None:
        return None
    return next(
        rate
        for rate in (step / 100 for step in range(50, 101))
        if sum(math.comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in range(fewest, n + 1))
        >= POWER
    )


def counted(key: Key, given: Mapping[str, Answers]) -> Iterator[tuple[Pair, list[Answer]]]:
    """The pairs that count and that anybody judged."""
    for pair in key.pairs:
        answers = [own[pair.id] for own in given.values() if pair.id in own]
        if pair.kind is Kind.COUNTS and answers:
            yield pair, answers


def agreement(key: Key, given: Mapping[str, Answers]) -> tuple[str, Agreement] | None:
    """Cohen's kappa for two raters of the same pairs, else Krippendorff's alpha; none for one."""
    items = [
        {answer.rater: pair.who(answer.choice) for answer in answers}
        for pair, answers in counted(key, given)
    ]
    if len(given) < 2:  # noqa: PLR2004 - agreement takes two
        return None
    if items and len(given) == 2 and all(len(labels) == 2 for labels in items):  # noqa: PLR2004 - kappa is for two
        first, second = zip(*(labels.values() for labels in items), strict=True)
        return "Cohen's kappa", cohen_kappa(first, second)
    return "Krippendorff's alpha", krippendorff_alpha(items)


def rater(key: Key, name: str, own: Answers) -> Rater:
    """How consistent, unbiased, attentive and quick one rater was."""
    by_kind: dict[Kind, list[tuple[Pair, Answer]]] = {kind: [] for kind in Kind}
    pairs = {pair.id: pair for pair in key.pairs}
    for pair in key.pairs:
        if pair.id in own:
            by_kind[pair.kind].append((pair, own[pair.id]))
    twice = [
        (pair.who(answer.choice), pairs[pair.again].who(own[pair.again].choice))
        for pair, answer in by_kind[Kind.AGAIN]
        if pair.again in own
    ]
    identical = [answer for _, answer in by_kind[Kind.IDENTICAL]]
    seconds = [answer.seconds for answer in own.values()]
    return Rater(
        name=name,
        judged=len(own),
        of=len(key.pairs),
        same=sum(one == other for one, other in twice),
        twice=len(twice),
        sides=tuple(
            sum(answer.choice == answer.shown[side] for answer in identical)
            for side in range(len(key.runtimes))
        ),
        identical=len(identical),
        missed=sum(answer.choice != pair.right for pair, answer in by_kind[Kind.ATTENTION]),
        attention=len(by_kind[Kind.ATTENTION]),
        seconds=statistics.median(seconds),
        minutes=sum(seconds) / 60,
    )


def sides(key: Key, given: Mapping[str, Answers]) -> tuple[int, ...]:
    """How often each side was preferred over the pairs that count, whoever stood there."""
    answers = [answer for _, answers in counted(key, given) for answer in answers]
    return tuple(
        sum(answer.choice == answer.shown[side] for answer in answers)
        for side in range(len(key.runtimes))
    )


def reasons(key: Key, given: Mapping[str, Answers]) -> dict[str, dict[str, int]]:
    """Choice, as an address, `tie` or `bad` -> how often each reason was ticked for it."""
    ticked = {choice: dict.fromkeys(REASONS, 0) for choice in (*key.runtimes, TIE, BAD)}
    for pair, answers in counted(key, given):
        for answer in answers:
            for reason in answer.why:
                ticked[pair.who(answer.choice)][reason] += 1
    return ticked


def disputes(key: Key, given: Mapping[str, Answers]) -> list[Dispute]:
    """Everything said about the pairs that count, the most divided first."""
    found = [
        Dispute(
            pair=pair,
            said=tuple(
                Said(
                    rater=answer.rater,
                    choice=pair.who(answer.choice),
                    why=answer.why,
                    note=answer.note.strip(),
                )
                for answer in answers
            ),
        )
        for pair, answers in counted(key, given)
    ]
    return sorted(found, key=lambda dispute: -_split(dispute.said))


def _split(said: Sequence[Said]) -> float:
    """Share of those who did not say what most said."""
    return 1 - max(Counter(one.choice for one in said).values()) / len(said)
