"""The inner loops of near-duplicate search, in numpy or compiled by numba; results are the same."""

from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Lanes = npt.NDArray[np.uint32]
Engine = Literal["auto", "numpy", "numba"]

HASH_BITS = 48
"""Width of a shingle hash; the bits beside it number a pair while sorting."""
CHUNK_FACTOR = 0x9E3779B97F4A7C15
WORD_FACTOR = 0xC2B2AE3D27D4EB4F
GRAM_FACTOR = 0xD6E8FEB86659FD93
TEXT_FACTOR = 0xA0761D6478BD642F
BAND_FACTOR = 0x9E3779B1
SPACE = 32


class Kernels(Protocol):
    """What an engine computes."""

    def cut(self, text: bytes, words: int) -> tuple[Hashes, Rows, Hashes]:
        """Word n-grams of texts, the number of words of each text, and a hash of all its words.

        Each text ends with a zero byte; a space or any byte below it is between words. A text of
        fewer than `words` words has no n-gram.
        """
        ...

    def band_keys(
        self, hashes: Hashes, starts: Rows, rows: Rows, factors: Lanes, offsets: Lanes
    ) -> Lanes:
        """For each band (of `factors_BR`) and row the hash of its R least lanes.

        A lane is the low half of a hash under x -> (x ^ offset) * factor modulo 2^32.
        """
        ...

    def overlaps(
        self, hashes: Hashes, starts: Rows, left: Rows, right: Rows
    ) -> npt.NDArray[np.float64]:
        """The exact Jaccard overlap of the hashes of each pair of rows."""
        ...


def runs(values: npt.NDArray[np.generic]) -> tuple[Rows, Rows]:
    """Where each run of equal values begins, and how long it is."""
    first = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=first[1:])
    start = np.flatnonzero(first)
    return start, np.diff(start, append=len(values))


def cuts(sizes: Rows, at_once: int, most: int) -> list[tuple[int, int]]:
    """Runs of rows of about `at_once` elements in all, at least one row and at most so many."""
    ends, found, begin = np.cumsum(sizes), [], 0
    while begin < len(sizes):
        before = int(ends[begin - 1]) if begin else 0
        end = int(np.searchsorted(ends, before + at_once, side="right"))
        end = min(max(end, begin + 1), begin + most)
        found.append((begin, end))
        begin = end
    return found
