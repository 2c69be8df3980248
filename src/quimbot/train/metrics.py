"""What a run measured, step by step: `metrics.jsonl` in its folder."""

from pathlib import Path

import msgspec

from quimbot.exceptions import DataError, OutputError
from quimbot.records.jsonl import write_rows

FILE = "metrics.jsonl"


class Row(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step."""

    step: int
    loss: float
    """Nats per trainable token, before the step."""
    lr: float
    tokens_s: float
    """Dialogue tokens a second, common beginnings counted every time."""
    grad_norm: float | None = None
    """Length of the gradient before it is clipped."""
    memory_mb: int | None = None
    """The most memory that the process has taken so far."""
    valid_loss: float | None = None
    """Nats per trainable token of the held-out records, after the step."""
    valid_sources: dict[str, float] = {}
    """The same for the records of each source."""


def read_metrics(folder: Path) -> list[Row]:
    """The rows of a run; half a line, left by a kill, is not one.

    Raises:
        DataError: a line is not a row.
    """
    path = folder / FILE
    if not path.exists():
        return []
    rows = []
    for number, line in enumerate(path.read_bytes().rpartition(b"\n")[0].splitlines(), 1):
        try:
            rows.append(msgspec.json.decode(line, type=Row))
        except msgspec.MsgspecError as fault:
            raise DataError(f"{path}:{number}: not a row of metrics ({fault})") from None
    return rows


class Metrics:
    """The rows of a run; taking a run up again drops what comes after the step it resumes from."""

    def __init__(self, folder: Path, step: int) -> None:
        self._path = folder / FILE
        self.rows = [row for row in read_metrics(folder) if row.step <= step]
        write_rows(self._path, self.rows)

    @property
    def last(self) -> Row | None:
        """The newest row."""
        return self.rows[-1] if self.rows else None

    def add(self, row: Row) -> None:
        """Append one row.

        Raises:
            OutputError: it cannot be written.
        """
        try:
            with self._path.open("ab") as file:
                file.write(msgspec.json.encode(row) + b"\n")
            self.rows.append(row)
        except OSError as fault:
            raise OutputError(
                f"{self._path}: cannot write ({fault.strerror}); free some space"
            ) from fault
