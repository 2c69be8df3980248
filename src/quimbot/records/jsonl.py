"""JSON Lines on disk: records are streamed in, and a file appears whole or not at all."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TypeVar

import msgspec

from quimbot.exceptions import DataError, OutputError
from quimbot.records.record import Record

T = TypeVar("T")

_encoder = msgspec.json.Encoder()


def read_records(path: Path) -> Iterator[Record]:
    """The records of a file, in order; blank lines are passed over.

    Raises:
        DataError: the file is missing, or a line is not a record (file, line and fault are named).
    """
    return read_rows(path, Record)


def read_lines(path: Path) -> Iterator[tuple[bytes, Record]]:
    """Each line of a file, stripped, and its record; blank lines are passed over.

    A step that leaves a row as it is copies the line: `manifest.write_lines` takes these pairs.

    Raises:
        DataError: as `read_records`.
    """
    return _read(path, Record)


def read_rows(path: Path, kind: type[T]) -> Iterator[T]:
    """The rows of a JSON Lines file as `kind`, in order; blank lines are passed over.

    Raises:
        DataError: the file is missing, or a line is not such a row.
    """
    return (row for _, row in _read(path, kind))


def _read(path: Path, kind: type[T]) -> Iterator[tuple[bytes, T]]:
    decoder = msgspec.json.Decoder(kind)
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise DataError(
            f"{path}: no such file; check the path or run the step that writes it"
        ) from None
    except IsADirectoryError:
        raise DataError(f"{path}: is a folder; name a .jsonl file") from None
    with file:
        for number, raw in enumerate(file, 1):
            line = raw.strip()
            if not line:
                continue
            try:
                row = decoder.decode(line)
            except (msgspec.MsgspecError, ValueError, RecursionError) as fault:
                text = str(fault).replace("Object contains unknown field", "unknown field")
                raise DataError(f"{path}:{number}: {text}") from None
            yield line, row


def write_rows(path: Path, rows: Iterable[object], *, force: bool = True) -> int:
    """Write rows as JSON Lines and return how many; the file appears whole or not at all.

    Raises:
        OutputError: the file is already there and `force` is off, or it cannot be written.
    """
    count = 0
    with replacing(path, force=force) as file:
        for row in rows:
            file.write(_encoder.encode(row))
            file.write(b"\n")
            count += 1
    return count


def write_json(path: Path, value: object) -> None:
    """Write one value as indented JSON; the file appears whole or not at all."""
    with replacing(path) as file:
        file.write(msgspec.json.format(_encoder.encode(value), indent=2))
        file.write(b"\n")


@contextmanager
def replacing(path: Path, *, force: bool = True) -> Iterator[IO[bytes]]:
    """A file opened aside that takes the place of `path` only when the block ends well.

    Raises:
        OutputError: the file is already there and `force` is off, or it cannot be written.
    """
    if path.exists() and not force:
        raise OutputError(f"{path}: already there; give --force to replace it, or another path")
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as fault:
        if isinstance(fault, OutputError):
            raise
        why = fault.strerror or str(fault)
        raise OutputError(
            f"{path}: cannot write ({why}); free some space or name another path"
        ) from fault
    finally:
        with suppress(OSError):  # the folder itself may be what is wrong
            aside.unlink(missing_ok=True)
