"""What every corpus looks like before it becomes records."""

from collections.abc import Iterator
from typing import Protocol

from quimbot.records.raw import RawRow, Unreadable


class Source(Protocol):
    """A corpus that can be read row by row, always in the same order."""

    name: str
    licence: str
    """Empty when the corpus does not say."""

    def rows(self) -> Iterator[RawRow | Unreadable]:
        """Its rows.

        Raises:
            DataError: it cannot be read; the message names the place.
        """
        ...
