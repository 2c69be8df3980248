"""What a folder of chat files holds, as it is written to disk, and how it is counted."""

from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Collection, Generator, Iterable, Iterator
from datetime import datetime
from itertools import accumulate
from pathlib import Path
from typing import Any

import msgspec

from quimbot.curate.languages import LanguageSample
from quimbot.curate.tally import Entry, Faults, Tally, by_count
from quimbot.exceptions import DataError
from quimbot.records.files import FileSource
from quimbot.records.manifest import file_sha256
from quimbot.records.raw import RawRow, Unreadable
from quimbot.records.record import Strict
from quimbot.runs.watch import Watch
from quimbot.verify.near_duplicates import NearDuplicates
from quimbot.verify.shingles import shingle

_BARS = 20
_MOST = 0.98
"""The part of all messages that a length distribution draws by width; its last bar is the rest."""

_SAMPLE = 2000
"""Chats of the folder whose language is told, at least where there are as many."""

_READ = 1 << 16


class Fault(Strict, frozen=True, kw_only=True):
    """What keeps lines from being chats."""

    text: str
    count: int
    lines: tuple[int, ...]
    """The first of them."""


class Turn(Strict, frozen=True, kw_only=True):
    """A first learner turn, and how many chats begin with it."""

    text: str
    count: int


class Bar(Strict, frozen=True, kw_only=True):
    """How many messages have from `least` to `most` words."""

    least: int
    most: int
    count: int


class Spread(Strict, frozen=True, kw_only=True):
    """Lengths in words."""

    median: int
    p95: int
    most: int


class Counts(Strict, frozen=True, kw_only=True):
    """What is told of a file and of all files alike; counts by name have the commonest first."""

    rows: int
    """Lines that are chats."""
    bad: int
    """Lines that are not."""
    distinct: int
    """Chats that differ, message for message."""
    shapes: dict[str, int]
    roles: dict[str, int]
    languages: dict[str, int]
    """Of a sample spread evenly over the rows; `unsure` where the text is short or mixed."""
    learner_words: Spread
    reply_words: Spread
    first_turns: int
    """Distinct first learner turns."""
    commonest_turns: tuple[Turn, ...]
    """Ten of them."""
    sources: dict[str, int]
    licences: dict[str, int]
    moves: dict[str, int]
    error_types: dict[str, int]


class FileCounts(Counts, frozen=True, kw_only=True):
    """The counts of one file."""

    file: str
    """Its path below the folder."""
    sha256: str
    repeats_elsewhere: int
    """Distinct chats that stand in a file counted before, too."""
    faults: tuple[Fault, ...]
    """What is wrong with the bad lines, the commonest first."""


class FolderCounts(Counts, frozen=True, kw_only=True):
    """The counts of a folder."""

    folder: str
    left_out: tuple[str, ...]
    """Files that hold one object over several lines, as settings do: no chats."""
    taken: str
    """When, ISO 8601."""
    unlike: int | None
    """Chats that are left when those that nearly repeat another go, too, as `dedup` does it."""
    learner_lengths: tuple[Bar, ...]
    reply_lengths: tuple[Bar, ...]
    files: tuple[FileCounts, ...]


def count_folder(
    folder: Path, watch: Watch, *, near: bool = True, leave_out: Collection[Path] = ()
) -> FolderCounts:
    """The counts of every chat file below a folder; hidden files and rejected rows stay out.

    Any file is counted that a pull reads: JSON Lines, JSON, CSV, packed or not, Parquet, Arrow.

    Raises:
        DataError: there is no such folder, or no chat file in it.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; name one that holds chat files")
    own = {path.resolve() for path in leave_out}
    found = [path for path in FileSource(folder).files() if path.resolve() not in own]
    settings = [path for path in found if _is_settings(path)]
    paths = [path for path in found if path not in settings]
    if not paths:
        raise DataError(f"{folder}: holds no chat file")
    everything, files = Tally(), list[FileCounts]()

    def texts() -> Iterator[str]:
        for path in paths:
            counted = yield from _count(path, folder, everything, _SAMPLE // len(paths))
            files.append(counted)
            task.advance()

    unlike = None
    with watch.task("inventory", len(paths)) as task:
        if near:
            unlike = _unlike(texts())
        else:
            deque(texts(), maxlen=0)
    languages: Counter[str] = Counter()
    for file in files:
        languages.update(file.languages)
    return FolderCounts(
        **_counts(everything, sum(file.bad for file in files), languages),
        folder=str(folder),
        left_out=tuple(path.relative_to(folder).as_posix() for path in settings),
        taken=datetime.now().astimezone().isoformat(timespec="seconds"),
        unlike=unlike,
        learner_lengths=_bars(everything.learner_words),
        reply_lengths=_bars(everything.reply_words),
        files=tuple(files),
    )


def _is_settings(path: Path) -> bool:
    """Whether a .json file is one object over several lines: no chats, but what a program keeps."""
    if path.suffix != ".json":
        return False
    with path.open("rb") as file:
        first = file.readline(_READ)
    if not first.lstrip().startswith(b"{") or len(first) == _READ:
        return False
    try:
        msgspec.json.decode(first)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return True
    return False


def _unlike(texts: Iterable[str]) -> int:
    """How many texts stay when those that nearly repeat another go."""
    finder = NearDuplicates()
    kept = finder.among(shingle(texts, finder.words)).kept
    return int((kept < 0).sum())


def _count(
    path: Path, folder: Path, everything: Tally, sampled: int
) -> Generator[str, None, FileCounts]:
    """The text of each chat not met before, while one file is counted; the counts in the end."""
    tally, faults, sample = Tally(everything), Faults(), LanguageSample(sampled)
    for row in _rows(path, faults):
        try:
            entry = Entry.read(row.row)
        except DataError as fault:
            faults.add(str(fault), row.origin)
            continue
        known = entry.key in tally.keys or entry.key in everything.keys
        tally.add(entry)
        text = entry.text()
        sample.add(text)
        if not known:
            yield text
    elsewhere = len(tally.keys & everything.keys)
    everything.take(tally)
    return FileCounts(
        **_counts(tally, faults.counts.total(), sample.languages()),
        file=path.relative_to(folder).as_posix(),
        sha256=file_sha256(path),
        repeats_elsewhere=elsewhere,
        faults=tuple(
            Fault(text=text, count=count, lines=tuple(faults.lines[text]))
            for text, count in by_count(faults.counts).items()
        ),
    )


def _rows(path: Path, faults: Faults) -> Iterator[RawRow]:
    """The rows that can be read; the others, and what ends the file early, are faults."""
    try:
        for row in FileSource(path).rows():
            if isinstance(row, Unreadable):
                faults.add(row.fault, row.origin)
            else:
                yield row
    except DataError as fault:
        faults.add_end(path, str(fault))


def _counts(tally: Tally, bad: int, languages: Counter[str]) -> dict[str, Any]:
    """The fields of `Counts`."""
    return {
        "rows": tally.rows,
        "bad": bad,
        "distinct": len(tally.keys),
        "learner_words": _spread(tally.learner_words),
        "reply_words": _spread(tally.reply_words),
        "first_turns": len(tally.turns),
        "commonest_turns": tuple(
            Turn(text=text, count=count) for text, count in tally.commonest_turns()
        ),
        "languages": by_count(languages),
    } | {
        name: by_count(getattr(tally, name))
        for name in ("shapes", "roles", "sources", "licences", "moves", "error_types")
    }


def _spread(words: Counter[int]) -> Spread:
    """Median, 95th percentile and maximum of lengths counted by length."""
    last = words.total() - 1
    if last < 0:
        return Spread(median=0, p95=0, most=0)
    return Spread(
        median=_at(words, (last + 1) // 2), p95=_at(words, int(0.95 * last)), most=max(words)
    )


def _at(words: Counter[int], place: int) -> int:
    """The length at a place when all are put in order."""
    lengths = sorted(words)
    return lengths[bisect_right(list(accumulate(words[length] for length in lengths)), place)]


def _bars(words: Counter[int]) -> tuple[Bar, ...]:
    """The distribution of lengths in bars of one width; the last holds all beyond as well."""
    if not words:
        return ()
    wide = max(-(-_at(words, int(_MOST * (words.total() - 1))) // _BARS), 1)
    bars: Counter[int] = Counter()
    for length, count in words.items():
        bars[min(length // wide, _BARS - 1)] += count
    return tuple(
        Bar(
            least=bar * wide,
            most=max(words) if bar == max(bars) else (bar + 1) * wide - 1,
            count=bars[bar],
        )
        for bar in range(max(bars) + 1)
    )
