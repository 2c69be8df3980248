"""How much the shingle sets of two texts overlap: exact, after a bound that needs no sets."""

import numpy as np
import numpy.typing as npt

from quimbot.verify.kernels import Hashes, Kernels, Rows, cuts
from quimbot.verify.shingles import Shingles

_SHINGLES_AT_ONCE = 1 << 15
_PAIRS_AT_ONCE = 1 << 14
_WORDS = 4
_BIT = np.uint64(63)


class Overlap:
    """Checks pairs of ranked texts by the Jaccard overlap of their sets."""

    def __init__(
        self,
        sets: Shingles,
        ranked: Rows,
        checked: Rows,
        kinds: Rows,
        *,
        threshold: float,
        kernels: Kernels,
    ) -> None:
        self._sets = sets
        self._ranked = ranked
        self._kinds = kinds
        self._threshold = threshold
        self._kernels = kernels
        self._sizes = sets.starts[ranked + 1] - sets.starts[ranked]
        self._maps = np.zeros((len(ranked), _WORDS), np.uint64)
        self._maps[checked] = _bitmaps(sets, ranked[checked])

    def near(self, left: Rows, right: Rows) -> npt.NDArray[np.float64]:
        """The overlap of each pair where it reaches the threshold, else 0."""
        found = np.zeros(len(left))
        possible = np.flatnonzero(self._possible(left, right))
        overlaps = self.exact(left[possible], right[possible])
        found[possible] = np.where(overlaps >= self._threshold, overlaps, 0)
        return found

    def exact(self, left: Rows, right: Rows) -> npt.NDArray[np.float64]:
        """The overlap of each pair."""
        ranked = self._ranked
        return self._kernels.overlaps(
            self._sets.hashes, self._sets.starts, ranked[left], ranked[right]
        )

    def _possible(self, left: Rows, right: Rows) -> npt.NDArray[np.bool_]:
        """Whether a pair is of one kind and could reach the threshold.

        Every bit that only one of two bitmaps has is a shingle that only one of the sets has, so
        with sizes summing to s and d such bits the overlap is at most (s - d) / (s + d) (Sandes,
        Teodoro and Melo, "Bitmap filter: speeding up exact set similarity joins", 2020).
        """
        found = np.empty(len(left), np.bool_)
        for begin in range(0, len(left), _PAIRS_AT_ONCE):
            one, two = left[begin : begin + _PAIRS_AT_ONCE], right[begin : begin + _PAIRS_AT_ONCE]
            differ = self._maps.take(one, axis=0) ^ self._maps.take(two, axis=0)
            alone = _sums_of_four(np.bitwise_count(differ))
            total = self._sizes[one] + self._sizes[two]
            could = total - alone >= self._threshold * (total + alone)
            found[begin : begin + _PAIRS_AT_ONCE] = could & (self._kinds[one] == self._kinds[two])
        return found


def _sums_of_four(counts: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
    """The sum of each row of four, added in the lanes of one number."""
    lanes: npt.NDArray[np.uint32] = counts.view(np.uint32)[:, 0]
    pairs = (lanes & np.uint32(0xFF00FF)) + ((lanes >> np.uint32(8)) & np.uint32(0xFF00FF))
    sums: npt.NDArray[np.uint32] = (pairs + (pairs >> np.uint32(16))) & np.uint32(0xFFFF)
    return sums


def _bitmaps(sets: Shingles, rows: Rows) -> Hashes:
    """For each text 256 bits, those set that its shingles hash to."""
    maps = np.zeros((len(rows), _WORDS), np.uint64)
    sizes = sets.starts[rows + 1] - sets.starts[rows]
    for begin, end in cuts(sizes, _SHINGLES_AT_ONCE, most=len(rows)):
        size = sizes[begin:end]
        first = size.cumsum() - size
        at = np.arange(size.sum()) + np.repeat(sets.starts[rows[begin:end]] - first, size)
        hashes = sets.hashes[at]
        bits = np.uint64(1) << (hashes & _BIT)
        word = (hashes >> np.uint64(6)) & np.uint64(_WORDS - 1)
        for number in range(_WORDS):
            here = np.where(word == np.uint64(number), bits, np.uint64(0))
            maps[begin:end, number] = np.bitwise_or.reduceat(here, first)
    return maps
