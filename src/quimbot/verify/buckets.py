"""Buckets of texts that share the key of a MinHash band: what is in one together may be near."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quimbot.verify.kernels import Hashes, Lanes, Rows, runs
from quimbot.verify.numpy_kernels import mixed

CROWD = 32
"""How many texts of a bucket another is compared with at most."""
_HALF = np.uint64(32)
_LOW_HALF = np.uint64((1 << 32) - 1)

Ids = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Buckets:
    """Which bucket each of N texts is in, band by band."""

    of: tuple[Ids, ...]
    """For each band the bucket of each text, -1 where it is alone."""
    sizes: Rows
    """How many texts are in each bucket."""

    def shared(self, count: int) -> Rows:
        """The texts that are in a bucket with another."""
        found = np.zeros(count, np.bool_)
        for ids in self.of:
            found |= ids >= 0
        return np.flatnonzero(found)

    def entries(self, rows: Rows) -> tuple[Rows, Rows]:
        """Places in `rows`, rising, and for each a bucket of that text."""
        ids_NB = np.stack([ids[rows] for ids in self.of], axis=1)
        place, band = np.nonzero(ids_NB >= 0)
        return place, ids_NB[place, band].astype(np.int64)

    def members(self, ids: Ids) -> Hashes:
        """The texts of a band, as low halves below their bucket, in order."""
        rows = np.flatnonzero(ids >= 0)
        packed = (ids[rows].astype(np.uint64) << _HALF) | rows.astype(np.uint64)
        packed.sort()
        return packed


def in_buckets(keys_BN: Lanes) -> Buckets:
    """The buckets of equal keys of a band; the keys are written over.

    Members of a bucket larger than a crowd are also told apart by the next band's key.
    """
    of: list[Ids] = []
    crowds: list[Ids] = []
    sizes: list[Rows] = [np.empty(0, np.int64)]
    known = 0
    after = [*keys_BN[1:], *keys_BN[:1].copy()]
    for keys, beside in zip(keys_BN, after, strict=True):
        packed = (keys.astype(np.uint64) << _HALF) | np.arange(len(keys), dtype=np.uint64)
        ids, counts = _numbered(packed, keys.view(np.int32), known)
        of.append(ids)
        sizes.append(counts)
        shared = np.flatnonzero(ids >= 0)
        large = shared[counts[ids[shared] - known] > CROWD]
        known += len(counts)
        if len(large):
            both = mixed((ids[large].astype(np.uint64) << _HALF) | beside[large])
            packed = (both & ~_LOW_HALF) | large.astype(np.uint64)
            ids, counts = _numbered(packed, np.empty(len(keys), np.int32), known)
            crowds.append(ids)
            sizes.append(counts)
            known += len(counts)
    return Buckets((*of, *crowds), np.concatenate(sizes))


def _numbered(packed: Hashes, ids: Ids, begin: int) -> tuple[Ids, Rows]:
    """Numbers from `begin` for what shares a high half, at the places that the low halves give."""
    ids.fill(-1)
    packed.sort()
    _, size = runs(packed >> _HALF)
    sizes = size[size > 1]
    members = packed[np.repeat(size > 1, size)] & _LOW_HALF
    ids[members] = np.repeat(np.arange(begin, begin + len(sizes)), sizes)
    return ids, sizes
