"""What a candidate corpus has in common with Stage 1 and with itself, over all of its rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from quimbot.curate.corpus import Corpus
from quimbot.curate.looked_at import Row, drawn
from quimbot.curate.preference import Preference
from quimbot.exceptions import DataError
from quimbot.records.jsonl import read_lines
from quimbot.records.record import Record
from quimbot.records.texts import first_turn
from quimbot.runs.watch import Watch
from quimbot.verify.families import NEAR, taught
from quimbot.verify.near_duplicates import Matches, NearDuplicates
from quimbot.verify.shingles import shingle

THRESHOLD = 0.5
"""Overlap of word pairs from which two dialogues are near, as `dedup` has it."""
_TOLD_EVERY = 1 << 13


@dataclass(frozen=True, slots=True)
class Reading:
    """A corpus as it was read: what it repeats, and the rows that are looked at."""

    rows: int
    stage1_rows: int
    """Of the first file, the mix."""
    repeats: dict[str, int]
    """Rows of the corpus by what they repeat."""
    families: int
    looked_at: list[Row]


def read(corpus: Sequence[Path], stage1: Sequence[Path], sample: int, watch: Watch) -> Reading:
    """Read the files twice: for what they repeat, then for learner turns and the rows to look at.

    Raises:
        DataError: a file is no record file, or the corpus holds no record.
    """
    for path in corpus:
        _check_records(path)
    columns = Corpus(stage1, corpus, Preference(()))
    sets = shingle(columns.texts(watch), words=2)
    count = len(columns) - columns.owned
    if not count:
        raise DataError(f"{corpus[0]}: holds no records; run quimbot pull to write it")
    found = NearDuplicates(threshold=THRESHOLD).among(
        sets,
        kinds=columns.kinds,
        priorities=columns.priorities,
        ties=columns.ties,
        owned=columns.owned,
    )
    del sets
    slugs = _slugs(found, columns.owned)
    taken = np.zeros(len(columns), np.bool_)
    own = slice(columns.owned, None)
    taken[own] = drawn(columns.ids[own], columns.ties[own], sample)
    looked_at: list[Row] = []

    def rows() -> Iterator[tuple[int, Record]]:
        with watch.task("learner turns", len(columns)) as task:
            for row, _, record in columns.again():
                if taken[row]:
                    looked_at.append(Row(record, SLUGS[slugs[row]]))
                yield row, record
                if row % _TOLD_EVERY == 0:
                    task.advance(min(_TOLD_EVERY, len(columns) - row))

    families = _of_stage1(rows(), columns.owned)
    counts = np.bincount(slugs[own], minlength=len(SLUGS)).tolist()
    return Reading(
        rows=count,
        stage1_rows=columns.size(0),
        repeats=dict(zip(SLUGS, counts, strict=True)),
        families=families,
        # Whatever was read first comes first otherwise, and examples with it.
        looked_at=sorted(looked_at, key=lambda row: row.record.id),
    )


def _check_records(path: Path) -> None:
    """The file begins with a record; one of another tool is a likely mistake."""
    try:
        next(read_lines(path), None)
    except DataError as fault:
        raise DataError(
            f"{fault}; of a corpus that is no record file, quimbot pull makes one"
        ) from None


SLUGS = ("", "in-stage1", "near-stage1", "copy", "near-copy")
"""What a row repeats: nothing, Stage 1 word for word or nearly, another row likewise."""


def _slugs(found: Matches, owned: int) -> npt.NDArray[np.int64]:
    """A place in `SLUGS` for each row."""
    own = found.kept >= owned
    return np.where(found.kept < 0, 0, np.where(found.copy, 1, 2) + 2 * own)


def _of_stage1(rows: Iterator[tuple[int, Record]], owned: int) -> int:
    """How many rows begin with a learner turn that Stage 1 teaches on, or a near one."""
    known = 0

    def turns() -> Iterator[str]:
        nonlocal known
        for row, record in rows:
            if row >= owned:
                yield first_turn(record)
            else:
                for turn in taught(record):
                    known += 1
                    yield turn

    near = NearDuplicates(threshold=NEAR)
    sets = shingle(turns(), near.words)
    kept = near.among(sets, owned=known).kept[known:]
    return int(((kept >= 0) & (kept < known)).sum())
