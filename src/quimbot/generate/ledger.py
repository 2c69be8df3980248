"""The rows of a campaign under way: appended, synced, and read again after any stop."""

import os
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from quimbot.exceptions import OutputError
from quimbot.records.record import Record, Strict

_encoder = msgspec.json.Encoder()
_NOT_YET = -1


class Row(Strict, frozen=True, kw_only=True, omit_defaults=True):
    """How one cell of the plan ended."""

    index: int
    record: Record
    reason: str = ""
    """Why the last reply was refused, or `failed` when none could be had; empty when accepted."""
    fault: str = ""
    """What went wrong, where no reply could be had."""
    faults: tuple[str, ...] = ()
    """What was met on the way, such as 429 or broke-off; the cell was asked again after each."""
    prompt_tokens: int = 0
    """Tokens of prompts that its replies cost, the refused ones too."""
    reply_tokens: int = 0
    cost: float = 0.0


@dataclass
class Tally:
    """Sums over rows."""

    ended: int = 0
    accepted: int = 0
    prompt_tokens: int = 0
    reply_tokens: int = 0
    cost: float = 0.0

    def add(self, row: Row) -> None:
        """Count one row."""
        self.ended += 1
        self.accepted += not row.reason
        self.prompt_tokens += row.prompt_tokens
        self.reply_tokens += row.reply_tokens
        self.cost += row.cost


class Ledger:
    """An append-only file of rows as they end; its name holds the plan's hash.

    A torn last line, left by a kill, is cut away on opening. Rows stay on the disk: memory holds
    where each one stands and their sums.
    """

    def __init__(self, output: Path, plan: str, cells: int) -> None:
        """The rows of a plan with so many cells.

        Raises:
            OutputError: rows of another plan for the same output are there.
        """
        self.path = output.with_name(f".{output.stem}.{plan}.partial")
        self.tally = Tally()
        self._refuse_others(output)
        self._at = array("q", [_NOT_YET]) * cells
        self._size = self._repair()

    def __len__(self) -> int:
        """How many cells have ended."""
        return self.tally.ended

    def __contains__(self, index: int) -> bool:
        """Whether that cell has ended."""
        return self._at[index] != _NOT_YET

    def append(self, rows: Sequence[Row]) -> None:
        """Write rows and wait until they are on the disk.

        Raises:
            OutputError: they cannot be written; what was there before stays whole.
        """
        lines = [_encoder.encode(row) + b"\n" for row in rows]
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.write(b"".join(lines))
                file.flush()
                os.fsync(file.fileno())
        except OSError as fault:
            why = fault.strerror or str(fault)
            raise OutputError(
                f"{self.path}: cannot write ({why}); free some space and run the command again, "
                "it goes on where it stopped"
            ) from fault
        for row, line in zip(rows, lines, strict=True):
            self._at[row.index], self._size = self._size, self._size + len(line)
            self.tally.add(row)

    def rows(self) -> Iterator[Row]:
        """The rows of the cells that have ended, in the order of the plan."""
        if not self.tally.ended:
            return
        decoder = msgspec.json.Decoder(Row)
        with self.path.open("rb") as file:
            for at in self._at:
                if at != _NOT_YET:
                    file.seek(at)
                    yield decoder.decode(file.readline())

    def close(self) -> None:
        """Take the file away."""
        self.path.unlink(missing_ok=True)

    def _refuse_others(self, output: Path) -> None:
        for path in output.parent.glob(f".{output.stem}.*.partial"):
            if path != self.path and path.stat().st_size:
                raise OutputError(
                    f"{output}: {path.name} keeps rows of another plan for it; run the command "
                    "that began it, remove that file, or give another --output"
                )

    def _repair(self) -> int:
        """Take in the whole rows, and cut the file after the last of them; gives its size."""
        if not self.path.exists():
            return 0
        decoder = msgspec.json.Decoder(Row)
        whole = 0
        with self.path.open("r+b") as file:
            for line in file:
                try:
                    row = decoder.decode(line)
                except (msgspec.MsgspecError, ValueError):
                    break
                if not line.endswith(b"\n"):
                    break
                self._at[row.index] = whole
                self.tally.add(row)
                whole += len(line)
            if whole < file.seek(0, os.SEEK_END):
                file.truncate(whole)
                os.fsync(file.fileno())
        return whole
