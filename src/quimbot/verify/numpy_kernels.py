"""The inner loops of near-duplicate search in numpy: see `kernels.Kernels`.

No text becomes Python strings, and no loop is over texts: words are read eight bytes at a time from
one buffer; texts of a size stand side by side, so that a minimum over shingles is one over rows.
"""

from functools import lru_cache

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
    cuts,
)

_LANES_AT_ONCE = 1 << 15
_COMPARED_AT_ONCE = 1 << 16
_BYTES = np.array([(1 << 8 * count) - 1 for count in range(9)], np.uint64)


def cut(text: bytes, words: int) -> tuple[Hashes, Rows, Hashes]:
    """Word n-grams, the number of words of each text, and a hash of all its words."""
    hashes, counts = _words(text)
    ends = counts.cumsum()
    starts = ends - counts
    powers, inverses = _powers(len(hashes).bit_length())
    sums = np.zeros(len(hashes) + 1, np.uint64)
    np.cumsum(hashes * powers[: len(hashes)], out=sums[1:])
    whole = mixed((sums[ends] - sums[starts]) * inverses[starts])

    grams = max(len(hashes) - words + 1, 0)
    values = hashes[:grams].copy()
    for ahead in range(1, words):
        values *= np.uint64(GRAM_FACTOR)
        values += hashes[ahead : grams + ahead]
    inside = np.ones(len(hashes) + words, np.bool_)
    for back in range(1, words):
        inside[ends[counts >= back] - back] = False
    return mixed(values[inside[:grams]]) >> np.uint64(64 - HASH_BITS), counts, whole


def _words(text: bytes) -> tuple[Hashes, Rows]:
    """The hashes of all words, text after text, and how many words each text has."""
    padded = text + bytes(8)
    buffer = np.frombuffer(text, np.uint8)
    at = np.ndarray((len(text) + 1,), np.uint64, padded, strides=(1,))
    is_word = np.zeros(len(text) + 1, np.bool_)
    np.greater(buffer, SPACE, out=is_word[1:])
    edges = np.flatnonzero(is_word[1:] != is_word[:-1])
    begin, end = edges[::2], edges[1::2]
    counts = np.diff(np.searchsorted(begin, np.flatnonzero(buffer == 0)), prepend=0)
    length = end - begin
    hashes = _chunk(np.zeros(len(begin), np.uint64), at[begin], length)
    long = np.flatnonzero(length > 8)  # noqa: PLR2004 - bytes of a chunk
    done = 8
    while len(long):
        hashes[long] = _chunk(hashes[long], at[begin[long] + done], length[long] - done)
        done += 8
        long = long[length[long] > done]
    hashes *= np.uint64(WORD_FACTOR)
    hashes ^= hashes >> np.uint64(29)
    return hashes, counts


def _chunk(hashes: Hashes, value: Hashes, length: Rows) -> Hashes:
    """The hashes with up to eight bytes more taken in."""
    value &= _BYTES[np.minimum(length, 8)]
    value ^= hashes
    value *= np.uint64(CHUNK_FACTOR)
    value ^= value >> np.uint64(32)
    return value


def mixed(hashes: Hashes) -> Hashes:
    """Every bit spread over all 64 (the finaliser of SplitMix64)."""
    out = hashes ^ (hashes >> np.uint64(30))
    out *= np.uint64(0xBF58476D1CE4E5B9)
    out ^= out >> np.uint64(27)
    out *= np.uint64(0x94D049BB133111EB)
    out ^= out >> np.uint64(31)
    return out


@lru_cache(maxsize=4)
def _powers(bits: int) -> tuple[Hashes, Hashes]:
    """Powers of the text factor and of its inverse modulo 2^64, 2^bits + 1 of each."""
    tables = []
    for base in (TEXT_FACTOR, pow(TEXT_FACTOR, -1, 1 << 64)):
        table = np.full((1 << bits) + 1, base, np.uint64)
        table[0] = 1
        tables.append(np.multiply.accumulate(table))
    return tables[0], tables[1]


def band_keys(hashes: Hashes, starts: Rows, rows: Rows, factors: Lanes, offsets: Lanes) -> Lanes:
    """For each band and row the hash of its least lanes."""
    keys = np.empty((len(factors), len(rows)), np.uint32)
    sizes = starts[rows + 1] - starts[rows]
    by_size = np.argsort(sizes)
    sizes = sizes[by_size]
    begin = 0
    while begin < len(rows):
        end = _cut(sizes, begin)
        taken = by_size[begin:end]
        depth = np.arange(sizes[end - 1])[:, None]
        place = starts[rows[taken]] + np.minimum(depth, sizes[begin:end] - 1)
        lanes_SN = hashes[place].astype(np.uint32)
        moved_SN = np.empty_like(lanes_SN)
        least_N = np.empty(len(taken), np.uint32)
        for band in range(len(factors)):
            key_N = np.full(len(taken), band, np.uint32)
            for factor, offset in zip(factors[band], offsets[band], strict=True):
                np.bitwise_xor(lanes_SN, offset, out=moved_SN)
                np.multiply(moved_SN, factor, out=moved_SN)
                np.minimum.reduce(moved_SN, axis=0, out=least_N)
                key_N ^= least_N
                key_N *= np.uint32(BAND_FACTOR)
                key_N ^= key_N >> np.uint32(15)
            keys[band, taken] = key_N
        begin = end
    return keys


def _cut(sizes: Rows, begin: int) -> int:
    """Where a run of rows that fill the cache ends, by rising size."""
    end = begin + max(1, _LANES_AT_ONCE // int(sizes[begin]))
    end = min(end, len(sizes))
    return begin + max(1, min(end - begin, _LANES_AT_ONCE // int(sizes[end - 1])))


def overlaps(hashes: Hashes, starts: Rows, left: Rows, right: Rows) -> npt.NDArray[np.float64]:
    """The exact Jaccard overlap of each pair."""
    found = np.empty(len(left), np.float64)
    total = starts[left + 1] - starts[left] + starts[right + 1] - starts[right]
    for begin, end in cuts(total, _COMPARED_AT_ONCE, most=1 << (63 - HASH_BITS)):
        keys = []
        for side, rows in enumerate((left[begin:end], right[begin:end])):
            sizes = starts[rows + 1] - starts[rows]
            place = np.repeat(np.arange(len(rows), dtype=np.uint64), sizes)
            at = np.arange(len(place)) + np.repeat(starts[rows] - sizes.cumsum() + sizes, sizes)
            key = (place << np.uint64(HASH_BITS)) | hashes[at]
            keys.append((key << np.uint64(1)) | np.uint64(side))
        both = np.concatenate(keys)
        both.sort()
        both = both[np.concatenate([[True], both[1:] != both[:-1]])] >> np.uint64(1)
        common = both[1:][both[1:] == both[:-1]]
        shift, n = np.uint64(HASH_BITS), end - begin
        shared = np.bincount((common >> shift).astype(np.int64), minlength=n)
        found[begin:end] = shared / (
            np.bincount((both >> shift).astype(np.int64), minlength=n) - shared
        )
    return found
