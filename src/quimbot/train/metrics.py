"""What a run measured, step by step: `metrics.jsonl` in its folder."""

from pathlib import Path

import msgspec

from quimbot.exceptions import OutputError
from quimbot.records.jsonl import read_rows, write_rows


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


class Metrics:
    """The rows of a run; taking a run up again drops what comes after the step it resumes from."""

    def __init__(self, folder: Path, step: int) -> None:
        self._path = folder / "metrics.jsonl"
        kept: list[Row] = []
        if self._path.exists() and step:
            kept = [row for row in self._whole_rows() if row.step <= step]
        self.rows = kept
        write_rows(self._path, kept)

    def _whole_rows(self) -> list[Row]:
        text = self._path.read_bytes()
        end = text.rfind(b"\n") + 1  # a killed run may leave half a line
        self._path.write_bytes(text[:end])
        return list(read_rows(self._path, Row))

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
