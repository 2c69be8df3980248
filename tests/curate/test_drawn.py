"""What a mix takes follows quotas, caps and seed, and larger mixes hold the smaller ones."""

from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from quimbot.curate.drawn import Draw, draw, shuffled
from quimbot.curate.mix_part import MixPart
from quimbot.curate.pools import Pool

amounts = st.lists(st.integers(0, 500), min_size=1, max_size=40).filter(any)
parts = st.lists(st.tuples(st.integers(1, 20), st.integers(1, 3), amounts), min_size=1, max_size=4)
Parts = list[tuple[int, int, list[int]]]


def made(given_: Parts) -> tuple[list[MixPart], list[Pool]]:
    """Parts of those shares and caps, and pools whose entries are so many tokens each."""
    files = [
        MixPart(path=Path(f"{place}.jsonl"), share=Fraction(share), times=times)
        for place, (share, times, _) in enumerate(given_)
    ]
    pools = [
        Pool(
            rows=np.arange(len(tokens)),
            ids=np.arange(len(tokens), dtype=np.uint64) + np.uint64(1000 * place),
            amounts={"rows": np.ones(len(tokens), np.int64), "tokens": np.array(tokens)},
        )
        for place, (_, _, tokens) in enumerate(given_)
    ]
    return files, pools


def taken(one: Draw) -> Counter[int]:
    return Counter(dict(zip(one.pool.ids.tolist(), one.times.tolist(), strict=True)))


@given(parts, st.integers(0, 200), st.integers(0, 3))
def test_rows_are_reached_exactly_and_none_is_taken_too_often(
    given_: Parts, size: int, seed: int
) -> None:
    draws = draw(*made(given_), "rows", size, seed)
    room = sum(one.room for one in draws)
    assert sum(one.reached("rows") for one in draws) == (min(size, room) if size else sum(
        one.asked for one in draws
    ))  # fmt: skip
    for one in draws:
        assert one.times.max() <= one.part.times
        assert one.times.max() - one.times.min() <= 1  # all before any once more
        assert one.missing == max(0, one.asked - len(one.times) * one.part.times)


@given(parts, st.integers(1, 20_000), st.integers(0, 3))
def test_tokens_are_reached_to_half_a_row(given_: Parts, size: int, seed: int) -> None:
    draws = draw(*made(given_), "tokens", size, seed)
    short = any(one.missing for one in draws)
    for one in draws:
        assert one.times.max() <= one.part.times
        reached, largest_row = one.reached("tokens"), int(one.pool.amounts["tokens"].max())
        if one.missing:
            assert reached == one.room
        elif not short:
            assert abs(reached - one.asked) <= largest_row / 2
        else:  # makes up for another
            assert reached >= min(one.room, one.asked) - largest_row / 2


@given(parts, st.integers(1, 100), st.integers(0, 100), st.integers(0, 3))
def test_a_larger_mix_holds_the_smaller_one(given_: Parts, size: int, more: int, seed: int) -> None:
    files, pools = made(given_[:1])
    small, large = (
        sum(map(taken, draw(files, pools, "rows", each, seed)), Counter[int]())
        for each in (size, size + more)
    )
    assert small <= large


@given(parts, st.integers(1, 60), st.integers(0, 3))
def test_the_order_holds_every_row_as_often_as_it_is_taken(
    given_: Parts, size: int, seed: int
) -> None:
    draws = draw(*made(given_), "rows", size, seed)
    places, rows = shuffled(draws, seed)
    found = Counter(
        int(draws[place].pool.ids[row]) for place, row in zip(places, rows, strict=True)
    )
    assert found == +sum(map(taken, draws), Counter[int]())


def test_rows_that_both_mixes_hold_stand_in_the_same_order() -> None:
    files, pools = made([(1, 1, [1] * 200)])
    small, large = (
        shuffled(draw(files, pools, "rows", size, 7), 7)[1].tolist() for size in (50, 150)
    )
    assert small == [row for row in large if row in set(small)]
    assert small != sorted(small)
