"""What changed between any two models: the counts of every pair, and some turns of each to read.

The page shows the pair that its reader chooses, by style rules alone: it runs no script.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from quimbot.evaluate.flips import Flips, flips
from quimbot.evaluate.gallery import Pair
from quimbot.evaluate.measured import Measured
from quimbot.runs.scorecard import Judged, Picked

_FEW_MODELS = 6
_SHOWN = (6, 3)
"""Turns of each kind to show of a pair: among few models, and among many."""


@dataclass(frozen=True, kw_only=True)
class Matchup:
    """Two models by their numbers, and what changed from the first to the second."""

    theirs: int
    ours: int
    flips: Flips | None
    """None where they answered no turn in common."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A learner turn that tells some models apart."""

    learner: str
    correction: str
    replies: dict[int, Judged]
    """By the number of the model."""
    tells: list[tuple[int, int]]
    """Numbers of a model that passes and of one that fails."""


@dataclass(frozen=True, kw_only=True)
class Matchups:
    """Every pair of models, with the pair that is shown first."""

    models: list[str]
    theirs: int
    ours: int
    pairs: list[Matchup]
    turns: list[Turn]
    shown: int
    """Most turns of each kind that are shown of a pair."""

    @property
    def style(self) -> str:
        """Style rules that show the chosen pair, and nothing of the others."""
        numbers = range(len(self.models))
        rules = ["#flips :is(.matchup, .turn, .turn .answer, .same) { display: none; }"]
        for i in numbers:
            before, after = _chosen("before", i), _chosen("after", i)
            rules += [
                f"#flips{before} .n{i} {{ display: block; order: 1; --said: var(--quiet); }}",
                f"#flips{after} .n{i} {{ display: block; order: 2; }}",
                f"#flips{before}{after} .same {{ display: block; }}",
            ]
            for j in numbers:
                both = f"#flips{before}{_chosen('after', j)}"
                if j != i:
                    shown = f":is(.m{i}-{j}, .a{i}-{j}, .a{j}-{i})"
                    rules += [
                        f"{both} {shown} {{ display: grid; }}",
                        f"{both} .a{i}-{j} {{ order: 1; }}",
                    ]
        return "@supports selector(:has(*)) {\n" + "\n".join(rules) + "\n}"


def matchups(
    chosen: Sequence[Measured], picked: Picked, short: Mapping[str, str]
) -> Matchups | None:
    """Every pair on the most turns that both answered; none where no pair answered any."""
    addresses = list(dict.fromkeys(row.address for table in chosen for row in table.rows))
    shown = _SHOWN[len(addresses) > _FEW_MODELS]
    found = [
        (i, j, *_flips(chosen, (addresses[i], addresses[j]), short))
        for i, j in combinations(range(len(addresses)), 2)
    ]
    if not any(both for _, _, both, _ in found):
        return None
    seen: dict[tuple[int, str, int], list[tuple[int, int, Pair]]] = defaultdict(list)
    for theirs, ours, both, table in found:
        for pair in (*_some(both.lost, shown), *_some(both.gained, shown)) if both else ():
            first = pair.replies[0]
            seen[table, first.item, first.sample].append((theirs, ours, pair))
    return Matchups(
        models=[short[address] for address in addresses],
        theirs=addresses.index(picked.base),
        ours=addresses.index(picked.address),
        pairs=[Matchup(theirs=i, ours=j, flips=both) for i, j, both, _ in found],
        turns=[_turn(same) for same in seen.values()],
        shown=shown,
    )


def _some(pairs: Sequence[Pair], count: int) -> list[Pair]:
    """The first pairs, one a learner turn: some are answered, or written, more than once."""
    return list({pair.learner: pair for pair in reversed(pairs)}.values())[::-1][:count]


def _turn(same: Sequence[tuple[int, int, Pair]]) -> Turn:
    """One learner turn out of all the pairs that it tells apart."""
    replies: dict[int, Judged] = {}
    tells = []
    for theirs, ours, pair in same:
        replies |= dict(zip((theirs, ours), pair.replies, strict=True))
        tells.append((theirs, ours) if pair.replies[0].verified else (ours, theirs))
    first = same[0][2]
    return Turn(learner=first.learner, correction=first.correction, replies=replies, tells=tells)


def _flips(
    chosen: Sequence[Measured], pair: tuple[str, str], short: Mapping[str, str]
) -> tuple[Flips | None, int]:
    """From the first to the second, on the first table that holds both, and which that is."""
    for number, table in enumerate(chosen):
        if {row.address for row in table.rows} >= set(pair):
            theirs, ours = ((address, short[address]) for address in pair)
            return flips(table.judged, ours, theirs), number
    return None, -1


def _chosen(which: str, number: int) -> str:
    return f':has(#{which} [value="{number}"]:checked)'
