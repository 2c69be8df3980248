"""Which rows of each pool a mix takes, and in what order: decided by seed and ids alone."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quimbot.curate.mix_part import MixPart
from quimbot.curate.pools import Ids, Pool, Rows
from quimbot.curate.quotas import fitted, largest, quotas


@dataclass(frozen=True, slots=True)
class Draw:
    """What a part of a mix gives."""

    part: MixPart
    pool: Pool
    share: float
    """Asked, of 1."""
    asked: int
    """By the share, in the unit of the mix."""
    room: int
    """The most that the part can give, in that unit."""
    times: Rows
    """How often each entry of the pool is taken."""

    def reached(self, unit: str) -> int:
        """How much is taken."""
        return int((self.pool.amounts[unit] * self.times).sum())

    @property
    def missing(self) -> int:
        """How much the part lacks of what it is asked for."""
        return max(0, self.asked - self.room)


def draw(
    parts: Sequence[MixPart], pools: Sequence[Pool], unit: str, size: int, seed: int
) -> list[Draw]:
    """What each part gives to a mix of that size in that unit; 0 for the largest.

    What one part lacks the others make up for. Rows are whole: in tokens or bytes a part ends
    with the row that brings it nearest to its quota.
    """
    shares = [part.share for part in parts]
    room = [
        int(pool.amounts[unit].sum()) * part.times for pool, part in zip(pools, parts, strict=True)
    ]
    size = size or largest(shares, room)
    return [
        Draw(
            part=part,
            pool=pool,
            share=float(part.share / sum(shares)),
            asked=asked,
            room=most,
            times=_times(pool, unit, quota, part.times, seed),
        )
        for part, pool, asked, most, quota in zip(
            parts, pools, quotas(shares, size), room, fitted(shares, size, room), strict=True
        )
    ]


def _times(pool: Pool, unit: str, quota: int, most: int, seed: int) -> Rows:
    """How often each entry is taken: all equally often before any once more."""
    amounts = pool.amounts[unit]
    full, rest = divmod(quota, int(amounts.sum()))
    if full >= most:
        return np.full(len(amounts), most, np.int64)
    order = np.argsort(_drawn(seed, "take", pool.ids), kind="stable")
    sums = np.concatenate([[0], amounts[order].cumsum()])
    times = np.full(len(amounts), full, np.int64)
    times[order[: int(np.abs(sums - rest).argmin())]] += 1
    return times


def shuffled(draws: Sequence[Draw], seed: int) -> tuple[Rows, Rows]:
    """All that is taken, in the order of the mix: the place of each draw, and the row in its file.

    Where a row stands is decided by its own id: a mix can be taken up at any row.
    """
    keys, places, rows = [], [], []
    for place, one in enumerate(draws):
        for time in range(int(one.times.max(initial=0))):
            taken = one.times > time
            keys.append(_drawn(seed, f"order {time}", one.pool.ids[taken]))
            rows.append(one.pool.rows[taken])
            places.append(np.full(len(rows[-1]), place))
    order = np.argsort(np.concatenate([np.empty(0, np.uint64), *keys]), kind="stable")
    none = np.empty(0, np.int64)
    return np.concatenate([none, *places])[order], np.concatenate([none, *rows])[order]


def _drawn(seed: int, purpose: str, ids: Ids) -> npt.NDArray[np.uint64]:
    """A number for each id, as if drawn."""
    numbers = (
        int.from_bytes(
            hashlib.blake2b(f"{seed} {purpose} {name:016x}".encode(), digest_size=8).digest()
        )
        for name in ids.tolist()
    )
    return np.fromiter(numbers, np.uint64, len(ids))
