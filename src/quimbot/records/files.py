"""Local corpora: one file or a folder of them, plain or packed, read row by row.

What is broken in one row stays in that row, so that a pull may set it aside and go on; what is
broken for good (a packed file cut off, an array that does not close) ends the file with its line.
"""

import codecs
import csv
import gzip
import importlib
import io
import json
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import msgspec

from quimbot.exceptions import DataError
from quimbot.records.jsonl import LONGEST, is_wide, numbered, why_unreadable
from quimbot.records.raw import RawRow, Unreadable

Found = tuple[int, dict[str, Any] | Unreadable]
"""A row, or what is wrong with it, and its line or number."""

_SHOWN = 2000
"""Characters that are kept of a row that cannot be read."""
_BLOCK = 1 << 16

_decoder = msgspec.json.Decoder(dict[str, Any])
_elements = msgspec.json.Decoder(list[msgspec.Raw])
_scanner = json.JSONDecoder()
_BETWEEN = re.compile(r"[\s,]*")


class FileSource:
    """One file, or every data file below a folder by name; hidden and manifest files stay out."""

    def __init__(self, path: Path, *, licence: str = "") -> None:
        self.path = path
        self.name = path.with_suffix("").stem if path.suffix in _PACKINGS else path.stem
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
        if _kind(self.path) not in _READERS:
            raise DataError(
                f"{self.path}: unknown ending {self.path.suffix!r}; allowed: {_endings()}"
            )
        return (self.path,)

    def rows(self) -> Iterator[RawRow | Unreadable]:
        """The rows of every file, each with its `file:line`."""
        for file in self.files():
            with _faults(file):
                for number, row in _READERS[_kind(file)](file):
                    origin = f"{file}:{number}"
                    if isinstance(row, Unreadable):
                        yield msgspec.structs.replace(row, origin=origin)
                    else:
                        yield RawRow(origin, row)


def _kind(path: Path) -> str:
    """The ending that says how a file is read, without that of its packing."""
    return path.with_suffix("").suffix if path.suffix in _PACKINGS else path.suffix


def _is_data(path: Path) -> bool:
    ours = path.name.endswith((".manifest.json", ".rejected.jsonl"))
    return path.is_file() and _kind(path) in _READERS and not ours and path.name[0] != "."


def _endings() -> str:
    return f"{', '.join(_READERS)}, and the first three with {' or '.join(_PACKINGS)}"


@contextmanager
def _faults(path: Path) -> Iterator[None]:
    """What ends the reading of a file, as one line."""
    try:
        yield
    except DataError:
        raise
    except (EOFError, gzip.BadGzipFile, zlib.error) as fault:
        raise DataError(f"{path}: is cut off or no {path.suffix} file ({fault})") from None
    except OSError as fault:
        raise DataError(f"{path}: cannot be read ({fault.strerror or fault})") from None


def _read_jsonl(path: Path) -> Iterator[Found]:
    with _opened(path) as file:
        for number, line in numbered(file):
            row = _row(line)
            if number == 1 and isinstance(row, Unreadable) and is_wide(line):
                raise DataError(f"{path}: is UTF-16; save the file as UTF-8")
            yield number, row


def _row(line: bytes) -> dict[str, Any] | Unreadable:
    try:
        return _decoder.decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError) as fault:
        reason = "too-long" if len(line) > LONGEST else "malformed"
        return _unreadable(reason, why_unreadable(line, fault), line)


def _unreadable(reason: str, fault: str, raw: bytes) -> Unreadable:
    shown = raw[:_SHOWN].decode("utf-8", "backslashreplace")
    return Unreadable("", reason, fault, shown + "…" if len(raw) > _SHOWN else shown)


def _read_json(path: Path) -> Iterator[Found]:
    """The objects of one array, each with the line that it begins on; or one object a line."""
    with _opened(path) as file:
        head = file.read(_BLOCK).removeprefix(codecs.BOM_UTF8).lstrip()
    if head.startswith(b"{"):
        yield from _read_jsonl(path)
        return
    if is_wide(head):
        raise DataError(f"{path}: is UTF-16; save the file as UTF-8")
    if not head.startswith(b"["):
        raise DataError(f"{path}:1: must be an array of objects, or hold one object a line")
    with _opened(path) as file:
        content = file.read().removeprefix(codecs.BOM_UTF8)
    place, number = content.index(b"[") + 1, 1
    number += content.count(b"\n", 0, place)
    for raw in _split(path, content, place):
        begin = content.index(raw[:1], place)
        number += content.count(b"\n", place, begin)
        yield number, _row(raw)
        number += raw.count(b"\n")
        place = begin + len(raw)


def _split(path: Path, content: bytes, place: int) -> Iterator[bytes]:
    """The elements of an array as they are written.

    Raises:
        DataError: it is broken; what stands before that is given first.
    """
    try:
        yield from map(bytes, _elements.decode(content))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        # The slow way: it knows where an element ends that holds half a surrogate pair or NaN.
        yield from _split_slowly(path, content, place)


def _split_slowly(path: Path, content: bytes, place: int) -> Iterator[bytes]:
    text = content[place:].decode("utf-8", "surrogateescape")
    ahead = 0
    while True:
        found = _BETWEEN.match(text, ahead)
        ahead = found.end() if found else ahead
        if text.startswith("]", ahead):
            return
        try:
            _, end = _scanner.raw_decode(text, ahead)
        except (ValueError, RecursionError) as fault:
            at = fault.pos if isinstance(fault, json.JSONDecodeError) else ahead
            number = content.count(b"\n", 0, place) + text.count("\n", 0, at) + 1
            what = fault.msg if isinstance(fault, json.JSONDecodeError) else str(fault)
            raise DataError(f"{path}:{number}: {what}; the array is broken from here on") from None
        yield text[ahead:end].encode("utf-8", "surrogateescape")
        ahead = end


def _read_csv(path: Path) -> Iterator[Found]:
    """Rows under a header line; a cell that holds a JSON array, such as `messages`, is read."""
    csv.field_size_limit(LONGEST)
    with _opened(path) as file:
        lines = _texts(path, file)
        first = next(lines, "").removeprefix("\ufeff")
        reader = csv.reader((line for part in ((first,), lines) for line in part), strict=True)
        number = 1
        try:
            header = next(reader, [])
            number = reader.line_num + 1
            for cells in reader:
                if not cells:
                    pass
                elif len(cells) != len(header):
                    fault = (
                        f"{len(header)} columns in the header, {len(cells)} here; "
                        "quote cells that hold commas"
                    )
                    yield number, _unreadable("other-columns", fault, ",".join(cells).encode())
                else:
                    yield number, dict(zip(header, map(_cell, cells), strict=True))
                number = reader.line_num + 1
        except csv.Error as fault:
            raise DataError(f"{path}:{number}: {fault}") from None


def _texts(path: Path, file: IO[bytes]) -> Iterator[str]:
    for number, line in enumerate(file, 1):
        try:
            yield line.decode()
        except UnicodeDecodeError as fault:
            what = f"not UTF-8 at byte {fault.start} of the line"
            raise DataError(f"{path}:{number}: {what}; save the file as UTF-8") from None


def _cell(text: str) -> object:
    if not text.startswith("["):
        return text
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return text


def _read_parquet(path: Path) -> Iterator[Found]:
    """Rows of a Parquet file; the number is the row's, counted from 1."""
    parquet = _arrow(path, "pyarrow.parquet")
    with _arrow_faults(path, "Parquet"), parquet.ParquetFile(path) as file:
        yield from _batches(file.iter_batches())


def _read_arrow(path: Path) -> Iterator[Found]:
    """Rows of an Arrow file, streamed or with a footer; the number is the row's, from 1."""
    arrow = _arrow(path, "pyarrow")
    with _arrow_faults(path, "Arrow"), arrow.memory_map(str(path)) as file:
        if file.read(6) == b"ARROW1":
            table = arrow.ipc.open_file(path)
            yield from _batches(table.get_batch(at) for at in range(table.num_record_batches))
        else:
            file.seek(0)
            yield from _batches(arrow.ipc.open_stream(file))


def _batches(batches: Any) -> Iterator[Found]:  # noqa: ANN401 - its library is an extra
    number = 0
    for batch in batches:
        for row in batch.to_pylist():
            number += 1
            yield number, row


def _arrow(path: Path, module: str) -> Any:  # noqa: ANN401 - as above
    try:
        return importlib.import_module(module)
    except ImportError:
        raise DataError(
            f"{path}: reading {path.suffix} needs an extra; run pip install 'quimbot[hub]'"
        ) from None


@contextmanager
def _arrow_faults(path: Path, form: str) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise
    except (OSError, ValueError, RuntimeError) as fault:
        text = " ".join(str(fault).split())
        raise DataError(f"{path}: not readable as {form} ({text})") from None


def _opened(path: Path) -> IO[bytes]:
    """The file, unpacked while it is read."""
    return _PACKINGS.get(path.suffix, _plain)(path)


def _plain(path: Path) -> IO[bytes]:
    return path.open("rb")


def _gzip(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb")  # type: ignore[return-value] # it reads like one


def _zstd(path: Path) -> IO[bytes]:
    return io.BufferedReader(_arrow(path, "pyarrow").input_stream(str(path), compression="zstd"))


_PACKINGS: dict[str, Callable[[Path], IO[bytes]]] = {".gz": _gzip, ".zst": _zstd}

_READERS: dict[str, Callable[[Path], Iterator[Found]]] = {
    ".jsonl": _read_jsonl,
    ".json": _read_json,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
    ".arrow": _read_arrow,
}
