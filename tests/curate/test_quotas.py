"""Quotas are whole, add up, follow the shares and never ask for more than there is."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from quimbot.curate.quotas import fitted, largest, quotas

shares = st.lists(st.fractions("1/1000", 100, max_denominator=1000), min_size=1, max_size=6)


@given(shares, st.integers(0, 10_000))
def test_quotas_are_whole_add_up_and_miss_by_less_than_one(
    parts: list[Fraction], size: int
) -> None:
    found = quotas(parts, size)
    assert sum(found) == size
    assert all(abs(q - p * size / sum(parts)) < 1 for q, p in zip(found, parts, strict=True))


@given(shares, st.integers(0, 1000), st.data())
def test_fitted_quotas_never_overflow_and_use_the_room(
    parts: list[Fraction], size: int, data: st.DataObject
) -> None:
    room = data.draw(st.lists(st.integers(0, 400), min_size=len(parts), max_size=len(parts)))
    found = fitted(parts, size, room)
    assert all(0 <= count <= most for count, most in zip(found, room, strict=True))
    assert sum(found) == min(size, sum(room))


@given(shares, st.data())
def test_the_largest_size_fits_and_one_more_does_not(
    parts: list[Fraction], data: st.DataObject
) -> None:
    room = data.draw(st.lists(st.integers(1, 400), min_size=len(parts), max_size=len(parts)))
    size = largest(parts, room)
    assert fitted(parts, size, room) == quotas(parts, size)
    assert any(
        part * (size + 1) / sum(parts) > most for part, most in zip(parts, room, strict=True)
    )
