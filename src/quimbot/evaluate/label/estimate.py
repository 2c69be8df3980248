"""From the labelled replies to all replies: precision and recall of the verifier, with intervals.

What the verifier says is known of every reply; what a person would say is known of some, drawn at
random within each cell: one kind of verdict and one answer of the verifier. A cell's unlabelled
replies are drawn from what its labelled ones allow (a beta-binomial, from Jeffreys' prior), so a
large cell of which few were labelled makes the interval wide, also when no yes was among them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quimbot.records.record import Strict

DRAWS = 4000


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Replies among which those that a person labelled are a random draw."""

    says: bool
    """The verifier's answer to all of them."""
    of: int
    labelled: int
    """At least one."""
    yes: int
    """What the person said yes to."""


class Estimate(Strict, frozen=True, kw_only=True):
    """A share among all replies, and its 95 % interval."""

    value: float
    low: float
    high: float


class Estimates(Strict, frozen=True, kw_only=True):
    """How far the verifier's yes is a person's yes; none where nobody says yes."""

    of: int
    """Replies in all cells together: what the estimates are about."""
    precision: Estimate | None
    """Yes by the person, among all that the verifier calls yes."""
    recall: Estimate | None
    """Yes by the verifier, among all that the person calls yes."""
    f1: Estimate | None


def estimates(cells: Sequence[Cell], *, seed: int = 0) -> Estimates:
    """Precision, recall and F1 over all replies of the cells."""
    chance = np.random.default_rng(seed)
    drawn = np.array(
        [
            cell.yes
            + chance.binomial(
                cell.of - cell.labelled,
                chance.beta(cell.yes + 0.5, cell.labelled - cell.yes + 0.5, size=DRAWS),
            )
            for cell in cells
        ]
    )
    likely = np.array([[cell.of * cell.yes / cell.labelled] for cell in cells])
    said = np.array([cell.says for cell in cells])
    machine = sum(cell.of for cell in cells if cell.says)
    both_drawn, both = drawn[said].sum(0), likely[said].sum()
    people_drawn, people = drawn.sum(0), likely.sum()
    return Estimates(
        of=sum(cell.of for cell in cells),
        precision=_share(both, machine, both_drawn, np.full(DRAWS, machine)),
        recall=_share(both, people, both_drawn, people_drawn),
        f1=_share(2 * both, machine + people, 2 * both_drawn, machine + people_drawn),
    )


def _share(part: float, whole: float, parts: np.ndarray, wholes: np.ndarray) -> Estimate | None:
    """The share with its interval, which always holds it."""
    if not whole:
        return None
    value = float(part / whole)
    low, high = np.quantile(parts[wholes > 0] / wholes[wholes > 0], [0.025, 0.975])
    return Estimate(value=value, low=min(value, float(low)), high=max(value, float(high)))
