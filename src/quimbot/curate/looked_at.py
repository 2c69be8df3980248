"""The rows of a corpus that are looked at closely: all, or a sample drawn by hash."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quimbot.records.record import Record


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is looked at, and what was found about it among all rows."""

    record: Record
    repeats: str
    """Slug of what it repeats; empty where the row itself stays."""


def drawn(
    ids: npt.NDArray[np.uint64], ties: npt.NDArray[np.uint64], size: int
) -> npt.NDArray[np.bool_]:
    """Which rows are looked at: the `size` ones whose hash is least, in whatever order they stand.

    Rows that are copies of each other are drawn apart, so that a corpus of copies is not looked
    at as a few large lumps.
    """
    order = np.lexsort((ties, ids))
    ordered = ids[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(ids)])
    copy = np.arange(len(ids)) - np.repeat(starts, np.diff(starts, append=len(ids)))
    hashes = _mixed(ordered + copy.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    taken = np.zeros(len(ids), np.bool_)
    taken[order[np.argsort(hashes, kind="stable")[:size]]] = True
    return taken


def _mixed(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """SplitMix64's finaliser: neighbours become strangers."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))
