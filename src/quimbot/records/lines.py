"""The rows of a record file in any order, read where they stand; none is held in memory."""

import codecs
import os
from array import array
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from quimbot.records.jsonl import changed
from quimbot.records.record import KnownRecord, Record


class Lines:
    """A file open for reading by row number, counted from 0; blank lines do not count.

    Sixteen bytes a row are held; the rows are those of `jsonl.read_lines`, which checks their ids:
    they are not checked again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._decoder = msgspec.json.Decoder(KnownRecord)
        self._starts, self._sizes = array("q"), array("q")
        self._file = path.open("rb")
        place = 0
        for raw in self._file:
            if raw.startswith(b"{") and raw.endswith(b"}\n"):  # as we write them: nothing to strip
                self._starts.append(place)
                self._sizes.append(len(raw) - 1)
            else:
                line = raw.strip() if place else raw.removeprefix(codecs.BOM_UTF8).strip()
                if line:
                    self._starts.append(place + raw.index(line[:1]))
                    self._sizes.append(len(line))
            place += len(raw)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._starts)

    def line(self, row: int) -> bytes:
        """The bytes of a row, stripped."""
        return os.pread(self._file.fileno(), self._sizes[row], self._starts[row])

    def pair(self, row: int) -> tuple[bytes, Record]:
        """A row as bytes and as record, for `manifest.write_lines`.

        Raises:
            DataError: the file is not what it was when it was opened.
        """
        line = self.line(row)
        try:
            return line, self._decoder.decode(line)
        except (msgspec.MsgspecError, ValueError):
            raise changed(self._path) from None
