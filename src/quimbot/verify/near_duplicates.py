"""Exact and near duplicates among texts: word shingles, MinHash, and a check of every candidate.

A text is the set of its word n-grams; texts whose sets overlap by the threshold or more (Jaccard)
are near. Texts of the same words are found first, by one hash each. Among the others MinHash bands
only propose pairs; each is checked on the sets, so nothing falls by chance. No order of the input
changes the result.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from quimbot.exceptions import RecipeError
from quimbot.records.record import Record, Verdict
from quimbot.records.texts import dialogue_text
from quimbot.verify.buckets import in_buckets
from quimbot.verify.engines import chosen, kernels
from quimbot.verify.kernels import BAND_FACTOR, Engine, Hashes, Lanes, Rows, runs
from quimbot.verify.linking import Links, components, joined, representatives
from quimbot.verify.overlap import Overlap
from quimbot.verify.shingles import Shingles, shingle

Link = Literal["representative", "components"]
Labels = npt.NDArray[np.integer]

_SEED = 20_480
_FIRST = np.iinfo(np.int64).min


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
    crowded: int
    """Texts that had more candidates of one bucket than they were compared with; see `linking`."""
    engine: Engine
    """What computed it, never `auto`; the results are the same."""


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
        self.threshold = threshold
        self.words = words
        self.bands = bands
        self.rows = rows
        self.engine = engine
        chosen(engine, 0)  # an unknown one is refused here

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
            shingle(texts, self.words, self.engine),
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
        kinds: Labels | None = None,
        priorities: Labels | None = None,
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
        every = np.arange(len(sets.whole))
        mine = every < owned
        order = np.zeros(len(every), np.int64) if priorities is None else priorities
        first, ranked = _ranked(sets.whole, np.where(mine, _FIRST, order), ties)
        links = self._links(sets, ranked, int(mine[ranked].sum()), kinds, link)
        group, similarity = every.copy(), np.ones(len(every), np.float32)
        group[ranked], similarity[ranked] = ranked[links.to], links.similarity
        group, similarity = group[first], similarity[first]
        group[mine], similarity[mine] = every[mine], 1
        return Matches(
            kept=np.where(group == every, -1, group),
            similarity=similarity,
            copy=(first != every) & ~mine,
            group=group,
            crowded=int(links.crowded.sum()),
            engine=chosen(self.engine, len(sets.hashes)),
        )

    def components(self, texts: Iterable[str], groups: Sequence[str]) -> Rows:
        """A label for each text: texts of one group, of the same words or near share theirs."""
        return self.joined(shingle(texts, self.words, self.engine), _codes(groups))

    def joined(self, sets: Shingles, groups: Labels) -> Rows:
        """A label for each text, its lowest row: those of one group, the same words or near."""
        every = np.arange(len(sets.whole))
        first, ranked = _ranked(sets.whole, np.zeros(len(every), np.int64), None)
        links = self._links(sets, ranked, 0, None, "components")
        of_group, _ = _ranked(groups.astype(np.uint64), np.zeros(len(every), np.int64), None)
        labels = joined(every, every, first)
        labels = joined(labels, every, of_group)
        return joined(labels, ranked, ranked[links.to])

    def _links(
        self, sets: Shingles, ranked: Rows, owned: int, kinds: Labels | None, link: Link
    ) -> Links:
        """What each of the distinct texts, by rank, is linked to."""
        code = np.zeros(len(ranked), np.int64)
        if kinds is not None:
            code = np.unique(kinds, return_inverse=True)[1][ranked]
        run = kernels(self.engine, len(sets.hashes))
        keys_BN = run.band_keys(sets.hashes, sets.starts, ranked, *self._moves())
        keys_BN ^= code.astype(np.uint32) * np.uint32(BAND_FACTOR)  # no bucket holds two kinds
        found = in_buckets(keys_BN)
        checked = found.shared(len(ranked))
        overlap = Overlap(sets, ranked, checked, code, threshold=self.threshold, kernels=run)
        if link == "representative":
            return representatives(found, len(ranked), owned, overlap.near)
        links = components(found, len(ranked), overlap.near)
        fallen = np.flatnonzero(links.to != np.arange(len(ranked)))
        links.similarity[fallen] = overlap.exact(links.to[fallen], fallen)
        return links

    def _moves(self) -> tuple[Lanes, Lanes]:
        """Factors and offsets by which each row of each band reorders the hashes."""
        random = np.random.default_rng(_SEED)
        shape = (self.bands, self.rows)
        # x -> (x ^ b) * a modulo 2^32 reorders 32-bit hashes; a must be odd to lose none.
        factors = random.integers(0, 1 << 32, shape, np.uint32) | np.uint32(1)
        return factors, random.integers(0, 1 << 32, shape, np.uint32)


def reason(match: Match) -> str:
    """The slug under which a duplicate is rejected."""
    return "exact-duplicate" if match.copy else "near-duplicate"


def _codes(labels: Sequence[str]) -> Labels:
    """Labels as numbers, equal for equal labels."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in labels], np.int64)


def _ranked(labels: Hashes, order: Rows, ties: Hashes | None) -> tuple[Rows, Rows]:
    """For each row the first with its label, and these first ones by order and label."""
    by_label = np.lexsort((order, labels) if ties is None else (ties, order, labels))
    start, size = runs(labels[by_label])
    firsts = by_label[start]
    first = np.empty(len(labels), np.int64)
    first[by_label] = np.repeat(firsts, size)
    return first, firsts[np.argsort(order[firsts], kind="stable")]
