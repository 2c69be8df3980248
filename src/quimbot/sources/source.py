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


class Unreadable(msgspec.Struct, frozen=True):
    """A row that could not be read at all, and where it stands."""

    origin: str
    reason: str
    """Slug, such as `malformed` or `too-long`."""
    fault: str
    """What is wrong with it, for a reader."""
    text: str
    """The beginning of it; bytes that are no text are spelled `\\xff`."""


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
