"""numpy and numba give the same bits; what they propose agrees with datasketch."""

import importlib.util
import random
from itertools import pairwise

import numpy as np
import pytest
from datasketch import MinHash, MinHashLSH
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import sentences, texts

from quimbot.exceptions import QuimbotError, RecipeError
from quimbot.verify import linking
from quimbot.verify.buckets import CROWD, in_buckets
from quimbot.verify.engines import chosen, kernels
from quimbot.verify.near_duplicates import Link, NearDuplicates
from quimbot.verify.shingles import shingle

MIXED = st.lists(texts | sentences | st.text(max_size=80), max_size=25)


@given(MIXED, st.integers(1, 4))
@settings(max_examples=60)
def test_the_engines_hash_alike(lines: list[str], words: int) -> None:
    one, two = (shingle(lines, words, engine) for engine in ("numpy", "numba"))
    assert one.starts.tolist() == two.starts.tolist()
    assert one.hashes.tolist() == two.hashes.tolist()
    assert one.whole.tolist() == two.whole.tolist()
    assert (np.diff(one.starts) > 0).all()


@given(MIXED, st.sampled_from([(1, 1), (3, 4), (16, 8)]), st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_the_engines_find_the_same_minima_and_overlaps(
    lines: list[str], shape: tuple[int, int], chance: random.Random
) -> None:
    sets = shingle(lines, 2)
    rows = np.array(chance.sample(range(len(lines)), len(lines)), np.int64)
    numbers = np.random.default_rng(chance.randrange(1000))
    factors = numbers.integers(0, 1 << 32, shape, np.uint32) | np.uint32(1)
    offsets = numbers.integers(0, 1 << 32, shape, np.uint32)
    keys = [
        kernels(engine, 0).band_keys(sets.hashes, sets.starts, rows, factors, offsets).tolist()
        for engine in ("numpy", "numba")
    ]
    assert keys[0] == keys[1]
    overlaps = [
        kernels(engine, 0).overlaps(sets.hashes, sets.starts, rows, rows[::-1].copy()).tolist()
        for engine in ("numpy", "numba")
    ]
    assert overlaps[0] == overlaps[1]


def planted(count: int, vocabulary: int) -> list[str]:
    """Random lines, a third of them copies with a few words changed."""
    chance = random.Random(3)
    words = [f"word{number}" for number in range(vocabulary)]
    lines = [" ".join(chance.choices(words, k=chance.randint(8, 40))) for _ in range(count)]
    for line in lines[: count // 3]:
        changed = line.split()
        for _ in range(chance.randint(0, 4)):
            changed[chance.randrange(len(changed))] = chance.choice(words)
        lines.append(" ".join(changed))
    chance.shuffle(lines)
    return lines


def test_the_engines_keep_the_same_texts() -> None:
    lines = planted(1500, 400)
    kinds = np.arange(len(lines)) % 2
    links: tuple[Link, ...] = ("representative", "components")
    for link in links:
        found = [
            NearDuplicates(engine=engine).among(
                shingle(lines, 2, engine),
                kinds=kinds,
                owned=100,
                link=link,
            )
            for engine in ("numpy", "numba")
        ]
        assert found[0].kept.tolist() == found[1].kept.tolist()
        assert found[0].similarity.tolist() == found[1].similarity.tolist()
        assert [matches.engine for matches in found] == ["numpy", "numba"]


def test_auto_takes_numba_for_much_and_numpy_where_it_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert (chosen("auto", 1000), chosen("auto", 1 << 20)) == ("numpy", "numba")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert chosen("auto", 1 << 20) == "numpy"
    with pytest.raises(QuimbotError, match=r"pip install 'quimbot\[fast\]'"):
        kernels("numba", 0)
    with pytest.raises(RecipeError, match="unknown engine 'cuda'"):
        chosen("cuda", 0)  # type: ignore[arg-type]


def test_buckets_find_the_pairs_that_datasketch_finds() -> None:
    """Other hashes, so not the same pairs by chance; of sure pairs both miss next to none."""
    lines = planted(300, 2000)
    sets = [line.split() for line in lines]
    pairs = [{" ".join(pair).encode() for pair in pairwise(row)} for row in sets]
    index = MinHashLSH(num_perm=128, params=(32, 4))
    signatures = list(MinHash.generator(pairs, num_perm=128))
    for row, signature in enumerate(signatures):
        index.insert(row, signature)
    theirs = {(row, other) for row in range(len(lines)) for other in index.query(signatures[row])}
    shingled = shingle(lines, 2)
    keys = kernels("numpy", 0).band_keys(
        shingled.hashes, shingled.starts, np.arange(len(lines)), *NearDuplicates()._moves()
    )
    found = in_buckets(keys)
    ours = set()
    for ids in found.of:
        for bucket in set(ids[ids >= 0].tolist()):
            together = np.flatnonzero(ids == bucket).tolist()
            ours |= {(one, two) for one in together for two in together}
    sure = {
        (one, two)
        for one in range(len(lines))
        for two in range(len(lines))
        if one != two and len(pairs[one] & pairs[two]) >= 0.75 * len(pairs[one] | pairs[two])
    }
    assert len(sure) > 50
    assert sure <= theirs
    assert sure <= ours
    estimate = [signatures[one].jaccard(signatures[two]) for one, two in sure]
    left, right = (np.array(side, np.int64) for side in zip(*sure, strict=True))
    exact = kernels("numpy", 0).overlaps(shingled.hashes, shingled.starts, left, right)
    assert np.abs(exact - np.array(estimate)).max() < 0.2
    assert abs(exact.mean() - np.mean(estimate)) < 0.02


def test_nothing_falls_wrongly_in_a_crowd_and_the_crowded_are_told() -> None:
    """Five words make 25 pairs: all texts share buckets, and most differ."""
    chance = random.Random(5)
    lines = [" ".join(chance.choices("abcde", k=12)) for _ in range(2000)]
    finder = NearDuplicates(threshold=0.8)
    sets = shingle(lines, 2)
    found = finder.among(sets)
    fell = np.flatnonzero((found.kept >= 0) & ~found.copy)
    exact = kernels("numpy", 0).overlaps(sets.hashes, sets.starts, found.kept[fell], fell)
    assert (exact >= 0.8).all()
    assert (found.kept[found.kept[found.kept >= 0]] < 0).all()
    assert found.crowded > 0


def test_copies_of_crowded_texts_are_found_still() -> None:
    """A boilerplate that fills a third of each text puts thousands in one bucket."""
    chance = random.Random(6)
    words = [f"word{number}" for number in range(3000)]
    boilerplate = chance.choices(words, k=40)
    own = [chance.choices(words, k=40) for _ in range(1500)]
    lines = [" ".join(boilerplate + row) for row in own]
    lines += [" ".join([*boilerplate, *row[:-2], "other", "end"]) for row in own[:500]]
    found = NearDuplicates().among(shingle(lines, 2))
    assert found.crowded > CROWD
    pairs = [(found.kept[row] < 0) + (found.kept[1500 + row] < 0) for row in range(500)]
    assert pairs.count(1) >= 495
    assert (found.kept[500:1500] < 0).all()


@pytest.mark.parametrize("block", [1, 7, 1 << 16])
def test_blocks_do_not_change_what_stays(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = planted(400, 60)
    expected = NearDuplicates().among(shingle(lines, 2))
    monkeypatch.setattr(linking, "_FIRST_BLOCK", block)
    monkeypatch.setattr(linking, "_LAST_BLOCK", block)
    found = NearDuplicates().among(shingle(lines, 2))
    assert expected.crowded == found.crowded == 0
    assert (found.kept < 0).tolist() == (expected.kept < 0).tolist()
