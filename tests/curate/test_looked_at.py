"""The sample of a corpus: so many rows, the same ones in whatever order they stand."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from quimbot.curate.looked_at import drawn

pairs = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 2**64 - 1)), max_size=60)


@given(pairs, st.integers(0, 70), st.randoms(use_true_random=False))
def test_order_decides_nothing(rows: list[tuple[int, int]], size: int, random) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    def taken(of: list[tuple[int, int]]) -> list[tuple[int, int]]:
        ids, ties = (np.array([row[at] for row in of], np.uint64) for at in (0, 1))
        return sorted(row for row, one in zip(of, drawn(ids, ties, size), strict=True) if one)

    shuffled = random.sample(rows, len(rows))
    assert taken(shuffled) == taken(rows)
    assert len(taken(rows)) == min(size, len(rows))


def test_copies_are_drawn_apart_and_a_larger_sample_holds_the_smaller() -> None:
    ids = np.array([7] * 1000, np.uint64)
    ties = np.arange(1000, dtype=np.uint64)
    small, large = drawn(ids, ties, 100), drawn(ids, ties, 300)
    assert (small.sum(), large.sum()) == (100, 300)
    assert not (small & ~large).any()


def test_the_sample_is_spread_over_ids() -> None:
    ids = np.arange(10_000, dtype=np.uint64)
    places = np.flatnonzero(drawn(ids, ids, 2000))
    # The mean of 2,000 of 10,000 places is within five standard errors of the middle.
    assert abs(places.mean() - 5000) < 5 * 10_000 / np.sqrt(12 * 2000)
