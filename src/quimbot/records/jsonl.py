"""JSON Lines on disk: records are streamed in, and a file appears whole or not at all."""

import codecs
import fcntl
import glob
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import EnumType
from pathlib import Path
from typing import IO, Any, TypeVar, get_args

import msgspec

from quimbot.exceptions import DataError, OutputError, QuimbotError
from quimbot.records.record import KnownRecord, Record

T = TypeVar("T")

LONGEST = 1 << 25
"""Bytes of the longest line that is read; a broken file without line ends fills no memory."""

_encoder = msgspec.json.Encoder()
_NO_CHOICE = re.compile(r"^Invalid enum value .* - at `\$\.(\w+)`$", re.DOTALL)


def read_records(path: Path) -> Iterator[Record]:
    """The records of a file, in order; blank lines are passed over.

    Raises:
        DataError: the file is missing, or a line is not a record (file, line and fault are named).
    """
    return read_rows(path, Record)


def read_lines(
    path: Path, *, wanted: Callable[[bytes], bool] = bool
) -> Iterator[tuple[bytes, Record]]:
    """Each line of a file, stripped, and its record; blank lines are passed over.

    A step that leaves a row as it is copies the line: `manifest.write_lines` takes these pairs.
    Lines that are not wanted are not decoded.

    Raises:
        DataError: as `read_records`.
    """
    return ((line, record) for _, line, record in _read(path, Record, wanted))


def read_numbered(path: Path) -> Iterator[tuple[int, bytes, Record]]:
    """As `read_lines`, each with the number of its line, from 1, blank lines counted.

    Raises:
        DataError: as `read_records`.
    """
    return _read(path, Record)


def read_again(
    path: Path, *, wanted: Callable[[bytes], bool] = bool
) -> Iterator[tuple[bytes, Record]]:
    """As `read_lines`, of a file that was read before: ids are not checked again.

    Raises:
        DataError: as `read_records`.
    """
    return ((line, record) for _, line, record in _read(path, KnownRecord, wanted))


def read_rows(path: Path, kind: type[T]) -> Iterator[T]:
    """The rows of a JSON Lines file as `kind`, in order; blank lines are passed over.

    Raises:
        DataError: the file is missing, or a line is not such a row.
    """
    return (row for _, _, row in _read(path, kind))


def read_numbered_rows(path: Path, kind: type[T]) -> Iterator[tuple[int, T]]:
    """As `read_rows`, each with the number of its line, from 1, blank lines counted.

    Raises:
        DataError: as `read_rows`.
    """
    return ((number, row) for number, _, row in _read(path, kind))


def _read(
    path: Path, kind: type[T], wanted: Callable[[bytes], bool] = bool
) -> Iterator[tuple[int, bytes, T]]:
    decoder = msgspec.json.Decoder(kind)
    try:
        with path.open("rb") as file:
            for number, line in numbered(file):
                if not wanted(line):
                    continue
                try:
                    row = decoder.decode(line)
                except (msgspec.MsgspecError, ValueError, RecursionError) as fault:
                    if number == 1 and is_wide(line):
                        raise DataError(f"{path}: is UTF-16; save the file as UTF-8") from None
                    why = why_unreadable(line, fault) + _allowed(kind, fault)
                    raise DataError(f"{path}:{number}: {why}") from None
                yield number, line, row
    except FileNotFoundError:
        raise DataError(
            f"{path}: no such file; check the path or run the step that writes it"
        ) from None
    except IsADirectoryError:
        raise DataError(f"{path}: is a folder; name a .jsonl file") from None
    except OSError as fault:
        if isinstance(fault, QuimbotError):
            raise
        raise DataError(f"{path}: cannot be read ({fault.strerror or fault})") from None


def numbered(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, stripped, each with its number from 1.

    A mark of UTF-8 before the first is passed over. A line longer than `LONGEST` comes as its
    beginning and a zero byte, which nobody can read as a row; the rest of it is not kept.
    """
    number = 0
    while raw := file.readline(LONGEST + 1):
        number += 1
        if len(raw) > LONGEST:
            rest = raw
            while rest and not rest.endswith(b"\n"):
                rest = file.readline(LONGEST)
            raw = raw[:LONGEST] + b"\0"
        elif number == 1:
            raw = raw.removeprefix(codecs.BOM_UTF8)
        if line := raw.strip():
            yield number, line


def changed(path: Path) -> DataError:
    """What to raise when a file that is read a second time is another one."""
    return DataError(f"{path}: changed while it was read; run the command again")


def why_unreadable(line: bytes, fault: Exception) -> str:
    """What is wrong with a line that could not be decoded, and what to do where there is a way."""
    if len(line) > LONGEST:
        return f"is longer than {LONGEST >> 20} MB; no row of text is, so take the line out"
    if isinstance(fault, UnicodeDecodeError):
        return f"is not UTF-8 (byte {fault.object[fault.start]:#04x}); save the file as UTF-8"
    if isinstance(fault, msgspec.DecodeError) and not isinstance(fault, msgspec.ValidationError):
        return f"{fault}; a line must hold one JSON object and nothing else"
    told = str(fault).replace("Object contains unknown field", "unknown field")
    if told.endswith("missing required field `provenance`"):
        return f"{told}; `quimbot pull` makes records of other chats"
    return told


def _allowed(kind: type, fault: Exception) -> str:
    """What a field may hold, where it holds a word that is not among its words."""
    found = _NO_CHOICE.search(str(fault))
    if not found:
        return ""
    named: Any = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}[found[1]]
    words = [
        word
        for part in get_args(named) or (named,)
        for word in (part if isinstance(part, EnumType) else [part])
        if isinstance(word, str)
    ]
    return f"; expected one of {', '.join(words)}"


def is_wide(content: bytes) -> bool:
    """Whether text begins as UTF-16 does, with its mark or without."""
    return content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content[:2]


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

    Inside of `together` it waits for the others. What a killed process left aside is swept.

    Raises:
        OutputError: the file is already there and `force` is off, or it cannot be written.
    """
    if path.exists() and not force:
        raise OutputError(f"{path}: already there; give --force to replace it, or another path")
    company = _company.get()
    aside: _Aside | None = None
    try:
        with _named(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            aside = _Aside(path)
            yield aside.file
            aside.file.flush()
            os.fsync(aside.file.fileno())
            if company is not None and path in company.paths:
                company.ready[path] = aside
            else:
                aside.appear()
    except BaseException:
        if aside:
            aside.discard()
        raise


@contextmanager
def together(paths: Iterable[Path], *, seal: Path) -> Iterator[None]:
    """Those of the files that are written in the block appear when it ends well, not before.

    They are renamed one after the other, manifests after what they describe and `seal` last; an old
    seal is taken away before the first. So a kill leaves the old files under the old seal, the new
    ones under theirs, or no seal: then a manifest tells whether its file is the one it describes.

    Raises:
        OutputError: a file cannot be put in its place.
    """
    company = _Company(frozenset((*paths, seal)), seal)
    token = _company.set(company)
    try:
        try:
            yield
        finally:
            _company.reset(token)
        company.appear()
    finally:
        for aside in company.ready.values():
            aside.discard()


def once_there(work: Callable[[], None]) -> None:
    """Do the work when the files written so far are in their places: now, or after `together`."""
    company = _company.get()
    work() if company is None else company.afterwards.append(work)


class _Aside:
    """A file beside its path, locked while its process lives."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._aside = path.with_name(f".{path.name}.{os.getpid()}.part")
        for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
            with suppress(OSError), left.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails where its writer lives
                left.unlink()
        self.file = self._aside.open("wb")
        with suppress(OSError):  # not every file system knows locks
            fcntl.flock(self.file, fcntl.LOCK_EX)

    def appear(self) -> None:
        self._aside.replace(self._path)
        self.file.close()

    def discard(self) -> None:
        with suppress(OSError):  # the folder itself may be what is wrong
            self.file.close()
        with suppress(OSError):
            self._aside.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Company:
    """Files that wait for each other."""

    paths: frozenset[Path]
    seal: Path
    ready: dict[Path, _Aside] = field(default_factory=dict)
    afterwards: list[Callable[[], None]] = field(default_factory=list)

    def appear(self) -> None:
        """Put each file in its place, the seal last, then do what waited for them."""
        if self.ready:
            with _named(self.seal):
                self.seal.unlink(missing_ok=True)
        for path in sorted(self.ready, key=lambda path: (path == self.seal, _describes(path))):
            with _named(path):
                self.ready[path].appear()
        for work in self.afterwards:
            work()


_company: ContextVar[_Company | None] = ContextVar("_company", default=None)


def _describes(path: Path) -> bool:
    return path.name.endswith(".manifest.json")


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """What the system says about a file, as a line for the user."""
    try:
        yield
    except OutputError:
        raise
    except IsADirectoryError as fault:
        raise OutputError(f"{path}: is a folder; name a file") from fault
    except OSError as fault:
        why = fault.strerror or str(fault)
        raise OutputError(
            f"{path}: cannot write ({why}); free some space or name another path"
        ) from fault
