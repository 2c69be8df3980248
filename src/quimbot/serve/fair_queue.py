"""Those who wait, served in turns: one learner with many requests does not hold up the others."""

from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """What learners wait for: first come, first served within a learner, by turns between them."""

    def __init__(self) -> None:
        self._rows: OrderedDict[str, deque[T]] = OrderedDict()
        """The learner whose turn it is comes first."""

    def __len__(self) -> int:
        return sum(map(len, self._rows.values()))

    def count(self, learner: str) -> int:
        """How much of one learner's waits."""
        return len(self._rows.get(learner, ()))

    def add(self, learner: str, one: T) -> None:
        """One more waits."""
        self._rows.setdefault(learner, deque()).append(one)

    def next(self) -> T:
        """Who has waited long enough; the learner's others wait for everybody else's turn.

        Raises:
            StopIteration: nobody waits.
        """
        learner, row = next(iter(self._rows.items()))
        one = row.popleft()
        self._rows.move_to_end(learner)
        self._clear(learner)
        return one

    def remove(self, learner: str, one: T) -> bool:
        """Whether this one waited, and no longer does."""
        if one not in self._rows.get(learner, ()):
            return False
        self._rows[learner].remove(one)
        self._clear(learner)
        return True

    def longest(self) -> str:
        """The learner of whom most waits; nobody is the learner without a name."""
        return max(self._rows, key=lambda learner: len(self._rows[learner]), default="")

    def last(self, learner: str) -> T:
        """The learner's last place, given up."""
        one = self._rows[learner].pop()
        self._clear(learner)
        return one

    def _clear(self, learner: str) -> None:
        if not self._rows[learner]:
            del self._rows[learner]
