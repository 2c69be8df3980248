"""`inventory`: what a folder of chat files holds, and what is wrong with it.

Any JSON Lines chat file will do, records or another tool's shape; a bad line is listed and passed.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from quimbot.exceptions import DataError
from quimbot.records.jsonl import write_json
from quimbot.records.record import Message, Record, Strict, messages_id
from quimbot.records.shapes import detect_shape, read_chat
from quimbot.runs.watch import Watch, aligned

_LINES = 20
"""Lines that are named for one fault; all are counted."""
_SHOWN = 5
"""Faults of one file that are shown; all are written."""
_COMMONEST = 10

_decoder = msgspec.json.Decoder(dict[str, Any])


@dataclass(frozen=True, kw_only=True)
class InventorySettings:
    """Where to look."""

    folder: Path = field(kw_only=False)
    """Folder whose .jsonl files are counted, those below it too; rejected rows are left out."""
    output: Path | None = None
    """Where to write all counts as JSON; they are only shown when this is left out."""

    def inputs(self) -> tuple[Path, ...]:
        """The folder."""
        return (self.folder,)

    def outputs(self) -> tuple[Path, ...]:
        """The JSON file, if one is named."""
        return (self.output,) if self.output else ()


class Fault(Strict, frozen=True, kw_only=True):
    """What keeps lines from being chats."""

    text: str
    count: int
    lines: tuple[int, ...]
    """The first of them."""


class Spread(Strict, frozen=True, kw_only=True):
    """Lengths in words."""

    median: int
    p95: int
    most: int


class FileInventory(Strict, frozen=True, kw_only=True):
    """The counts of one file."""

    file: str
    rows: int
    """Lines that are chats."""
    bad: int
    """Lines that are not."""
    faults: tuple[Fault, ...]
    """Why, the commonest first."""
    repeats: int
    """Chats that stand earlier in the same file, message for message."""
    repeats_elsewhere: int
    """Further chats that stand in a file counted before."""
    shapes: dict[str, int]
    roles: dict[str, int]
    learner_words: Spread
    reply_words: Spread
    first_turns: int
    """Distinct first learner turns."""
    commonest_turns: dict[str, int]
    """The ten commonest first learner turns, and the rows of each."""
    sources: dict[str, int]
    licences: dict[str, int]
    moves: dict[str, int]
    error_types: dict[str, int]


class Inventory(Strict, frozen=True, kw_only=True):
    """The counts of a folder."""

    folder: str
    rows: int
    distinct: int
    """Chats that differ, over all files."""
    bad: int
    files: tuple[FileInventory, ...]


def inventory(settings: InventorySettings, watch: Watch) -> str:
    """Count the files, say a line about each, and write the counts if asked.

    Raises:
        DataError: there is no such folder, or no .jsonl file in it.
    """
    found = take_inventory(settings.folder, watch)
    for line in aligned(table(found)):
        watch.say(line)
    for file in found.files:
        for fault in file.faults[:_SHOWN]:
            more = f" (and {fault.count - 1} more lines)" if fault.count > 1 else ""
            watch.say(f"{file.file}:{fault.lines[0]}: {fault.text}{more}")
    if settings.output:
        write_json(settings.output, found)
    return (
        f"{found.rows} chats in {len(found.files)} files, {found.distinct} of them distinct; "
        f"{found.bad} bad lines"
    )


def take_inventory(folder: Path, watch: Watch) -> Inventory:
    """The counts of every .jsonl file below a folder, hidden ones left out.

    Raises:
        DataError: there is no such folder, or no .jsonl file in it.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; name one that holds .jsonl files")
    paths = [path for path in sorted(folder.rglob("*.jsonl")) if _is_chats(path)]
    if not paths:
        raise DataError(f"{folder}: holds no .jsonl file")
    seen: set[str] = set()
    files = []
    with watch.task("inventory", len(paths)) as task:
        for path in paths:
            files.append(_count(path, seen))
            task.advance()
    return Inventory(
        folder=str(folder),
        rows=sum(file.rows for file in files),
        distinct=len(seen),
        bad=sum(file.bad for file in files),
        files=tuple(files),
    )


def table(found: Inventory) -> list[tuple[str, ...]]:
    """The counts as rows of text, the header first."""
    head = ("file", "chats", "bad", "repeats", "elsewhere", "turns", "learner", "reply", "moves")
    rows = [
        (
            file.file,
            str(file.rows),
            str(file.bad),
            str(file.repeats),
            str(file.repeats_elsewhere),
            str(file.first_turns),
            f"{file.learner_words.median} words",
            f"{file.reply_words.median} words",
            " ".join(f"{move} {count}" for move, count in file.moves.items()) or "-",
        )
        for file in found.files
    ]
    return [head, *rows]


def _is_chats(path: Path) -> bool:
    return not path.name.startswith(".") and not path.name.endswith(".rejected.jsonl")


def _count(path: Path, seen: set[str]) -> FileInventory:
    """The counts of one file; ids of its chats are added to those seen."""
    tally = _Tally()
    for number, row in _rows(path):
        try:
            if isinstance(row, DataError):
                raise row
            tally.add(row)
        except DataError as fault:
            tally.faults.setdefault(str(fault), []).append(number)
    elsewhere = len(tally.ids & seen)
    seen |= tally.ids
    return FileInventory(
        file=str(path),
        rows=tally.rows,
        bad=sum(map(len, tally.faults.values())),
        faults=tuple(
            Fault(text=text, count=len(lines), lines=tuple(lines[:_LINES]))
            for text, lines in sorted(tally.faults.items(), key=lambda item: -len(item[1]))
        ),
        repeats=tally.rows - len(tally.ids),
        repeats_elsewhere=elsewhere,
        shapes=dict(tally.shapes.most_common()),
        roles=dict(tally.roles.most_common()),
        learner_words=_spread(tally.words["user"]),
        reply_words=_spread(tally.words["assistant"]),
        first_turns=len(tally.turns),
        commonest_turns=dict(tally.turns.most_common(_COMMONEST)),
        sources=dict(tally.sources.most_common()),
        licences=dict(tally.licences.most_common()),
        moves=dict(tally.moves.most_common()),
        error_types=dict(tally.error_types.most_common()),
    )


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any] | DataError]]:
    """Every line that is not blank with its number, as an object or as what is wrong with it."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                yield number, _decoder.decode(line)
            except (msgspec.MsgspecError, ValueError, RecursionError) as fault:
                yield number, DataError(str(fault))


class _Tally:
    """The counts of one file while they grow."""

    def __init__(self) -> None:
        self.rows = 0
        self.ids: set[str] = set()
        self.faults: dict[str, list[int]] = {}
        self.shapes: Counter[str] = Counter()
        self.roles: Counter[str] = Counter()
        self.words: dict[str, list[int]] = {"system": [], "user": [], "assistant": []}
        self.turns: Counter[str] = Counter()
        self.sources: Counter[str] = Counter()
        self.licences: Counter[str] = Counter()
        self.moves: Counter[str] = Counter()
        self.error_types: Counter[str] = Counter()

    def add(self, row: dict[str, Any]) -> None:
        """Count one row.

        Raises:
            DataError: it is no chat.
        """
        shape = detect_shape(row)
        messages = self._record(row) if shape == "record" else read_chat(row, shape).messages
        self.rows += 1
        self.shapes[shape] += 1
        self.ids.add(messages_id(messages))
        for message in messages:
            self.roles[message.role] += 1
            self.words[message.role].append(len(message.content.split()))
        first = next((message.content for message in messages if message.role == "user"), None)
        if first is not None:
            self.turns[first] += 1

    def _record(self, row: dict[str, Any]) -> tuple[Message, ...]:
        try:
            record = msgspec.convert(row, Record)
        except msgspec.MsgspecError as fault:
            raise DataError(str(fault)) from None
        self.sources[record.provenance.source] += 1
        self.licences[record.provenance.licence] += 1
        for lesson in record.lessons:
            self.moves[lesson.move.value] += 1
            self.error_types.update(lesson.error_types)
        return record.messages


def _spread(words: list[int]) -> Spread:
    if not words:
        return Spread(median=0, p95=0, most=0)
    words = sorted(words)
    return Spread(
        median=words[len(words) // 2], p95=words[int(0.95 * (len(words) - 1))], most=words[-1]
    )
