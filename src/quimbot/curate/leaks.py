"""Finds protected turns in what is to be trained on, though a word was changed or more was said.

A turn is found where four fifths of its words stand in order in what a learner says, within as many
words as it has; or where a run of its words stands in what anybody says. Turns of a few words are
everyday talk ("Yes, I do."): they are found only where a dialogue teaches on the very same words.

To find the first without comparing everything: a word left out breaks at most two of a turn's word
pairs, one put in breaks one, so of any 3e + 1 pairs one stands where e words are other ones. The
rarest are looked up ("prefix filtering"; Chaudhuri, Ganti and Kaushik, "A primitive operator for
similarity joins in data cleaning", 2006).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz
from rapidfuzz.distance import LCSseq

from quimbot.curate.protected import Protected
from quimbot.records.record import Record
from quimbot.verify.families import taught
from quimbot.verify.kernels import Hashes, Rows
from quimbot.verify.shingles import Shingles, shingle, words_of

EVERYDAY = 5
"""Turns of so many words or fewer are found only when they are all that is taught on."""
_CHANGED = 5
"""One word in so many may be another."""


@dataclass(frozen=True, slots=True)
class Leak:
    """A protected turn that a record gives away."""

    reason: Literal["near-turn", "shared-words"]
    turn: Protected
    words: str
    """Those that both have, in order; `...` where they part."""
    share: float
    """How many of the turn's words these are, 0 to 1."""


class Leaks:
    """Looks for protected turns in records; `run` is how many words in a row tell one."""

    def __init__(self, turns: Sequence[Protected], *, run: int) -> None:
        self._turns = turns
        self._run = run
        texts = [" ".join(turn.words) for turn in turns]
        rows = np.arange(len(texts))
        lengths = np.array([len(turn.words) for turn in turns], np.int64)
        long = lengths > EVERYDAY
        self._other = lengths // _CHANGED
        pairs = shingle(texts, 2)
        self._pairs, self._pairs_of = _distinct(pairs)
        sizes = np.bincount(self._pairs_of, minlength=len(texts))
        self._begins = np.concatenate([[0], sizes.cumsum()])
        self._least = np.maximum(sizes - 3 * self._other, 1)
        rare = self._rarest(long)
        self._rare = _Index(self._pairs[rare], self._pairs_of[rare])
        self._whole = _Index(pairs.whole[~long], rows[~long])
        runs, runs_of = _distinct(shingle(texts, run))
        enough = lengths[runs_of] >= run
        self._runs = _Index(runs[enough], runs_of[enough])

    def find(self, records: Sequence[Record]) -> list[Leak | None]:
        """For each record the protected turn of which it gives most away, if any."""
        found: list[Leak | None] = [None] * len(records)
        for owner, leak in (*self._near(records), *self._shared(records)):
            before = found[owner]
            if before is None or _weight(leak) > _weight(before):
                found[owner] = leak
        return found

    def _near(self, records: Sequence[Record]) -> Iterator[tuple[int, Leak]]:
        """Turns of which a learner says most, or that are all that is taught on."""
        owners, texts, teaches = [], [], []
        for owner, record in enumerate(records):
            own = set(taught(record))
            for message in record.messages:
                if message.role == "user":
                    owners.append(owner)
                    texts.append(message.content)
                    teaches.append(message.content in own)
        said = shingle(texts, 2)
        for text, place in self._whole.hits(said.whole):
            if teaches[text]:
                turn = self._turns[place]
                yield owners[text], Leak("near-turn", turn, " ".join(turn.words), 1.0)
        for text, place in self._likely(said):
            turn = self._turns[place]
            common, shown = covered(turn.words, words_of(texts[text]))
            if common >= len(turn.words) - self._other[place]:
                yield owners[text], Leak("near-turn", turn, shown, common / len(turn.words))

    def _shared(self, records: Sequence[Record]) -> Iterator[tuple[int, Leak]]:
        """Turns of which somebody says a run of words."""
        owners, texts = [], []
        for owner, record in enumerate(records):
            for message in record.messages:
                if message.role != "system":
                    owners.append(owner)
                    texts.append(message.content)
        said = shingle(texts, self._run)
        text_of = _texts_of(said)
        hits = {(int(text_of[shingled]), place) for shingled, place in self._runs.hits(said.hashes)}
        for text, place in hits:
            turn = self._turns[place]
            words = longest_run(turn.words, words_of(texts[text]))
            if len(words) >= self._run:
                share = len(words) / len(turn.words)
                yield owners[text], Leak("shared-words", turn, " ".join(words), share)

    def _likely(self, said: Shingles) -> Iterator[tuple[int, int]]:
        """Texts and turns with as many word pairs in common as a text that gives it away has."""
        text_of = _texts_of(said)
        hits = np.array(list(self._rare.hits(said.hashes)), np.int64).reshape(-1, 2)
        pairs = np.unique(text_of[hits[:, 0]] * np.int64(len(self._turns)) + hits[:, 1])
        text, turn = pairs // len(self._turns), pairs % len(self._turns)
        there = np.sort(_joint(text_of, said.hashes))
        sizes = np.diff(self._begins)[turn]
        place = np.repeat(np.arange(len(turn)), sizes)
        within = np.arange(len(place)) - np.repeat(sizes.cumsum() - sizes, sizes)
        wanted = _joint(text[place], self._pairs[self._begins[turn[place]] + within])
        at = np.minimum(np.searchsorted(there, wanted), max(len(there) - 1, 0))
        common = np.bincount(place, there[at] == wanted, len(turn))
        enough = common >= self._least[turn]
        return zip(text[enough].tolist(), turn[enough].tolist(), strict=True)

    def _rarest(self, rows: npt.NDArray[np.bool_]) -> Rows:
        """Places of so many pairs of each of the rows that one of any `least` is among them."""
        _, which, times = np.unique(self._pairs, return_inverse=True, return_counts=True)
        order = np.lexsort((self._pairs, times[which], self._pairs_of))
        rank = np.arange(len(order)) - self._begins[self._pairs_of]
        sizes = np.diff(self._begins)[self._pairs_of]
        taken: Rows = order[(rank <= sizes - self._least[self._pairs_of]) & rows[self._pairs_of]]
        return taken


class _Index:
    """Turns by the hashes that stand for them."""

    def __init__(self, hashes: Hashes, turns: Rows) -> None:
        order = np.argsort(hashes, kind="stable")
        self._hashes, self._turns = hashes[order], turns[order]

    def hits(self, hashes: Hashes) -> Iterator[tuple[int, int]]:
        """Places among the hashes, each with a turn that it stands for."""
        begin = np.searchsorted(self._hashes, hashes, side="left")
        times = np.searchsorted(self._hashes, hashes, side="right") - begin
        place = np.repeat(np.arange(len(hashes)), times)
        within = np.arange(len(place)) - np.repeat(times.cumsum() - times, times)
        turns = self._turns[np.repeat(begin, times) + within]
        return zip(place.tolist(), turns.tolist(), strict=True)


def covered(turn: Sequence[str], said: Sequence[str]) -> tuple[int, str]:
    """How many of the turn's words stand in order within as many words of a text, and which."""
    edge = [""] * len(turn)  # no word: windows at the ends of the text are as long as all others
    said = [*edge, *said, *edge]
    found = fuzz.partial_ratio_alignment(turn, said)
    assert found is not None  # no lower limit was set
    window = said[found.dest_start : found.dest_end]
    runs = [
        " ".join(turn[block.src_start : block.src_end])
        for block in LCSseq.opcodes(turn, window)
        if block.tag == "equal"
    ]
    return LCSseq.similarity(turn, window), " ... ".join(runs)


def longest_run(turn: Sequence[str], said: Sequence[str]) -> Sequence[str]:
    """The most words in a row that both have."""
    block = SequenceMatcher(None, turn, said, autojunk=False).find_longest_match()
    return turn[block.a : block.a + block.size]


def _texts_of(grams: Shingles) -> Rows:
    """For each n-gram the text that it stands in."""
    return np.repeat(np.arange(len(grams.whole)), np.diff(grams.starts))


def _distinct(grams: Shingles) -> tuple[Hashes, Rows]:
    """The n-grams of each text, text after text and each once, and whose they are."""
    texts = _texts_of(grams)
    order = np.lexsort((grams.hashes, texts))
    hashes, texts = grams.hashes[order], texts[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = (hashes[1:] != hashes[:-1]) | (texts[1:] != texts[:-1])
    return hashes[new], texts[new]


def _joint(texts: Rows, hashes: Hashes) -> Hashes:
    # Times an odd number beyond the width of a hash: different for different texts.
    return (texts.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) ^ hashes


def _weight(leak: Leak) -> tuple[float, str, str]:
    return leak.share, leak.turn.at, leak.turn.id
