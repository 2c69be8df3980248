"""Texts as sets of word n-grams, hashed in numpy over one byte buffer.

A word is a run of letters and digits, case folded away; a word's hash comes from a running
polynomial over the buffer, so no text is cut into Python strings. Equal sets of 64-bit hashes stand
for equal texts: among a million texts two different ones collide with a chance of 1 in 10 million.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

BITS = 48
"""Width of a shingle hash; the 16 bits above it number a text or a pair while sorting."""
_LOW = np.uint64((1 << BITS) - 1)
_BASE = 0x9E3779B97F4A7C15
_TEXTS_AT_ONCE = 1 << 13
_CHARACTERS_AT_ONCE = 1 << 20

_IS_WORD = np.array([not chr(byte).isascii() or chr(byte).isalnum() for byte in range(256)])
# Beyond ASCII every byte counts as a letter, so the usual marks are put aside first.
_MARKS = "‘’“”«»–—…¿¡、。，！？；：（）「」\u00a0\u3000"  # noqa: RUF001 - full-width marks are meant  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shingles:
    """The shingle sets of N texts, one after another."""

    hashes: Hashes
    """48 bits each, rising and distinct within a text."""
    starts: Rows
    """Where each text's begin; N + 1 places."""
    whole: Hashes
    """One hash a text over all its words in order."""

    def sizes(self, rows: Rows) -> Rows:
        """How many shingles each of the texts has: at least one."""
        return self.starts[rows + 1] - self.starts[rows]

    def gather(self, rows: Rows) -> tuple[Rows, Hashes]:
        """The shingles of the texts in that order, each with its place in `rows`."""
        sizes = self.sizes(rows)
        place = np.repeat(np.arange(len(rows)), sizes)
        within = np.arange(len(place)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return place, self.hashes[np.repeat(self.starts[rows], sizes) + within]


def shingle(texts: Iterable[str], words: int) -> Shingles:
    """The sets of word n-grams; a text shorter than `words` is one shingle, hashed whole.

    The texts are read once and let go: an iterator over a file need not fit in memory.
    """
    hashes, sizes, whole = [], [], []
    for batch in _batches(texts):
        batch_hashes, batch_sizes, batch_whole = _shingle_batch(batch, words)
        hashes.append(batch_hashes)
        sizes.append(batch_sizes)
        whole.append(batch_whole)
    starts = np.concatenate([np.zeros(1, np.int64), *sizes]).cumsum()
    empty = np.empty(0, np.uint64)
    return Shingles(np.concatenate([empty, *hashes]), starts, np.concatenate([empty, *whole]))


def mixed(hashes: Hashes) -> Hashes:
    """Every bit spread over all 64 (the finaliser of SplitMix64)."""
    out = hashes ^ (hashes >> np.uint64(30))
    out *= np.uint64(0xBF58476D1CE4E5B9)
    out ^= out >> np.uint64(27)
    out *= np.uint64(0x94D049BB133111EB)
    out ^= out >> np.uint64(31)
    return out


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    """Runs of texts small enough to stay in the cache, none empty."""
    batch: list[str] = []
    characters = 0
    for text in texts:
        batch.append(text)
        characters += len(text)
        if characters >= _CHARACTERS_AT_ONCE or len(batch) == _TEXTS_AT_ONCE:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _shingle_batch(texts: list[str], words: int) -> tuple[Hashes, Rows, Hashes]:
    """Shingles, their number and the whole hash of each text."""
    word_hashes, counts = _words(texts)
    ends = counts.cumsum()
    starts = ends - counts
    whole = mixed(_ranges(word_hashes, starts, ends))
    for row in np.flatnonzero(counts == 0):
        digest = hashlib.blake2b(
            texts[int(row)].strip().encode("utf-8", "surrogatepass"), digest_size=8
        )
        whole[row] = int.from_bytes(digest.digest(), "little")

    row_of = np.repeat(np.arange(len(texts)), counts)
    grams = max(len(word_hashes) - words + 1, 0)
    inside = row_of[:grams] == row_of[words - 1 :][:grams]
    begin = np.flatnonzero(inside)
    gram_hashes = mixed(_ranges(word_hashes, begin, begin + words))
    short = np.flatnonzero(counts < words)
    rows = np.concatenate([row_of[begin], short]).astype(np.uint64)
    values = np.concatenate([gram_hashes, whole[short]]) >> np.uint64(64 - BITS)
    keys = (rows << np.uint64(BITS)) | values
    keys.sort()
    keys = keys[np.concatenate([[True], keys[1:] != keys[:-1]])]
    sizes = np.bincount((keys >> np.uint64(BITS)).astype(np.int64), minlength=len(texts))
    return keys & _LOW, sizes, whole


def _words(texts: list[str]) -> tuple[Hashes, Rows]:
    """The hashes of all words, text after text, and how many words each text has."""
    joined = "\0".join(texts)
    if joined.count("\0") != len(texts) - 1:
        joined = "\0".join(text.replace("\0", " ") for text in texts)
    joined = joined.lower()
    if not joined.isascii():
        for mark in _MARKS:
            joined = joined.replace(mark, " ")
    buffer = np.frombuffer(joined.encode("utf-8", "surrogatepass") + b"\0", np.uint8)
    is_word = _IS_WORD[buffer]
    edges = np.flatnonzero(is_word[1:] != is_word[:-1]) + 1
    if is_word[0]:
        edges = np.concatenate([[0], edges])
    begin, end = edges[::2], edges[1::2]
    text_ends = np.flatnonzero(buffer == 0)
    counts = np.diff(np.searchsorted(begin, text_ends), prepend=0)
    return mixed(_ranges(buffer.astype(np.uint64), begin, end)), counts


def _ranges(values: Hashes, begin: Rows, end: Rows) -> Hashes:
    """The polynomial hash of each range of values, the same wherever the range stands."""
    powers, inverses = _powers(max(len(values), 1).bit_length())
    sums = np.zeros(len(values) + 1, np.uint64)
    np.cumsum((values + np.uint64(1)) * powers[: len(values)], out=sums[1:])
    return (sums[end] - sums[begin]) * inverses[begin]


@lru_cache(maxsize=4)
def _powers(bits: int) -> tuple[Hashes, Hashes]:
    """Powers of the base and of its inverse modulo 2^64, 2^bits + 1 of each."""
    tables = []
    for base in (_BASE, pow(_BASE, -1, 1 << 64)):
        table = np.full((1 << bits) + 1, base, np.uint64)
        table[0] = 1
        tables.append(np.multiply.accumulate(table))
    return tables[0], tables[1]
