"""A row-wise job in shards: a row has one shard, a shard one ledger, and the merge one order.

The shard of a row is the hash of its line, whatever stands around it. A shard notes the outcome of
each of its rows, in the order of the input, and leaves a marker when it has noted them all. The
merge reads the inputs once more and takes for each line the next outcome of its shard: the job that
was shared out gives what it gives in one piece.
"""

import fcntl
import glob
import hashlib
import os
import shutil
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Generic, TypeVar

import msgspec

from quimbot.exceptions import DataError, OutputError
from quimbot.records.jsonl import numbered, read_lines, read_rows, write_json
from quimbot.records.manifest import file_sha256
from quimbot.records.record import Record, Strict
from quimbot.runs.stamp import Settings, content_hash, environment, plain, versions

T = TypeVar("T")
Line = tuple[bytes, Record]
"""A line of an input, stripped, and its record."""

_encoder = msgspec.json.Encoder()
LOGS = "datatrove"
"""Folder, among the ledgers, of what the executor writes for itself."""
_MERGED = ".merged"
_NAMED = 8  # missing shards that an error names


class Entry(Strict, Generic[T], frozen=True, kw_only=True):
    """What a ledger notes of a row."""

    line: int
    """CRC-32 of the input line that it is about."""
    outcome: T


class Marker(Strict, frozen=True, kw_only=True):
    """What a finished shard leaves."""

    plan: str
    shard: int
    rows: int
    sha256: str
    """Of its ledger."""


@dataclass(frozen=True, kw_only=True)
class Job(Generic[T]):
    """What is done to every row."""

    settings: Settings
    files: tuple[Path, ...]
    """Where the rows are; `judge` may read more inputs."""
    judge: Callable[[Any, Iterator[Line]], Iterator[T]]
    """Gives one outcome a line, in order, each from that line alone; a function of a module."""
    outcome: type[T]
    """What `judge` gives: a struct that JSON can hold."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which rows make which shard, and where the ledgers are."""

    output: Path
    files: tuple[Path, ...]
    shards: int
    rows: int
    """Of all inputs."""
    hash: str
    versions: dict[str, str]
    """What the outcomes depend on besides: every machine must have the same."""

    @classmethod
    def of(cls, job: Job[Any], shards: int) -> "Plan":
        """The plan of a job; its hash tells it from those of other inputs, settings and versions.

        Raises:
            OutputError: shards of another plan for the same output are there.
        """
        settings = job.settings
        contents = [content_hash(path) for path in settings.inputs()]
        made_of = (plain(settings), contents, shards, environment())
        plan = cls(
            output=settings.outputs()[0].resolve(),
            files=job.files,
            shards=shards,
            rows=sum(map(_rows, job.files)),
            hash=hashlib.blake2b(_encoder.encode(made_of), digest_size=6).hexdigest(),
            versions=versions(),
        )
        mine = f".{glob.escape(plan.output.stem)}.{'[0-9a-f]' * len(plan.hash)}"
        for done in plan.output.parent.glob(mine + _MERGED):
            shutil.rmtree(done)  # what a kill left of it
        for other in plan.output.parent.glob(mine + ".shards"):
            begun = [path for path in other.iterdir() if path.name != LOGS]
            if begun and other != plan.folder:
                raise OutputError(
                    f"{other}: shards of other inputs, settings or versions for the same output; "
                    "run the command that began them, remove that folder, or give another --output"
                )
        return plan

    @property
    def folder(self) -> Path:
        """Where ledgers and markers lie until they are merged."""
        return self.output.with_name(f".{self.output.stem}.{self.hash}.shards")

    def ledger(self, shard: int) -> Path:
        """The outcomes of a shard."""
        return self.folder / f"{shard:05d}.jsonl"

    def marker(self, shard: int) -> Path:
        """What says that a shard is finished."""
        return self.folder / f"{shard:05d}.done.json"

    def finished(self, shard: int) -> bool:
        """Whether a shard has its marker, and its ledger."""
        return self.marker(shard).exists() and self.ledger(shard).exists()

    def unfinished(self) -> list[int]:
        """The shards that are to be done or continued."""
        return [shard for shard in range(self.shards) if not self.finished(shard)]

    def shard(self, line: bytes) -> int:
        """The shard of a line."""
        return zlib.crc32(line) % self.shards

    def lines(self, shard: int) -> Iterator[Line]:
        """The lines of a shard, in the order of the inputs."""
        crc32, shards = zlib.crc32, self.shards  # asked of every line of the inputs
        for file in self.files:
            yield from read_lines(file, wanted=lambda line: crc32(line) % shards == shard)

    def remove(self) -> None:
        """Take ledgers and markers away, all of them or none."""
        merged = self.folder.with_suffix(_MERGED)
        self.folder.rename(merged)
        shutil.rmtree(merged)


def _rows(path: Path) -> int:
    """How many lines of a file are not blank."""
    with path.open("rb") as file:
        return sum(1 for _ in numbered(file))


def do_shard(plan: Plan, shard: int, job: Job[T]) -> None:
    """Note the outcome of every row of a shard, after those noted before, and leave its marker.

    Raises:
        DataError: an input changed meanwhile, or this machine has other versions than the plan.
        OutputError: another process works on the same shard.
    """
    if plan.finished(shard):
        return
    here = versions()
    for name, value in plan.versions.items():
        if here.get(name) != value:
            raise DataError(
                f"this machine has {name} {here.get(name)}, where the plan was made with {value}; "
                "give all machines the same environment"
            )
    with _held(plan.ledger(shard)) as file:
        lines, rows = plan.lines(shard), 0
        for entry in _whole(file, job.outcome):
            line, _ = next(lines, (b"", None))
            if zlib.crc32(line) != entry.line:
                raise _stale(plan.ledger(shard))
            rows += 1
        for (line, _), outcome in with_outcomes(job, lines):
            entry = Entry(line=zlib.crc32(line), outcome=outcome)
            file.write(_encoder.encode(entry) + b"\n")
            file.flush()  # seen by who follows, and kept whatever ends this process
            rows += 1
        os.fsync(file.fileno())
    sha256 = file_sha256(plan.ledger(shard))
    write_json(plan.marker(shard), Marker(plan=plan.hash, shard=shard, rows=rows, sha256=sha256))


def with_outcomes(job: Job[T], lines: Iterable[Line]) -> Iterator[tuple[Line, T]]:
    """Each line with the outcome that the job gives it, in order."""
    ahead: deque[Line] = deque()

    def read() -> Iterator[Line]:
        for line in lines:
            ahead.append(line)
            yield line

    for outcome in job.judge(job.settings, read()):
        yield ahead.popleft(), outcome
    assert not ahead, "one outcome a line"


@contextmanager
def _held(path: Path) -> Iterator[IO[bytes]]:
    """A ledger to append to, that nobody else writes meanwhile.

    Raises:
        OutputError: it is held by another process, or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield file
    except BlockingIOError:
        raise OutputError(
            f"{path}: another process works on this shard; wait for it, or end it"
        ) from None


def _whole(file: IO[bytes], outcome: type[T]) -> Iterator[Entry[T]]:
    """The entries of a ledger; what a kill left torn at its end is cut away."""
    decoder = msgspec.json.Decoder(Entry[outcome])  # type: ignore[valid-type] # known when it runs
    whole = 0
    with Path(file.name).open("rb") as ledger:
        for line in ledger:
            try:
                entry = decoder.decode(line)
            except (msgspec.MsgspecError, ValueError):
                break
            if not line.endswith(b"\n"):
                break
            yield entry
            whole += len(line)
    file.truncate(whole)


def merged(plan: Plan, outcome: type[T]) -> Iterator[tuple[Line, T]]:
    """Every line of the inputs, in order, with its outcome.

    Raises:
        DataError: a shard is missing, is of another plan, or does not hold the rows that it must.
    """
    if missing := plan.unfinished():
        names = ", ".join(map(str, missing[:_NAMED])) + (", …" if len(missing) > _NAMED else "")
        raise DataError(
            f"{plan.output}: {len(missing)} of {plan.shards} shards are not finished ({names}); "
            "run the command again, it does only these"
        )
    noted = sum(_checked(plan, shard).rows for shard in range(plan.shards))
    if noted != plan.rows:
        raise DataError(
            f"{plan.folder}: its shards hold {noted} rows, the inputs {plan.rows}; "
            "remove that folder and run the command again"
        )
    kind: type[Entry[T]] = Entry[outcome]  # type: ignore[valid-type] # known when it runs
    ledgers = [read_rows(plan.ledger(shard), kind) for shard in range(plan.shards)]
    for file in plan.files:
        for line, record in read_lines(file):
            shard = plan.shard(line)
            entry = next(ledgers[shard], None)
            if entry is None or entry.line != zlib.crc32(line):
                raise _stale(plan.ledger(shard))
            yield (line, record), entry.outcome
    for shard, ledger in enumerate(ledgers):
        if next(ledger, None) is not None:
            raise _stale(plan.ledger(shard))


def _checked(plan: Plan, shard: int) -> Marker:
    """The marker of a finished shard, whose ledger must be what it says."""
    path, where = plan.ledger(shard), plan.marker(shard)
    try:
        marker = msgspec.json.decode(where.read_bytes(), type=Marker)
    except msgspec.MsgspecError as fault:
        raise DataError(f"{where}: {fault}; remove it and run the command again") from None
    if (marker.plan, marker.shard) != (plan.hash, shard):
        raise DataError(
            f"{where}: is of shard {marker.shard} of plan {marker.plan}, not of {shard} of "
            f"{plan.hash}; remove it and {path.name}, and run the command again"
        )
    if file_sha256(path) != marker.sha256:
        raise DataError(
            f"{path}: changed since {where.name} was written; remove both and run the command again"
        )
    return marker


def _stale(ledger: Path) -> DataError:
    return DataError(
        f"{ledger}: does not hold the rows of its shard, an input has changed meanwhile; "
        f"remove the folder {ledger.parent.name} and run the command again"
    )
