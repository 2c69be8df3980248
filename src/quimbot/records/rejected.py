"""Where rows go that a step takes out: beside its output, each with its reason."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec

from quimbot.records.jsonl import replacing
from quimbot.records.record import Strict

_encoder = msgspec.json.Encoder()


class Rejected(Strict, frozen=True, kw_only=True, omit_defaults=True):
    """A row that was taken out."""

    reason: str
    """Slug, the same for all that fell on the same ground."""
    check: str
    """The check or step that took it out."""
    detail: str = ""
    """What was found, for a reader."""
    match: str = ""
    """Id of the kept record that it repeats, or of the suite's turn that it would give away."""
    match_at: str = ""
    """Where that one stands: `file:line`, or the name of a suite."""
    similarity: float | None = None
    record: object
    """The record, or the raw row that could not become one."""


class RejectedFile:
    """The rejected rows of one step while they are written, counted by reason."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.reasons: Counter[str] = Counter()

    def add(self, row: Rejected) -> None:
        """Write one row."""
        self.reasons[row.reason] += 1
        self._file.write(_encoder.encode(row) + b"\n")


def rejected_path(output: Path) -> Path:
    """Where the rejected rows of a step with that output go."""
    return output.with_suffix(".rejected.jsonl")


@contextmanager
def rejecting(output: Path) -> Iterator[RejectedFile]:
    """The rejected rows of the step that writes `output`; the file appears whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    with replacing(rejected_path(output)) as file:
        yield RejectedFile(file)


def told(reasons: Counter[str]) -> str:
    """The counts as part of a summary line: `, 3 no-turns, 2 empty-turn`."""
    return "".join(f", {count} {reason}" for reason, count in reasons.most_common())
