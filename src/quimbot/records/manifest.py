"""What a data file holds, written beside it: `x.jsonl` has its `x.manifest.json`.

A manifest ties a file to its inputs by hash, so a mix can be traced to the corpora it came from
and made again byte for byte.
"""

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from quimbot.exceptions import DataError
from quimbot.records.jsonl import read_records, replacing, write_json
from quimbot.records.record import Record, Strict

_encoder = msgspec.json.Encoder()
_BLOCK = 1 << 20


class Parent(Strict, frozen=True, kw_only=True):
    """A file that another was made from, as it was then."""

    path: str
    sha256: str


class Manifest(Strict, frozen=True, kw_only=True):
    """Counts, hashes and settings of one data file."""

    rows: int
    bytes: int
    sha256: str
    licences: dict[str, int]
    sources: dict[str, int]
    authors: dict[str, int]
    moves: dict[str, int]
    """Lessons by move; a chat without a lesson counts nowhere."""
    parents: tuple[Parent, ...]
    settings: dict[str, object]
    facts: dict[str, object]
    """What the step that wrote the file has to tell: a funnel, shares asked and reached."""


def manifest_path(path: Path) -> Path:
    """Where the manifest of a data file is."""
    return path.with_suffix(".manifest.json")


def write_dataset(
    path: Path,
    records: Iterable[Record],
    *,
    parents: Iterable[Path] = (),
    settings: object = None,
    facts: Mapping[str, object] | None = None,
) -> Manifest:
    """Write records and their manifest in one pass; each file appears whole or not at all.

    `facts` is read after the last record, so a step may count into it while it yields.

    Raises:
        OutputError: a file cannot be written.
    """
    lines = ((_encoder.encode(record), record) for record in records)
    return write_lines(path, lines, parents=parents, settings=settings, facts=facts)


def write_lines(
    path: Path,
    lines: Iterable[tuple[bytes, Record]],
    *,
    parents: Iterable[Path] = (),
    settings: object = None,
    facts: Mapping[str, object] | None = None,
) -> Manifest:
    """Write lines as they are, such as `read_lines` gives them, and their manifest in one pass.

    A line without the id of its record is written anew, with it. Otherwise as `write_dataset`.

    Raises:
        OutputError: a file cannot be written.
    """
    tally = _Tally()
    digest = hashlib.sha256()
    with replacing(path) as file:
        for given, record in lines:
            line = (given if _has_id(given, record) else _encoder.encode(record)) + b"\n"
            tally.add(record)
            digest.update(line)
            file.write(line)
        size = file.tell()
    manifest = tally.manifest(size, digest.hexdigest(), parents, settings, facts or {})
    write_json(manifest_path(path), manifest)
    return manifest


def _has_id(line: bytes, record: Record) -> bool:
    """The line holds the id: at its end, where we write it, or wherever others did."""
    mark = f'"id":"{record.id}"'.encode()
    return line.endswith(mark + b"}") or mark in line.replace(b'"id": "', b'"id":"')


def write_manifest(
    path: Path,
    *,
    parents: Iterable[Path] = (),
    settings: object = None,
    facts: Mapping[str, object] | None = None,
) -> Manifest:
    """Describe a data file that is already there, and write its manifest.

    Raises:
        DataError: the file is missing or holds a line that is not a record.
    """
    tally = _Tally()
    for record in read_records(path):
        tally.add(record)
    size, sha256 = path.stat().st_size, file_sha256(path)
    manifest = tally.manifest(size, sha256, parents, settings, facts or {})
    write_json(manifest_path(path), manifest)
    return manifest


def read_manifest(path: Path) -> Manifest:
    """The manifest of a data file, checked against the file.

    Raises:
        DataError: there is no manifest, or it describes other content.
    """
    where = manifest_path(path)
    try:
        manifest = msgspec.json.decode(where.read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise DataError(f"{where}: no such file; run the step that writes {path.name}") from None
    except msgspec.MsgspecError as fault:
        raise DataError(f"{where}: {fault}; run the step that writes {path.name} again") from None
    if file_sha256(path) != manifest.sha256:
        raise DataError(
            f"{path}: changed since {where.name} was written; run the step that writes it again"
        )
    return manifest


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex.

    Raises:
        DataError: the file is missing.
    """
    digest = hashlib.sha256()
    for block in _blocks(path):
        digest.update(block)
    return digest.hexdigest()


def _blocks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                yield block
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; run the step that writes it") from None


class _Tally:
    """The counts of a manifest while they grow."""

    def __init__(self) -> None:
        self.rows = 0
        self.origins: Counter[tuple[str, str, str]] = Counter()
        """By licence, source and author."""
        self.moves: Counter[str] = Counter()

    def add(self, record: Record) -> None:
        """Count one record."""
        self.rows += 1
        origin = record.provenance
        self.origins[origin.licence, origin.source, origin.author] += 1
        for lesson in record.lessons:
            self.moves[lesson.move.value] += 1

    def manifest(
        self,
        size: int,
        sha256: str,
        parents: Iterable[Path],
        settings: object,
        facts: Mapping[str, object],
    ) -> Manifest:
        """The counts so far with all that a manifest holds besides."""
        licences, sources, authors = (_by_part(self.origins, part) for part in range(3))
        return Manifest(
            rows=self.rows,
            bytes=size,
            sha256=sha256,
            licences=licences,
            sources=sources,
            authors=authors,
            moves=_by_name(self.moves),
            parents=tuple(Parent(path=str(path), sha256=file_sha256(path)) for path in parents),
            settings=_plain(settings),
            facts=_plain(facts),
        )


def _by_part(counts: Counter[tuple[str, str, str]], part: int) -> dict[str, int]:
    names: Counter[str] = Counter()
    for key, count in counts.items():
        names[key[part]] += count
    return _by_name(names)


def _by_name(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def _plain(value: object) -> dict[str, object]:
    """A settings dataclass or a mapping as JSON values; paths and the like become text.

    Settings that cannot change the data (`compare=False`) are left out.
    """
    if value is None:
        return {}
    if dataclasses.is_dataclass(value):
        told = [field.name for field in dataclasses.fields(value) if field.compare]
        value = {name: getattr(value, name) for name in told}
    return msgspec.json.decode(msgspec.json.encode(value, enc_hook=str), type=dict[str, object])
