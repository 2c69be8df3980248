"""Exact and near duplicates among texts: word shingles, MinHash, and a check of every candidate.

A text is the set of its word n-grams; texts whose sets overlap by the threshold or more (Jaccard)
are near. MinHash bands only propose pairs; each is checked on the sets, so nothing falls by chance.

Linking is by representative: a text falls only if a kept text is near, so a chain of small edits
does not swallow its far end. Texts are kept as if taken one by one in an order by priority and hash
of the words, which no order of the input can change. Rounds of local minima give that same set
(Blelloch, Fineman and Shun, "Greedy sequential maximal independent set and matching are parallel on
average", 2012).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from quimbot.exceptions import RecipeError
from quimbot.records.record import Record, Verdict
from quimbot.records.texts import dialogue_text
from quimbot.verify.shingles import BITS, Hashes, Rows, Shingles, mixed, shingle

_SHINGLES_AT_ONCE = 1 << 16
_COMPARED_AT_ONCE = 1 << 21
_SEED = 20_480
_FIRST = np.iinfo(np.int64).min

Link = Literal["representative", "components"]
Engine = Literal["auto", "numpy", "numba"]


@dataclass(frozen=True, slots=True)
class Match:
    """What a duplicate is a duplicate of."""

    kept: int
    """Index of the kept text."""
    similarity: float
    """Jaccard overlap with it."""
    copy: bool
    """Word for word the same as a text that is kept, or that fell for this one."""


@dataclass(frozen=True, slots=True)
class Matches:
    """What each of N texts repeats, as columns over the texts."""

    kept: Rows
    """Index of the kept text, -1 where the text itself stays."""
    similarity: npt.NDArray[np.float32]
    """Jaccard overlap with the kept text; 1 where the text itself stays."""
    copy: npt.NDArray[np.bool_]
    """Word for word the same as a text that is kept, or that fell for the kept one."""
    group: Rows
    """Index of the text that stands for the text's group: the kept one, or the text itself."""


class NearDuplicates:
    """Finds duplicates; as a check, one of each kind passes.

    Two texts of overlap J are compared with probability 1 - (1 - J^rows)^bands.
    """

    name = "near-duplicates"

    def __init__(
        self,
        *,
        threshold: float = 0.5,
        words: int = 2,
        bands: int = 32,
        rows: int = 4,
        engine: Engine = "auto",
    ) -> None:
        if not 0 < threshold <= 1:
            raise RecipeError(f"threshold {threshold} must be above 0 and at most 1")
        if engine not in get_args(Engine):
            raise RecipeError(f"unknown engine {engine!r}; expected {', '.join(get_args(Engine))}")
        self.threshold = threshold
        self.words = words
        self.bands = bands
        self.rows = rows
        self.engine = engine

    def check(self, records: Sequence[Record]) -> Sequence[Verdict]:
        """A record fails when a kept one says the same or nearly the same."""
        return [
            Verdict(passed=True)
            if match is None
            else Verdict(passed=False, reason=reason(match), score=match.similarity)
            for match in self.matches([dialogue_text(record) for record in records])
        ]

    def matches(
        self,
        texts: Iterable[str],
        *,
        kinds: Sequence[str] | None = None,
        priorities: Sequence[int] | None = None,
        owned: int = 0,
    ) -> list[Match | None]:
        """For each text the kept text that it repeats, or none when it is kept itself.

        The rules are those of `among`.
        """
        found = self.among(
            shingle(texts, self.words),
            kinds=None if kinds is None else _codes(kinds),
            priorities=None if priorities is None else np.asarray(priorities, np.int64),
            owned=owned,
        )
        columns = (found.kept.tolist(), found.similarity.tolist(), found.copy.tolist())
        return [
            None if kept < 0 else Match(kept, similarity, copy)
            for kept, similarity, copy in zip(*columns, strict=True)
        ]

    def among(
        self,
        sets: Shingles,
        *,
        kinds: npt.NDArray[np.integer] | None = None,
        priorities: npt.NDArray[np.integer] | None = None,
        ties: Hashes | None = None,
        owned: int = 0,
        link: Link = "representative",
    ) -> Matches:
        """For each text the kept text that it repeats.

        Of texts with the same words one stays; near ones fall only within a kind. A lower priority
        is kept first, then what its words' hash puts first; among texts with the same words the
        lower tie (such as a hash of the whole record), then the earlier. The first `owned` texts
        always stay: the others fall for them.

        Linked by representative, a text falls only if a kept text is near; by components, if a
        chain of near texts leads to the kept one, whose own overlap with it may be lower.
        """
        if link not in get_args(Link):
            raise RecipeError(f"unknown link {link!r}; expected {', '.join(get_args(Link))}")
        count = len(sets.whole)
        every = np.arange(count)
        order = np.zeros(count, np.int64) if priorities is None else priorities
        order = np.where(every < owned, _FIRST, order)
        first = _first_of_same(sets.whole, (order,) if ties is None else (ties, order))
        rank = np.empty(count, np.int64)
        rank[np.lexsort((sets.whole, order))] = every
        distinct = np.flatnonzero(first == every)
        kept = np.full(count, -1, np.int64)
        similarity = np.ones(count, np.float32)
        bucket, row = self._buckets(sets, distinct, rank, kinds)
        if link == "representative":
            for fallen, to, overlap in self._fall(sets, bucket, row, owned):
                kept[fallen], similarity[fallen] = to, overlap
        else:
            label = self._linked(sets, bucket, row, every)
            leader = _first_of_same(label.astype(np.uint64), (rank,))
            fallen = np.flatnonzero((leader != every) & (first == every) & (every >= owned))
            kept[fallen] = leader[fallen]
            similarity[fallen] = self._similarities(sets, leader[fallen], fallen)
        copy = (first != every) & (every >= owned)
        stays = kept[first] < 0
        kept[copy] = np.where(stays, first, kept[first])[copy]
        similarity[copy] = similarity[first][copy]
        return Matches(kept, similarity, copy, np.where(kept < 0, every, kept))

    def components(self, texts: Iterable[str], groups: Sequence[str]) -> Rows:
        """A label for each text: texts of one group, of the same words or near share theirs."""
        return self.joined(shingle(texts, self.words), _codes(groups))

    def joined(self, sets: Shingles, groups: npt.NDArray[np.integer]) -> Rows:
        """A label for each text, its group's lowest row: those of one group or near share theirs.

        What has the same words is near.
        """
        every = np.arange(len(sets.whole))
        first = _first_of_same(sets.whole, (every,))
        labels = _joined(every, every, first)
        labels = _joined(labels, every, _first_of_same(groups.astype(np.uint64), (every,)))
        bucket, row = self._buckets(sets, np.flatnonzero(first == every), every, None)
        return self._linked(sets, bucket, row, labels)

    def _linked(self, sets: Shingles, bucket: Rows, row: Rows, labels: Rows) -> Rows:
        """Labels after the texts of a bucket that are near were joined."""
        for left, right in _later_pairs(bucket, row, len(labels)):
            parted = labels[left] != labels[right]  # texts joined already need no check
            near = parted.copy()
            near[parted] = self._similarities(sets, left[parted], right[parted]) >= self.threshold
            labels = _joined(labels, left[near], right[near])
        return labels

    def _buckets(
        self, sets: Shingles, rows: Rows, rank: Rows, kinds: npt.NDArray[np.integer] | None
    ) -> tuple[Rows, Rows]:
        """Texts that share a band, as parallel columns (bucket, text), ordered by bucket and rank.

        Buckets of one are left out.
        """
        kind = np.zeros(len(rank), np.uint64) if kinds is None else mixed(kinds.astype(np.uint64))
        buckets, members, offset = [np.empty(0, np.int64)], [np.empty(0, np.int64)], 0
        for band_keys in self._band_keys(sets, rows):
            keys = band_keys ^ kind[rows]
            order = np.lexsort((rank[rows], keys))
            ordered = keys[order]
            change = np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(rows)]
            bucket = change.cumsum() - 1
            shared = np.bincount(bucket)[bucket] > 1 if len(rows) else change
            buckets.append(bucket[shared] + offset)
            members.append(rows[order[shared]])
            offset += len(rows)
        return np.concatenate(buckets), np.concatenate(members)

    def _band_keys(self, sets: Shingles, rows: Rows) -> Iterator[Hashes]:
        """For each band one key a text; texts with the same set have the same keys."""
        random = np.random.default_rng(_SEED)
        shape = (self.bands, self.rows)
        # x -> (x ^ b) * a modulo 2^32 reorders 32-bit hashes; a must be odd to lose none.
        factors = random.integers(0, 1 << 32, shape, np.uint32) | np.uint32(1)
        offsets = random.integers(0, 1 << 32, shape, np.uint32)
        _, hashes = sets.gather(rows)
        low = hashes.astype(np.uint32)
        starts = np.concatenate([[0], sets.sizes(rows).cumsum()])
        cuts = _cuts(starts, _SHINGLES_AT_ONCE)
        for band in range(self.bands):
            keys = np.full(len(rows), band, np.uint64)
            for factor, offset in zip(factors[band], offsets[band], strict=True):
                for begin, end in cuts:
                    values = (low[starts[begin] : starts[end]] ^ offset) * factor
                    least = np.minimum.reduceat(values, starts[begin:end] - starts[begin])
                    keys[begin:end] = mixed(keys[begin:end] + least)
            yield keys

    def _fall(
        self, sets: Shingles, bucket: Rows, row: Rows, owned: int
    ) -> Iterator[tuple[Rows, Rows, npt.NDArray[np.float64]]]:
        """The texts that fall, the nearest text kept when each fell, and the overlap.

        Members of a bucket stand by rank. In each round a text that stands first wherever it
        stands is kept, and what is near it falls; both leave, and the next come first.
        """
        count = len(sets.whole)
        keep = np.arange(count) < owned
        while len(row):
            if not keep[row].any():
                first = np.concatenate([[True], bucket[1:] != bucket[:-1]])
                leading = np.bincount(row[first], minlength=count)
                keep = (leading == np.bincount(row, minlength=count)) & (leading > 0)
            left, right = _crossed(bucket, row, keep)
            similarity = self._similarities(sets, left, right)
            near = similarity >= self.threshold
            left, right, similarity = left[near], right[near], similarity[near]
            order = np.lexsort((left, -similarity, right))
            best = order[
                np.concatenate([[True], right[order][1:] != right[order][:-1]])[: len(order)]
            ]
            yield right[best], left[best], similarity[best]
            keep[right] = True  # fallen: decided as well
            still = ~keep[row]
            bucket, row = bucket[still], row[still]
            keep = np.zeros(count, np.bool_)

    def _similarities(self, sets: Shingles, left: Rows, right: Rows) -> np.ndarray:
        """The exact Jaccard overlap of each pair."""
        total = sets.sizes(left) + sets.sizes(right)
        common = np.empty(len(left), np.int64)
        for begin, end in _cuts(np.concatenate([[0], total.cumsum()]), _COMPARED_AT_ONCE):
            keys = []
            for side in (left, right):
                place, hashes = sets.gather(side[begin:end])
                keys.append((place.astype(np.uint64) << np.uint64(BITS)) | hashes)
            both = np.concatenate(keys)
            both.sort()
            twice = both[1:][both[1:] == both[:-1]] >> np.uint64(BITS)
            common[begin:end] = np.bincount(twice.astype(np.int64), minlength=end - begin)
        return common / (total - common)


def reason(match: Match) -> str:
    """The slug under which a duplicate is rejected."""
    return "exact-duplicate" if match.copy else "near-duplicate"


def _codes(labels: Sequence[str]) -> Hashes:
    """Labels as numbers from 1, equal for equal labels."""
    _, codes = np.unique(np.asarray(labels, dtype=np.str_), return_inverse=True)
    return codes.astype(np.uint64) + np.uint64(1)


def _first_of_same(labels: Hashes, order: tuple[npt.NDArray[np.generic], ...]) -> Rows:
    """For each row the one with the same label that comes first, by the last key of the order."""
    by_label = np.lexsort((*order, labels))
    ordered = labels[by_label]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(ordered)])
    sizes = np.diff(starts, append=len(ordered))
    first = np.empty(len(labels), np.int64)
    first[by_label] = np.repeat(by_label[starts], sizes)
    return first


def _cuts(starts: Rows, most: int) -> list[tuple[int, int]]:
    """Runs of rows of about `most` elements each, given where each row's begin."""
    cuts, begin, rows = [], 0, len(starts) - 1
    while begin < rows:
        end = int(np.searchsorted(starts, starts[begin] + most, side="right")) - 1
        end = min(max(end, begin + 1), begin + (1 << (64 - BITS)) - 1)
        cuts.append((begin, end))
        begin = end
    return cuts


def _crossed(bucket: Rows, row: Rows, keep: np.ndarray) -> tuple[Rows, Rows]:
    """Distinct pairs of a kept and another text that share a bucket; kept ones stand first."""
    change = np.concatenate([[True], bucket[1:] != bucket[:-1]])
    starts, place = np.flatnonzero(change), change.cumsum() - 1
    kept = np.add.reduceat(keep[row].astype(np.int64), starts)
    others = np.flatnonzero(~keep[row])
    times = kept[place[others]]
    within = np.arange(times.sum()) - np.repeat(times.cumsum() - times, times)
    left = row[np.repeat(starts[place[others]], times) + within]
    right = np.repeat(row[others], times)
    pairs = np.unique(left * np.int64(len(keep)) + right)
    return pairs // len(keep), pairs % len(keep)


def _joined(labels: Rows, left: Rows, right: Rows) -> Rows:
    """Labels after the pairs were joined: each set is called after its lowest row."""
    labels = labels.copy()
    while (labels[left] != labels[right]).any():
        low = np.minimum(labels[left], labels[right])
        np.minimum.at(labels, labels[left], low)
        np.minimum.at(labels, labels[right], low)
        while (labels[labels] != labels).any():
            labels = labels[labels]
    return labels


def _later_pairs(bucket: Rows, row: Rows, count: int) -> Iterator[tuple[Rows, Rows]]:
    """Pairs of texts that share a bucket, in portions without repeats, by their first text."""
    if not len(row):
        return
    starts = np.flatnonzero(np.concatenate([[True], bucket[1:] != bucket[:-1]]))
    ends = np.repeat(np.append(starts[1:], len(bucket)), np.diff(starts, append=len(bucket)))
    by_row = np.argsort(row, kind="stable")
    later = (ends - np.arange(len(row)) - 1)[by_row]
    for begin, end in _cuts(np.concatenate([[0], later.cumsum()]), _COMPARED_AT_ONCE):
        entries, times = by_row[begin:end], later[begin:end]
        within = np.arange(times.sum()) - np.repeat(times.cumsum() - times, times)
        left = np.repeat(row[entries], times)
        right = row[np.repeat(entries + 1, times) + within]
        pairs = np.unique(left * np.int64(count) + right)
        yield pairs // count, pairs % count
