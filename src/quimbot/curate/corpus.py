"""The rows of several record files as columns, so that millions fit in memory.

A corpus is read once for its texts, which fills the columns, and again for the lines themselves.
"""

from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt

from quimbot.curate.preference import Preference
from quimbot.records.jsonl import changed, read_again, read_numbered
from quimbot.records.record import Record
from quimbot.records.texts import dialogue_text
from quimbot.runs.watch import Watch

_MEGABYTE = 1 << 20


class Corpus:
    """Record files in order, the ones already owned first; rows are numbered from 0 over all."""

    def __init__(self, owned: Sequence[Path], paths: Sequence[Path], prefer: Preference) -> None:
        self._owned, self._paths, self._prefer = owned, (*owned, *paths), prefer
        self._ids, self._lines, self._hashes = array("Q"), array("Q"), array("Q")
        self._kinds, self._priorities = array("Q"), array("q")
        self._begins: list[int] = []
        self._kind_of: dict[str, int] = {}

    def texts(self, watch: Watch) -> Iterator[str]:
        """What is said in each row; the columns are whole when the last was taken.

        Raises:
            DataError: a file is missing, or a line is not a record.
        """
        size = sum(path.stat().st_size for path in self._paths if path.exists())
        with watch.task("read, MB", size // _MEGABYTE) as task:
            read = 0
            for file, path in enumerate(self._paths):
                self._begins.append(len(self))
                for number, line, record in read_numbered(path):
                    self._ids.append(int(record.id, 16))
                    self._lines.append(number)
                    self._hashes.append(crc32(line))
                    self._kinds.append(self._kind(record))
                    self._priorities.append(self._prefer.rank(record) * len(self._paths) + file)
                    yield dialogue_text(record)
                    read += len(line) + 1
                    if read >= _MEGABYTE:
                        task.advance(read // _MEGABYTE)
                        read %= _MEGABYTE
            self._begins.append(len(self))

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def owned(self) -> int:
        """How many rows, the first ones, are of files already owned."""
        return self._begins[len(self._owned)]

    def size(self, file: int) -> int:
        """How many rows that file has, the owned ones counted first."""
        return self._begins[file + 1] - self._begins[file]

    @property
    def ids(self) -> npt.NDArray[np.uint64]:
        """The ids of the records, as numbers."""
        return np.frombuffer(self._ids, np.uint64)

    @property
    def kinds(self) -> npt.NDArray[np.uint64]:
        """A number for the moves that a row teaches."""
        return np.frombuffer(self._kinds, np.uint64)

    @property
    def priorities(self) -> npt.NDArray[np.int64]:
        """The lower stays: by preference, then by file."""
        return np.frombuffer(self._priorities, np.int64)

    @property
    def ties(self) -> npt.NDArray[np.uint64]:
        """A hash of the whole row, tags and source included."""
        hashes = np.frombuffer(self._hashes, np.uint64) << np.uint64(32)
        return self.ids ^ hashes

    def id(self, row: int) -> str:
        """The id of the record in that row."""
        return f"{self._ids[row]:016x}"

    def place(self, row: int) -> str:
        """Where the row stands, as `file:line`."""
        file = int(np.searchsorted(self._begins, row, side="right")) - 1
        return f"{self._paths[file]}:{self._lines[row]}"

    def again(self, *, owned: bool = True) -> Iterator[tuple[int, bytes, Record]]:
        """Every row with its line and record, read once more; without the owned ones if told so.

        Raises:
            DataError: a file is another than before.
        """
        for file in range(0 if owned else len(self._owned), len(self._paths)):
            path, begin, end = self._paths[file], self._begins[file], self._begins[file + 1]
            read = begin
            for line, record in read_again(path):
                if read >= end or crc32(line) != self._hashes[read]:
                    raise changed(path)
                yield read, line, record
                read += 1
            if read != end:
                raise changed(path)

    def texts_of(self, rows: npt.NDArray[np.bool_]) -> Iterator[str]:
        """What is said in the rows marked, in order."""
        return (dialogue_text(record) for row, _, record in self.again() if rows[row])

    def _kind(self, record: Record) -> int:
        moves = " ".join(lesson.move for lesson in record.lessons)
        return self._kind_of.setdefault(moves, len(self._kind_of))
