"""Which dialogues each step learns: a pure function, so that a run can be taken up anywhere."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

_TOGETHER = 4
"""Dialogues with the same beginning that stay in one batch: the beginning is then computed once."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Epochs of shuffled dialogues cut into batches of one size, the last one filled anew."""

    ids: tuple[str, ...]
    """One for each dialogue."""
    beginnings: tuple[str, ...]
    """What dialogues must share to be worth keeping together, such as the system prompt."""
    batch_size: int
    seed: int

    def batch(self, step: int) -> tuple[int, ...]:
        """The dialogues (by index) of a step, counted from 0."""
        first = step * self.batch_size
        places = (divmod(place, len(self.ids)) for place in range(first, first + self.batch_size))
        return tuple(self._order(epoch)[offset] for epoch, offset in places)

    def steps(self, epochs: float) -> int:
        """Steps that see every dialogue `epochs` times, rounded up."""
        return max(1, -int(-len(self.ids) * epochs // self.batch_size))

    @property
    def hash(self) -> str:
        """Equal plans share it."""
        digest = hashlib.sha256(f"{self.batch_size} {self.seed} {_TOGETHER}\n".encode())
        for row in zip(self.ids, self.beginnings, strict=True):
            digest.update(repr(row).encode())
        return digest.hexdigest()

    @cached_property
    def _orders(self) -> dict[int, list[int]]:
        return {}

    def _order(self, epoch: int) -> list[int]:
        """The order of an epoch, remembered: an epoch has many steps."""
        if epoch not in self._orders:
            self._orders[epoch] = self._new_order(epoch)
        return self._orders[epoch]

    def _new_order(self, epoch: int) -> list[int]:
        by_beginning: dict[str, list[int]] = defaultdict(list)
        for index in self._shuffled(epoch, range(len(self.ids))):
            by_beginning[self.beginnings[index]].append(index)
        groups = [
            same[start : start + _TOGETHER]
            for same in by_beginning.values()
            for start in range(0, len(same), _TOGETHER)
        ]
        heads = {group[0]: group for group in groups}
        return [index for head in self._shuffled(-1 - epoch, list(heads)) for index in heads[head]]

    def _shuffled(self, salt: int, indexes: Sequence[int]) -> list[int]:
        # Sorted by hash: the order is the same on every machine and Python version.
        def key(index: int) -> bytes:
            text = f"{self.seed} {salt} {index} {self.ids[index]}"
            return hashlib.blake2b(text.encode(), digest_size=16).digest()

        return sorted(indexes, key=key)
