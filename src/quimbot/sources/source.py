"""What every corpus looks like before it becomes records."""

from collections.abc import Iterator
from typing import Protocol

import msgspec

from quimbot.records.shapes import Row


class RawRow(msgspec.Struct, frozen=True):
    """One row of a corpus, and where it stands."""

    origin: str
    """`file:line`, or the address of a hub corpus and the row's index."""
    row: Row


class Source(Protocol):
    """A corpus that can be read row by row, always in the same order."""

    name: str
    licence: str
    """Empty when the corpus does not say."""

    def rows(self) -> Iterator[RawRow]:
        """Its rows.

        Raises:
            DataError: it cannot be read; the message names the place.
        """
        ...
