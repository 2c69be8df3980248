"""Which of near texts stay, given the buckets that texts share.

Texts are numbered by rank: what is to be kept first comes first. By representative, a text falls
only if a kept text is near; the kept ones are those of taking texts one by one. They are taken in
blocks, each compared with those kept so far, then within itself. By component, all that chains of
near texts connect belong together; the texts of a bucket are compared with its first, then with its
second, until all of them are one.

No bucket costs comparisons by the square of its size: a text is compared with the first `CROWD`
kept ones of a bucket, a bucket with the first `CROWD` of its texts, and how many texts that could
concern is told.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quimbot.verify.buckets import CROWD, Buckets
from quimbot.verify.kernels import Rows, runs

_FIRST_BLOCK, _LAST_BLOCK, _LEAST_BLOCK = 1 << 10, 1 << 16, 1 << 7
_PAIRS_A_TEXT = 64
_PAIRS_AT_ONCE = 1 << 20
_HALF = np.uint64(32)
_LOW_HALF = np.uint64((1 << 32) - 1)

Mask = npt.NDArray[np.bool_]
Overlaps = npt.NDArray[np.float64]
Near = Callable[[Rows, Rows], Overlaps]
"""The overlap of each pair where it reaches the threshold, else 0."""


@dataclass(frozen=True, slots=True)
class Links:
    """What each of N texts is linked to."""

    to: Rows
    """The kept text that it falls for, or itself."""
    similarity: Overlaps
    """The overlap with it."""
    crowded: Mask
    """Whether it shared a bucket with more kept texts than it was compared with."""


def representatives(found: Buckets, count: int, owned: int, near: Near) -> Links:
    """Link each text that falls to the nearest of the kept ones it was compared with.

    The first `owned` texts are kept, whatever is near them.
    """
    links = Links(np.arange(count), np.ones(count), np.zeros(count, np.bool_))
    kept = _Kept(found)
    rows = found.shared(count)
    begin, block = int(np.searchsorted(rows, owned)), _FIRST_BLOCK
    for start in range(0, begin, _LAST_BLOCK):
        taken = rows[start : min(start + _LAST_BLOCK, begin)]
        kept.add(taken, *found.entries(taken))
    while begin < len(rows):
        taken = rows[begin : begin + block]
        place, bucket = found.entries(taken)
        stays = ~kept.fallen(taken, place, bucket, near, links)
        alive = stays[place]
        place, bucket = place[alive], bucket[alive]
        pairs = _Within(place, bucket)
        if pairs.count > _PAIRS_A_TEXT * len(taken) and len(taken) > _LEAST_BLOCK:
            block = len(taken) // 2
            continue
        stays &= ~_fallen_within(taken, pairs, near, links)
        alive = stays[place]
        kept.add(taken, place[alive], bucket[alive])
        begin += len(taken)
        block = min(2 * block, _LAST_BLOCK)
    return links


class _Kept:
    """The first kept texts of each bucket."""

    def __init__(self, found: Buckets) -> None:
        self._count = np.zeros(len(found.sizes), np.int64)
        room = np.minimum(found.sizes, CROWD)
        self._starts = room.cumsum() - room
        self._texts = np.empty(int(room.sum()), np.int32)

    def add(self, taken: Rows, place: Rows, bucket: Rows) -> None:
        """Keep texts, by rank, in their buckets."""
        order = np.argsort((bucket.astype(np.uint64) << _HALF) | place.astype(np.uint64))
        place, bucket = place[order], bucket[order]
        start, size = runs(bucket)
        nth = self._count[bucket] + np.arange(len(bucket)) - np.repeat(start, size)
        fits = nth < CROWD
        self._texts[self._starts[bucket[fits]] + nth[fits]] = taken[place[fits]]
        self._count[bucket[start]] += size

    def fallen(self, taken: Rows, place: Rows, bucket: Rows, near: Near, links: Links) -> Mask:
        """Which of the texts are near a kept one; each is linked to the nearest."""
        fallen = np.zeros(len(taken), np.bool_)
        count = self._count[bucket]
        links.crowded[taken[place[count > CROWD]]] = True
        held = count > 0
        place, bucket, count = place[held], bucket[held], np.minimum(count[held], CROWD)
        ends = count.cumsum()
        begin = 0
        while begin < len(place):
            before = int(ends[begin - 1]) if begin else 0
            end = int(np.searchsorted(ends, before + _PAIRS_AT_ONCE, side="right"))
            if end < len(place):  # all of a text's pairs at once
                end = int(np.searchsorted(place, place[end], side="left"))
            if end <= begin:
                end = int(np.searchsorted(place, place[begin], side="right"))
            times = count[begin:end]
            within = np.arange(times.sum()) - np.repeat(times.cumsum() - times, times)
            left = self._texts[np.repeat(self._starts[bucket[begin:end]], times) + within]
            left, right = _distinct(left, np.repeat(place[begin:end], times))
            fallen |= _linked(taken, left, right, near(left, taken[right]), links)
            begin = end
        return fallen


class _Within:
    """The pairs of a block's texts that share a bucket."""

    def __init__(self, place: Rows, bucket: Rows) -> None:
        packed = (bucket.astype(np.uint64) << _HALF) | place.astype(np.uint64)
        packed.sort()
        start, size = runs(packed >> _HALF)
        self._place = (packed & _LOW_HALF).astype(np.int64)
        self._later = np.repeat(start + size, size) - np.arange(len(packed)) - 1
        self.count = int(self._later.sum())

    def distinct(self) -> tuple[Rows, Rows]:
        """Each pair once, the lower rank on the left."""
        later = self._later
        within = np.arange(self.count) - np.repeat(later.cumsum() - later, later)
        entry = np.repeat(np.arange(len(later)), later)
        return _distinct(self._place[entry], self._place[entry + 1 + within])


def _fallen_within(taken: Rows, pairs: _Within, near: Near, links: Links) -> Mask:
    """Which texts of a block fall for others of it; each is linked to the nearest that stays.

    Taking them one by one is done in rounds: whatever waits for no other stays, and what is near it
    falls (Blelloch, Fineman and Shun, "Greedy sequential maximal independent set and matching are
    parallel on average", 2012).
    """
    left, right = pairs.distinct()
    similarity = near(taken[left], taken[right])
    hit = similarity > 0
    left, right, similarity = left[hit], right[hit], similarity[hit]
    fallen = np.zeros(len(taken), np.bool_)
    open_left, open_right = left, right
    while len(open_left):
        waits = np.zeros(len(taken), np.bool_)
        waits[open_right] = True
        fallen[open_right[~waits[open_left]]] = True
        still = ~fallen[open_left] & ~fallen[open_right]
        open_left, open_right = open_left[still], open_right[still]
    stays = ~fallen[left]
    _linked(taken, taken[left[stays]], right[stays], similarity[stays], links)
    return fallen


def _linked(taken: Rows, left: Rows, right: Rows, similarity: Overlaps, links: Links) -> Mask:
    """Link places of a block to the nearest kept text; of equally near ones, the first."""
    hits = np.flatnonzero(similarity)
    order = hits[np.lexsort((left[hits], -similarity[hits], right[hits]))]
    best = order[runs(right[order])[0]]
    fallen = np.zeros(len(taken), np.bool_)
    fallen[right[best]] = True
    links.to[taken[right[best]]] = left[best]
    links.similarity[taken[right[best]]] = similarity[best]
    return fallen


def _distinct(left: npt.NDArray[np.integer], right: Rows) -> tuple[Rows, Rows]:
    """Each pair once, ordered by the right."""
    packed = (right.astype(np.uint64) << _HALF) | left.astype(np.uint64)
    packed.sort()
    packed = packed[runs(packed)[0]]
    return (packed & _LOW_HALF).astype(np.int64), (packed >> _HALF).astype(np.int64)


def components(found: Buckets, count: int, near: Near) -> Links:
    """Link each text to the first of those that chains of near texts connect it with.

    The similarity is left at 1.
    """
    labels = np.arange(count)
    crowded = np.zeros(count, np.bool_)
    for ids in found.of:
        packed = found.members(ids)
        for _ in range(CROWD):
            row = (packed & _LOW_HALF).astype(np.int64)
            start, size = runs(packed >> _HALF)
            of_row = labels[row]
            parted = np.zeros(len(start), np.bool_)
            if len(start):
                least = np.minimum.reduceat(of_row, start)
                parted = least != np.maximum.reduceat(of_row, start)
            open_ = np.repeat(parted, size)
            first = np.zeros(len(row), np.bool_)
            first[start] = True
            if not open_.any():
                packed = packed[:0]
                break
            left = np.repeat(row[start], size)
            check = open_ & ~first & (labels[left] != of_row)
            pairs = _distinct(left[check], row[check])
            hit = near(*pairs) > 0
            labels = joined(labels, pairs[0][hit], pairs[1][hit])
            packed = packed[open_ & ~first]
        crowded[(packed & _LOW_HALF).astype(np.int64)] = True
    return Links(labels, np.ones(count), crowded)


def joined(labels: Rows, left: Rows, right: Rows) -> Rows:
    """Labels after the pairs were joined: each set is called after its lowest row."""
    labels = labels.copy()
    while (labels[left] != labels[right]).any():
        low = np.minimum(labels[left], labels[right])
        np.minimum.at(labels, labels[left], low)
        np.minimum.at(labels, labels[right], low)
        while (labels[labels] != labels).any():
            labels = labels[labels]
    return labels
