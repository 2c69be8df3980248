"""`split`: records part into training and held-out, and no learner turn is on both sides.

What must not be parted is a family (`verify/families.py`).
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import read_records
from quimbot.records.manifest import manifest_path, write_dataset
from quimbot.runs.watch import Watch
from quimbot.verify.families import NEAR, families


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
    records = [record for path in settings.input for record in read_records(path)]
    with watch.task("split", len(records)) as task:
        labels = families(records, settings.threshold)
        held = _held_out(labels, settings.seed, int(len(records) * settings.valid_share))
        if not held:
            raise DataError(
                f"{settings.valid}: no family of learner turns is as small as "
                f"{settings.valid_share:.0%} of {len(records)} records; raise valid_share, "
                "add records, or tag finer families"
            )
        facts = {"records": len(records), "families": len(set(labels)), "held_out": len(held)}
        sides = (
            (
                settings.output,
                [r for r, label in zip(records, labels, strict=True) if label not in held],
            ),
            (
                settings.valid,
                [r for r, label in zip(records, labels, strict=True) if label in held],
            ),
        )
        for path, side in sides:
            write_dataset(path, side, parents=settings.input, settings=settings, facts=facts)
        task.advance(len(records))
    (_, train), (_, valid) = sides
    return (
        f"{len(train)} records to train on, {len(valid)} held out "
        f"({len(held)} of {facts['families']} families)"
    )


def _held_out(labels: Sequence[str], seed: int, quota: int) -> frozenset[str]:
    """Families to hold out, drawn by hash; each is taken if it still fits into the quota."""
    sizes = Counter(labels)
    held = set()
    for name in sorted(sizes, key=lambda name: (_draw(seed, name), name)):
        if sizes[name] <= quota:
            quota -= sizes[name]
            held.add(name)
    return frozenset(held)


def _draw(seed: int, name: str) -> bytes:
    return hashlib.blake2b(f"{seed} {name}".encode(), digest_size=8).digest()
