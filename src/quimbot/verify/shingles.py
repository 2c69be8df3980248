"""Texts as word n-grams, hashed over one byte buffer.

A word is a run of letters and digits, case folded away. Equal sets of hashes stand for equal texts:
among a million texts two different ones collide with a chance of 1 in 10 million.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from quimbot.verify.engines import kernels
from quimbot.verify.kernels import HASH_BITS, SPACE, Engine, Hashes, Rows

_TEXTS_AT_ONCE = 1 << 13
_CHARACTERS_AT_ONCE = 1 << 19

# Beyond ASCII every byte counts as a letter, so the usual marks are put aside first.
_MARKS = "‘’“”«»–—…¿¡、。，！？；：（）「」\u00a0\u3000"  # noqa: RUF001 - full-width marks are meant  # fmt: skip
_ASCII = 128
_WORDS = bytes(
    byte if byte in (0, *range(_ASCII, 256)) or chr(byte).isalnum() else SPACE
    for byte in bytes(range(256)).lower()
)
"""What each byte counts as: a letter or digit in lower case, a space, the end of a text."""
_MARKS_AS_WORDS = bytes(
    byte if byte == 0 or not chr(byte).isspace() else SPACE for byte in range(_ASCII)
) + bytes(range(_ASCII, 256))
"""The same for a text without letters and digits: its marks are its words."""
_WORDLESS = np.uint64(0x5851F42D4C957F2D)
_WORD = re.compile(r"[0-9a-z\u0080-\U0010ffff]+")


@dataclass(frozen=True, slots=True)
class Shingles:
    """The word n-grams of N texts, one text after another."""

    hashes: Hashes
    """48 bits each, in the order of the text, so one may come again."""
    starts: Rows
    """Where each text's begin; N + 1 places. Every text has at least one."""
    whole: Hashes
    """One hash a text over all its words in order."""


def shingle(texts: Iterable[str], words: int, engine: Engine = "auto") -> Shingles:
    """The word n-grams; a text shorter than `words` is one shingle, hashed whole.

    The texts are read once and let go: an iterator over a file need not fit in memory.
    """
    hashes, sizes, whole = (_Column(kind) for kind in (np.uint64, np.int64, np.uint64))
    sizes.add(np.zeros(1, np.int64))
    for batch in _batches(texts):
        cut = kernels(engine, len(hashes)).cut
        grams, counts, wholes = cut(_bytes(batch).translate(_WORDS), words)
        wordless = np.flatnonzero(counts == 0)
        if len(wordless):
            marks = _bytes([batch[row] for row in wordless.tolist()]).translate(_MARKS_AS_WORDS)
            wholes[wordless] = cut(marks, 1)[2] ^ _WORDLESS
        size = np.maximum(counts - words + 1, 0)
        short = np.flatnonzero(size == 0)
        if len(short):
            values = wholes[short] >> np.uint64(64 - HASH_BITS)
            grams = np.insert(grams, size.cumsum()[short], values)
            size[short] = 1
        hashes.add(grams)
        sizes.add(size)
        whole.add(wholes)
    starts = sizes.whole()
    return Shingles(hashes.whole(), np.cumsum(starts, out=starts), whole.whole())


def words_of(text: str) -> list[str]:
    """The words of a text as `shingle` tells them apart, where they themselves are wanted."""
    return _WORD.findall(text.lower() if text.isascii() else _folded(text))


class _Column:
    """An array that grows at its end without a second copy of it."""

    def __init__(self, kind: type[np.generic]) -> None:
        self._array = np.empty(1 << 12, kind)
        self._length = 0

    def add(self, values: np.ndarray) -> None:
        end = self._length + len(values)
        if end > len(self._array):
            self._array.resize(end + end // 8, refcheck=False)
        self._array[self._length : end] = values
        self._length = end

    def __len__(self) -> int:
        return self._length

    def whole(self) -> np.ndarray:
        self._array.resize(self._length, refcheck=False)
        return self._array


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


def _bytes(texts: list[str]) -> bytes:
    """The texts one after another, each ended by a zero byte; beyond ASCII in lower case."""
    joined = "\0".join(texts)
    if joined.count("\0") != len(texts) - 1:
        texts = [text.replace("\0", " ") for text in texts]
        joined = "\0".join(texts)
    if not joined.isascii():
        places = [place for place, text in enumerate(texts) if not text.isascii()]
        folded = _folded("\0".join(texts[place] for place in places)).split("\0")
        texts = texts.copy()
        for place, text in zip(places, folded, strict=True):
            texts[place] = text
        joined = "\0".join(texts)
    return joined.encode("utf-8", "surrogatepass") + b"\0"


def _folded(text: str) -> str:
    """The text in lower case, composed, with spaces for marks."""
    text = unicodedata.normalize("NFC", text.lower())
    for mark in _MARKS:
        text = text.replace(mark, " ")
    return text
