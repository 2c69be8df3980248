"""The inner loops of near-duplicate search, compiled by numba: see `kernels.Kernels`.

Compiled code is kept beside this file, or in numba's folder for the user when that is read-only, so
only the first run on a machine waits for the compiler.
"""

from collections.abc import Callable
from typing import TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

from quimbot.verify.kernels import (
    BAND_FACTOR,
    CHUNK_FACTOR,
    GRAM_FACTOR,
    HASH_BITS,
    SPACE,
    TEXT_FACTOR,
    WORD_FACTOR,
    Hashes,
    Lanes,
    Rows,
)

Loop = TypeVar("Loop", bound=Callable[..., object])
_compiled = cast("Callable[[Loop], Loop]", numba.njit(cache=True))

_CHUNK, _WORD, _GRAM, _TEXT = (
    np.uint64(factor) for factor in (CHUNK_FACTOR, WORD_FACTOR, GRAM_FACTOR, TEXT_FACTOR)
)
_DROPPED = np.uint64(64 - HASH_BITS)
_BAND = np.uint32(BAND_FACTOR)
_LAST_LANE = np.uint32((1 << 32) - 1)
_LEFT, _RIGHT = 1, 2


def cut(text: bytes, words: int) -> tuple[Hashes, Rows, Hashes]:
    """Word n-grams, the number of words of each text, and a hash of all its words."""
    buffer = np.frombuffer(text, np.uint8)
    return _cut(buffer, int(np.count_nonzero(buffer == 0)), words)


@_compiled
def _cut(buffer: npt.NDArray[np.uint8], texts: int, words: int) -> tuple[Hashes, Rows, Hashes]:
    hashes = np.empty(len(buffer) // 2 + 1, np.uint64)
    grams = np.empty(len(buffer) // 2 + 1, np.uint64)
    counts = np.empty(texts, np.int64)
    whole = np.empty(texts, np.uint64)
    at, gram = 0, 0
    for text in range(texts):
        count = 0
        total, power = np.uint64(0), np.uint64(1)
        while buffer[at] != 0:
            if buffer[at] <= SPACE:
                at += 1
                continue
            word, at = _word(buffer, at)
            hashes[count] = word
            total += word * power
            power *= _TEXT
            count += 1
        at += 1
        counts[text] = count
        whole[text] = _mixed(total)
        for begin in range(count - words + 1):
            value = hashes[begin]
            for ahead in range(1, words):
                value = value * _GRAM + hashes[begin + ahead]
            grams[gram] = _mixed(value) >> _DROPPED
            gram += 1
    return grams[:gram].copy(), counts, whole


@_compiled
def _word(buffer: npt.NDArray[np.uint8], at: int) -> tuple[np.uint64, int]:
    """The hash of the word that begins there, eight bytes at a time, and where it ends."""
    word, chunk, shift = np.uint64(0), np.uint64(0), np.uint64(0)
    while buffer[at] > SPACE:
        chunk |= np.uint64(buffer[at]) << shift
        shift += np.uint64(8)
        at += 1
        if shift == np.uint64(64) or buffer[at] <= SPACE:
            word = (word ^ chunk) * _CHUNK
            word ^= word >> np.uint64(32)
            chunk, shift = np.uint64(0), np.uint64(0)
    word *= _WORD
    word ^= word >> np.uint64(29)
    return word, at


@_compiled
def _mixed(value: np.uint64) -> np.uint64:
    value ^= value >> np.uint64(30)
    value *= np.uint64(0xBF58476D1CE4E5B9)
    value ^= value >> np.uint64(27)
    value *= np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


def band_keys(hashes: Hashes, starts: Rows, rows: Rows, factors: Lanes, offsets: Lanes) -> Lanes:
    """For each band and row the hash of its least lanes."""
    return _band_keys(hashes, starts, rows, factors, offsets)


@_compiled
def _band_keys(
    hashes: Hashes, starts: Rows, rows: Rows, factors_BR: Lanes, offsets_BR: Lanes
) -> Lanes:
    bands, rows_of_band = factors_BR.shape
    keys = np.empty((bands, len(rows)), np.uint32)
    factors, offsets = factors_BR.ravel(), offsets_BR.ravel()
    least = np.empty(len(factors), np.uint32)
    for place in range(len(rows)):
        least[:] = _LAST_LANE
        for at in range(starts[rows[place]], starts[rows[place] + 1]):
            lane = np.uint32(hashes[at])
            for number in range(len(factors)):
                moved = np.uint32(np.uint32(lane ^ offsets[number]) * factors[number])
                least[number] = min(least[number], moved)
        for band in range(bands):
            key = np.uint32(band)
            for number in range(band * rows_of_band, (band + 1) * rows_of_band):
                key = np.uint32(np.uint32(key ^ least[number]) * _BAND)
                key ^= key >> np.uint32(15)
            keys[band, place] = key
    return keys


def overlaps(hashes: Hashes, starts: Rows, left: Rows, right: Rows) -> npt.NDArray[np.float64]:
    """The exact Jaccard overlap of each pair."""
    if not len(left):
        return np.empty(0)
    sizes = starts[left + 1] - starts[left] + starts[right + 1] - starts[right]
    return _overlaps(hashes, starts, left, right, 1 << int(2 * sizes.max()).bit_length())


@_compiled
def _overlaps(
    hashes: Hashes, starts: Rows, left: Rows, right: Rows, slots: int
) -> npt.NDArray[np.float64]:
    found = np.empty(len(left), np.float64)
    held = np.empty(slots, np.uint64)
    sides = np.zeros(slots, np.uint8)
    used = np.empty(slots, np.int64)
    for pair in range(len(left)):
        one, two = left[pair], right[pair]
        mask = 1
        while mask < 2 * (starts[one + 1] - starts[one] + starts[two + 1] - starts[two]):
            mask *= 2
        mask -= 1
        distinct, common = 0, 0
        for side in (_LEFT, _RIGHT):
            row = one if side == _LEFT else two
            for at in range(starts[row], starts[row + 1]):
                slot = np.int64(hashes[at]) & mask
                while sides[slot] and held[slot] != hashes[at]:
                    slot = (slot + 1) & mask
                if not sides[slot]:
                    held[slot] = hashes[at]
                    used[distinct] = slot
                    distinct += 1
                elif sides[slot] == _LEFT and side == _RIGHT:
                    common += 1
                sides[slot] |= side
        for number in range(distinct):
            sides[used[number]] = 0
        found[pair] = common / distinct
    return found
