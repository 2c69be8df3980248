"""The records that each part of a mix may take, as compact arrays over their rows."""

import hashlib
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from quimbot.curate.mix_part import MixPart
from quimbot.records.jsonl import read_records
from quimbot.records.lines import Lines
from quimbot.records.record import Record
from quimbot.runs.watch import Task

Rows = npt.NDArray[np.int64]
Ids = npt.NDArray[np.uint64]
Measure = Callable[[Record], int]

_STEP = 1000


@dataclass(frozen=True, slots=True)
class Pool:
    """The rows that a part may take, each id once, ordered by id."""

    rows: Rows
    """Row numbers in the part's file."""
    ids: Ids
    amounts: Mapping[str, Rows]
    """How much each row is, by unit: one row, and what was measured."""


def read_pools(parts: Sequence[MixPart], measures: Mapping[str, Measure], task: Task) -> list[Pool]:
    """The pool of each part; a record goes to the first part of its file that admits it.

    A record met twice goes to the first file; rows of one file that say the same and differ in
    tags or lessons go by the hash of their bytes, so that the order of rows decides nothing.

    Raises:
        DataError: a file is no record file.
    """
    pools = [Pool(np.empty(0, np.int64), np.empty(0, np.uint64), {}) for _ in parts]
    taken = np.empty(0, np.uint64)
    for path in dict.fromkeys(part.path for part in parts):
        here = {place: part for place, part in enumerate(parts) if part.path == path}
        table = _Table(measures)
        for number, record in enumerate(read_records(path)):
            table.add(number, record, here)
            if number % _STEP == _STEP - 1:
                task.advance(_STEP)
        fresh = table.fresh(path, taken)
        taken = np.concatenate([taken, table.ids[fresh]])
        for place in here:
            pools[place] = table.pool(fresh[table.places[fresh] == place])
    return pools


class _Table:
    """Columns over the admitted rows of one file while they grow."""

    def __init__(self, measures: Mapping[str, Measure]) -> None:
        self._measures = measures
        self._rows, self._places, self._ids = array("q"), array("q"), array("Q")
        self._amounts = {unit: array("q") for unit in measures}

    def add(self, number: int, record: Record, parts: Mapping[int, MixPart]) -> None:
        """Take the row for the first part that admits it, if any does."""
        for place, part in parts.items():
            if part.admits(record):
                self._rows.append(number)
                self._places.append(place)
                self._ids.append(int(record.id, 16))
                for unit, measure in self._measures.items():
                    self._amounts[unit].append(measure(record))
                return

    @property
    def ids(self) -> Ids:
        return np.array(self._ids, np.uint64)

    @property
    def places(self) -> Rows:
        return np.array(self._places, np.int64)

    def fresh(self, path: Path, taken: Ids) -> Rows:
        """One entry for each id that is not taken yet, ordered by id."""
        ids, rows = self.ids, self._rows
        by_id = np.argsort(ids, kind="stable")
        ordered = ids[by_id]
        starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(ids)])
        first = by_id[starts]
        sizes = np.diff(starts, append=len(ids))
        if (sizes > 1).any():
            with Lines(path) as lines:
                for place in np.flatnonzero(sizes > 1):
                    same = by_id[starts[place] : starts[place] + sizes[place]].tolist()
                    first[place] = min(same, key=lambda entry: _digest(lines.line(rows[entry])))
        return first[~np.isin(ids[first], taken, assume_unique=True)]

    def pool(self, entries: Rows) -> Pool:
        """The entries as a pool."""
        measured = {unit: np.array(found, np.int64) for unit, found in self._amounts.items()}
        return Pool(
            np.array(self._rows, np.int64)[entries],
            self.ids[entries],
            {"rows": np.ones(len(entries), np.int64)}
            | {unit: found[entries] for unit, found in measured.items()},
        )


def _digest(line: bytes) -> bytes:
    return hashlib.blake2b(line, digest_size=8).digest()
