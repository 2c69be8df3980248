"""The rows of a campaign under way: appended, synced, and read again after any stop."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from quimbot.exceptions import OutputError
from quimbot.records.record import Record, Strict

_encoder = msgspec.json.Encoder()


class Row(Strict, frozen=True, kw_only=True, omit_defaults=True):
    """How one cell of the plan ended."""

    index: int
    record: Record
    reason: str = ""
    """Why the last reply was refused; empty when it was accepted."""
    prompt_tokens: int = 0
    """Tokens of prompts that its replies cost, the refused ones too."""
    reply_tokens: int = 0


class Ledger:
    """An append-only file of rows as they end; its name holds the plan's hash.

    A torn last line, left by a kill, is cut away on opening.
    """

    def __init__(self, output: Path, plan: str) -> None:
        self.path = output.with_name(f".{output.stem}.{plan}.partial")
        self._output = output
        self.rows: dict[int, Row] = self._repair()
        """Rows by their index in the plan."""

    def append(self, rows: Sequence[Row]) -> None:
        """Write rows and wait until they are on the disk.

        Raises:
            OutputError: they cannot be written; what was there before stays whole.
        """
        block = b"".join(_encoder.encode(row) + b"\n" for row in rows)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.write(block)
                file.flush()
                os.fsync(file.fileno())
        except OSError as fault:
            why = fault.strerror or str(fault)
            raise OutputError(
                f"{self.path}: cannot write ({why}); free some space and run the command again, "
                "it goes on where it stopped"
            ) from fault
        self.rows.update((row.index, row) for row in rows)

    def close(self) -> None:
        """Take the file away, and those that other plans left for the same output."""
        for path in self._output.parent.glob(f".{self._output.stem}.*.partial"):
            path.unlink()

    def _repair(self) -> dict[int, Row]:
        """The whole rows, the file cut after the last of them."""
        if not self.path.exists():
            return {}
        rows: dict[int, Row] = {}
        whole = 0
        data = self.path.read_bytes()
        for row, end in _whole_rows(data):
            rows[row.index] = row
            whole = end
        if whole < len(data):
            with self.path.open("r+b") as file:
                file.truncate(whole)
                os.fsync(file.fileno())
        return rows


def _whole_rows(data: bytes) -> Iterator[tuple[Row, int]]:
    """Rows and where each ends, up to the first line that is not whole."""
    decoder = msgspec.json.Decoder(Row)
    start = 0
    while (end := data.find(b"\n", start)) >= 0:
        try:
            row = decoder.decode(data[start:end])
        except (msgspec.MsgspecError, ValueError):
            return
        start = end + 1
        yield row, start
