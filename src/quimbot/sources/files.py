"""Local corpora: JSON Lines, JSON arrays, CSV and Parquet, one file or a folder of them."""

import csv
import importlib
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from quimbot.exceptions import DataError
from quimbot.sources.source import RawRow

_WHITESPACE = re.compile(r"[\s,]*")
_BOMS = (b"\xff\xfe", b"\xfe\xff")


class FileSource:
    """One file, or every data file below a folder by name; hidden and manifest files stay out."""

    def __init__(self, path: Path, *, licence: str = "") -> None:
        self.path = path
        self.name = path.stem
        self.licence = licence

    def files(self) -> tuple[Path, ...]:
        """The files that are read, in order.

        Raises:
            DataError: there is none, or one has an ending that is not known.
        """
        if self.path.is_dir():
            found = tuple(sorted(filter(_is_data, self.path.rglob("*"))))
            if not found:
                raise DataError(f"{self.path}: no data file below it; allowed: {_endings()}")
            return found
        if not self.path.exists():
            raise DataError(f"{self.path}: no such file or folder; check the path")
        if self.path.suffix not in _READERS:
            raise DataError(
                f"{self.path}: unknown ending {self.path.suffix!r}; allowed: {_endings()}"
            )
        return (self.path,)

    def rows(self) -> Iterator[RawRow]:
        """The rows of every file, each with its `file:line`."""
        for file in self.files():
            for number, row in _READERS[file.suffix](file):
                yield RawRow(f"{file}:{number}", row)


def _is_data(path: Path) -> bool:
    ours = path.name.endswith((".manifest.json", ".rejected.jsonl"))
    return path.is_file() and path.suffix in _READERS and not ours and path.name[0] != "."


def _endings() -> str:
    return ", ".join(_READERS)


def _read_jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    decoder = msgspec.json.Decoder(dict[str, Any])
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if number == 1 and text.startswith(_BOMS):
                raise DataError(f"{path}: is UTF-16; save it as UTF-8")
            if not text.strip():
                continue
            try:
                yield number, decoder.decode(text)
            except (msgspec.MsgspecError, ValueError, RecursionError) as fault:
                raise DataError(f"{path}:{number}: {fault}") from None


def _read_json(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of one JSON array, each with the line that it begins on."""
    text = _decoded(path)
    decoder = json.JSONDecoder()
    start = _WHITESPACE.match(text).end()  # type: ignore[union-attr] # it matches nothing too
    if not text.startswith("[", start):
        raise DataError(
            f"{path}:1: must be an array of objects; one object a line goes in a .jsonl file"
        )
    place, number, counted = start + 1, 1, 0
    while True:
        place = _WHITESPACE.match(text, place).end()  # type: ignore[union-attr] # as above
        number += text.count("\n", counted, place)
        counted = place
        if text.startswith("]", place):
            return
        try:
            row, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as fault:
            line = fault.lineno if isinstance(fault, json.JSONDecodeError) else number
            raise DataError(f"{path}:{line}: {fault}") from None
        if not isinstance(row, dict):
            raise DataError(f"{path}:{number}: must be an object; found {type(row).__name__}")
        yield number, row


def _read_csv(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows under a header line; a cell that holds a JSON array, such as `messages`, is read."""
    reader = csv.DictReader(io.StringIO(_decoded(path), newline=""), strict=True)
    number = 2
    try:
        for cells in reader:
            if None in cells or None in cells.values():
                raise DataError(
                    f"{path}:{number}: {len(reader.fieldnames or ())} columns in the header, "
                    "another count here; quote cells that hold commas"
                )
            yield number, {column: _cell(cell) for column, cell in cells.items()}
            number = reader.line_num + 1
    except csv.Error as fault:
        raise DataError(f"{path}:{number}: {fault}") from None


def _cell(text: str) -> object:
    if not text.startswith("["):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _read_parquet(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows of a Parquet file; the number is the row's, counted from 1."""
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise DataError(
            f"{path}: reading Parquet needs an extra; run pip install 'quimbot[hub]'"
        ) from None
    number = 0
    try:
        for batch in parquet.ParquetFile(path).iter_batches():
            for row in batch.to_pylist():
                number += 1
                yield number, row
    except (OSError, ValueError) as fault:
        raise DataError(f"{path}: not readable as Parquet ({fault})") from None


def _decoded(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise DataError(f"{path}: not UTF-8 at byte {fault.start}; save it as UTF-8") from None


_READERS: dict[str, Callable[[Path], Iterator[tuple[int, dict[str, Any]]]]] = {
    ".jsonl": _read_jsonl,
    ".json": _read_json,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
}
