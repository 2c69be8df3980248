"""A row as a corpus has it, before it is a record."""

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
