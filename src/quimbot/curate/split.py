"""`split`: records part into training and held-out, and no learner turn is on both sides.

What must not be parted is a family (`verify/families.py`).
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import changed, read_again, read_records
from quimbot.records.manifest import manifest_path, write_lines
from quimbot.records.record import Record
from quimbot.runs.watch import Task, Watch
from quimbot.verify.families import NEAR, families
from quimbot.verify.kernels import Hashes

_STEP = 1000


@dataclass(frozen=True, kw_only=True)
class SplitSettings:
    """How to part the records."""

    input: tuple[Path, ...]
    """Record files to part."""
    output: Path
    """Training records to write (.jsonl)."""
    valid: Path
    """Held-out records to write (.jsonl)."""
    valid_share: float = 0.1
    """Share of the records to hold out; reached from below, as families stay whole."""
    threshold: float = NEAR
    """Overlap of word pairs (Jaccard) from which two learner turns are of one family."""
    seed: int = 0
    """Which families are held out."""

    def __post_init__(self) -> None:
        """Check the values."""
        if not self.input:
            raise RecipeError("input names no file; give at least one .jsonl of records")
        if self.output == self.valid:
            raise RecipeError(f"output and valid are both {self.output}; name two files")
        if not 0 < self.valid_share < 1:
            raise RecipeError(f"valid_share {self.valid_share} must be between 0 and 1")
        if not 0 < self.threshold <= 1:
            raise RecipeError(f"threshold {self.threshold} must be above 0 and at most 1")

    def inputs(self) -> tuple[Path, ...]:
        """The record files."""
        return self.input

    def outputs(self) -> tuple[Path, ...]:
        """Training and held-out records, each with its manifest."""
        return (
            self.output,
            manifest_path(self.output),
            self.valid,
            manifest_path(self.valid),
        )


def split(settings: SplitSettings, watch: Watch) -> str:
    """Write the two sides; which side a record is on does not depend on the order of rows.

    Raises:
        DataError: an input is no record file, or no family is small enough to be held out.
    """
    with watch.task("split: read", 0) as task:
        rows: list[int] = []
        names = families(_counted(settings.input, rows, task), settings.threshold)
    known, sizes = np.unique(names, return_counts=True)
    held = _held_out(known, sizes, settings.seed, int(len(names) * settings.valid_share))
    if not len(held):
        raise DataError(
            f"{settings.valid}: no family of learner turns is as small as "
            f"{settings.valid_share:.0%} of {len(names)} records; raise valid_share, "
            "add records, or tag finer families"
        )
    out = np.isin(names, held)
    facts = {"records": len(names), "families": len(known), "held_out": len(held)}
    with watch.task("split: write", len(names)) as task:
        for path, side in ((settings.output, ~out), (settings.valid, out)):
            write_lines(
                path,
                _chosen(settings.input, rows, side, task),
                parents=settings.input,
                settings=settings,
                facts=facts,
            )
    return (
        f"{len(out) - out.sum()} records to train on, {out.sum()} held out "
        f"({len(held)} of {len(known)} families)"
    )


def _counted(files: Sequence[Path], rows: list[int], task: Task) -> Iterator[Record]:
    """The records of all files; how many each holds is left in `rows`."""
    for path in files:
        rows.append(0)
        for record in read_records(path):
            rows[-1] += 1
            if not rows[-1] % _STEP:
                task.advance(_STEP)
            yield record


def _chosen(
    files: Sequence[Path], counts: Sequence[int], side: npt.NDArray[np.bool_], task: Task
) -> Iterator[tuple[bytes, Record]]:
    """The rows on one side, file after file."""
    begin = 0
    for path, count in zip(files, counts, strict=True):
        marks = side[begin : begin + count].tobytes()
        begin += count
        number = 0
        for number, pair in enumerate(_marked(path, marks), 1):
            yield pair
            if not number % _STEP:
                task.advance(_STEP)
        task.advance(number % _STEP)


def _marked(path: Path, marks: bytes) -> Iterator[tuple[bytes, Record]]:
    """The rows of a file whose byte is not zero; the others are not decoded.

    Raises:
        DataError: the file has more or fewer rows than before.
    """
    seen = 0

    def wanted(_: bytes) -> bool:
        nonlocal seen
        seen += 1
        return seen <= len(marks) and marks[seen - 1] > 0

    yield from read_again(path, wanted=wanted)
    if seen != len(marks):
        raise changed(path)


def _held_out(names: Hashes, sizes: npt.NDArray[np.int64], seed: int, quota: int) -> Hashes:
    """Families to hold out, drawn by hash; each is taken if it still fits into the quota."""
    drawn = np.fromiter((_draw(seed, name) for name in names.tolist()), np.uint64)
    held: list[int] = []
    for place in np.argsort(drawn, kind="stable").tolist():
        if sizes[place] <= quota:
            quota -= int(sizes[place])
            held.append(place)
        if not quota:
            break
    return names[held]


def _draw(seed: int, name: int) -> int:
    text = f"{seed} {name:016x}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest())
