"""Whole numbers that follow shares: how many rows or tokens each part of a mix gives."""

from collections.abc import Sequence
from fractions import Fraction


def quotas(shares: Sequence[Fraction], size: int) -> list[int]:
    """Whole numbers that add up to the size, as near the shares as can be (largest remainder)."""
    exact = [share * size / sum(shares) for share in shares]
    whole = [int(value) for value in exact]
    by_remainder = sorted(
        range(len(shares)), key=lambda place: (whole[place] - exact[place], place)
    )
    for place in by_remainder[: size - sum(whole)]:
        whole[place] += 1
    return whole


def fitted(shares: Sequence[Fraction], size: int, room: Sequence[int]) -> list[int]:
    """Quotas that no part's room is too small for; what one lacks the others share."""
    full: dict[int, int] = {}
    while True:
        rest = [place for place in range(len(shares)) if place not in full]
        left = size - sum(full.values())
        wanted = dict(zip(rest, quotas([shares[place] for place in rest], left), strict=True))
        over = {place: room[place] for place in rest if wanted[place] > room[place]}
        if not over:
            return [{**full, **wanted}[place] for place in range(len(shares))]
        full |= over
        if len(full) == len(shares):
            return [full[place] for place in range(len(shares))]


def largest(shares: Sequence[Fraction], room: Sequence[int]) -> int:
    """The greatest size of which no part's share is more than its room."""
    return min(int(most * sum(shares) / share) for most, share in zip(room, shares, strict=True))
