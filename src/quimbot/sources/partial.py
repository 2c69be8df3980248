"""A long pull from the hub under way: what has come is kept, and after any stop it goes on."""

import glob
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from quimbot.exceptions import DataError, OutputError
from quimbot.records.raw import RawRow, Unreadable
from quimbot.records.record import Strict
from quimbot.sources.hub import HubSource
from quimbot.sources.outcome import Outcome

_EVERY = 1000
"""Rows between two marks; so many are fetched again, at most, after a kill."""

_encoder = msgspec.json.Encoder()
_outcomes = msgspec.json.Decoder(Outcome)


class Mark(Strict, frozen=True, kw_only=True, tag="mark"):
    """All rows before this line are whole, and where the stream stood after them."""

    revision: str
    rows: int
    place: dict[str, Any]
    whole: bool = False
    """Nothing follows; a stream told to go on from its end would begin anew."""


_marks = msgspec.json.Decoder(Mark)
_MARKED = b'{"type":"mark"'


class Partial:
    """The file of a pull under way, beside its output; its name tells one pull from another."""

    def __init__(self, output: Path, pull: str, source: HubSource) -> None:
        """The part of that pull, new or from before; the source is pinned to its revision.

        Raises:
            DataError: the hub does not tell the revision.
            OutputError: part of another pull is there for the same output.
        """
        self.path = output.with_name(f".{output.name}.{pull}.partial")
        self._source = source
        for other in output.parent.glob(f".{glob.escape(output.name)}.*.partial"):
            if other != self.path:
                raise OutputError(
                    f"{other}: part of a pull with other settings; "
                    "finish it with those, or remove the file"
                )
        mark = self._last_mark()
        if mark is None:
            source.pin()
            mark = Mark(revision=source.revision, rows=0, place={})
            self._append(mark)
        source.revision = mark.revision
        self._mark = mark

    def fetched(self, convert: Callable[[RawRow | Unreadable], Outcome]) -> Iterator[Outcome]:
        """The rows that are kept, then those that are fetched, each kept before it is given.

        Raises:
            DataError: the hub does not give the rest, or a row is no chat.
            OutputError: a row cannot be kept.
        """
        yield from self._kept()
        mark = self._mark
        outcomes = map(convert, self._source.rows(mark.rows, mark.place))
        while not mark.whole:
            try:
                batch = list(islice(outcomes, _EVERY))
            except DataError as fault:
                kept = f"; {mark.rows} rows are kept, the same command goes on from there"
                raise DataError(f"{fault}{kept if mark.rows else ''}") from None
            mark = Mark(
                revision=mark.revision,
                rows=mark.rows + len(batch),
                place=self._source.place(),
                whole=len(batch) < _EVERY,
            )
            self._append(*batch, mark)
            yield from batch

    def discard(self) -> None:
        """Take the file away: the output holds all of it."""
        self.path.unlink(missing_ok=True)

    def _append(self, *lines: Outcome | Mark) -> None:
        """Write lines and wait until they are on the disk."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.write(b"".join(_encoder.encode(line) + b"\n" for line in lines))
                file.flush()
                os.fsync(file.fileno())
        except OSError as fault:
            raise OutputError(
                f"{self.path}: cannot write ({fault.strerror}); free some space and run the "
                "command again, it goes on where it stopped"
            ) from fault

    def _last_mark(self) -> Mark | None:
        """The last mark, what follows it cut away; none when nothing whole is there."""
        last, end, at = b"", 0, 0
        with suppress(FileNotFoundError), self.path.open("r+b") as file:
            for line in file:
                at += len(line)
                if line.startswith(_MARKED) and line.endswith(b"\n"):
                    last, end = line, at
            file.truncate(end)
        return _marks.decode(last) if last else None

    def _kept(self) -> Iterator[Outcome]:
        with self.path.open("rb") as file:
            for line in file:
                if not line.startswith(_MARKED):
                    yield _outcomes.decode(line)
