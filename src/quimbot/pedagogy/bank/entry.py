"""The bank's files as read: an entry is one learner error with slots, a turn has no error."""

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from quimbot.exceptions import DataError
from quimbot.pedagogy.seed import FIRST_LANGUAGES, LEVELS
from quimbot.records.record import Strict

Choice = str | tuple[str, str]
"""A slot value; of a pair, the first stands in the learner's turn, the second everywhere else."""
Slots = Mapping[str, Sequence[Choice]]
T = TypeVar("T")

SLOT = re.compile(r"\{(\w+)\}")


class Entry(Strict, frozen=True, kw_only=True):
    """One learner error: a template, its correction, and what a reply may say of it."""

    id: str
    category: str
    level: str
    topic: str
    learner: str
    correction: str
    types: tuple[str, ...]
    """Readings: each is the ERRANT types, with spaces between, that an expansion may show."""
    hints: tuple[str, ...]
    follow_ups: tuple[str, ...]
    details: tuple[str, ...]
    l1: tuple[str, ...] = ()
    tone: str = ""
    family: str = ""
    slots: dict[str, tuple[Choice, ...]] = msgspec.field(default_factory=dict)

    @property
    def question(self) -> bool:
        """Whether the learner asks something."""
        return self.learner.endswith("?")


class Turn(Strict, frozen=True, kw_only=True):
    """A learner turn without an error."""

    topic: str
    text: str
    follow_ups: tuple[str, ...]
    reply: tuple[str, ...] = ()
    """Answers, when the turn is a question."""
    tone: str = ""


class _EntryFile(Strict, frozen=True, kw_only=True):
    seed: tuple[Entry, ...]


class Talk(Strict, frozen=True, kw_only=True):
    """Correct sentences by topic."""

    beside: dict[str, tuple[str, ...]]
    turn: tuple[Turn, ...]


def read_entries(
    path: Path, shared: Slots, topics: Collection[str], taken: Collection[str] = ()
) -> tuple[Entry, ...]:
    """The entries of a file, each one checked; `taken` are ids that stand elsewhere.

    Raises:
        DataError: the file or an entry is not what it must be; the line is named.
    """
    found = _decode(path, _text(path), _EntryFile).seed
    seen = set(taken)
    for number, entry in enumerate(found):
        fault = f"id {entry.id!r} is taken; give it another" if entry.id in seen else ""
        if fault := fault or _fault(entry, shared, topics):
            raise entry_fault(path, number, entry, fault)
        seen.add(entry.id)
    return found


def entry_fault(path: Path, number: int, entry: Entry, fault: str) -> DataError:
    """What is wrong with the entry of that number, counted from 0, with file and line."""
    return DataError(f"{path}:{_line(_text(path), 'seed', number)}: seed {entry.id!r}: {fault}")


def read_slots(path: Path) -> Slots:
    """The shared slot lists.

    Raises:
        DataError: the file is not what it must be.
    """
    return _decode(path, _text(path), dict[str, tuple[Choice, ...]])


def read_talk(path: Path) -> Talk:
    """The correct sentences.

    Raises:
        DataError: the file is not what it must be.
    """
    return _decode(path, _text(path), Talk)


def _fault(entry: Entry, shared: Slots, topics: Collection[str]) -> str:
    """What is wrong with an entry and what to do, or nothing."""
    known = {**shared, **entry.slots}
    texts = (entry.learner, entry.correction, *entry.hints, *entry.follow_ups, *entry.details)
    used = {name for text in (*texts, *_values(entry)) for name in SLOT.findall(text)}
    unknown = sorted(used - known.keys())
    in_turn = {name for text in (entry.learner, entry.correction) for name in SLOT.findall(text)}
    pairs = {name for name in in_turn if any(isinstance(c, tuple) for c in known.get(name, ()))}
    needed = {"hints": entry.hints, "follow_ups": entry.follow_ups, "details": entry.details}
    empty = [name for name, given in needed.items() if not given]
    odd_l1 = sorted(set(entry.l1) - set(FIRST_LANGUAGES))
    checks = [
        (unknown, f"unknown slot {unknown}; known: {', '.join(sorted(known))}"),
        (
            entry.learner == entry.correction and not pairs,
            "the correction equals the learner's turn; change one of them",
        ),
        (empty, f"{', '.join(empty)} must not be empty; give at least one"),
        (odd_l1, f"unknown l1 {odd_l1}; expected any of {', '.join(FIRST_LANGUAGES)}"),
        (
            entry.topic not in topics,
            f"topic {entry.topic!r}; expected one of {', '.join(sorted(topics))}",
        ),
        (entry.level not in LEVELS, f"level {entry.level!r}; expected one of {', '.join(LEVELS)}"),
        (
            entry.tone not in {"", "glad", "sorry"},
            f"tone {entry.tone!r}; expected glad, sorry or none",
        ),
    ]
    return next((text for failed, text in checks if failed), "")


def _values(entry: Entry) -> list[str]:
    """The texts of an entry's own slot values, both sides of a pair."""
    choices = (choice for choices in entry.slots.values() for choice in choices)
    return [text for c in choices for text in ((c,) if isinstance(c, str) else c)]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; check the path") from None
    except (OSError, UnicodeDecodeError) as fault:
        raise DataError(f"{path}: cannot be read as text ({fault})") from None


def _decode(path: Path, text: str, kind: type[T]) -> T:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise DataError(f"{path}: not valid TOML: {fault}") from None
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as fault:
        place = re.search(r"\$\.(\w+)\[(\d+)\]", str(fault))
        line = f":{_line(text, place[1], int(place[2]))}" if place else ""
        plain = str(fault).replace("Object contains unknown field", "unknown field")
        raise DataError(f"{path}{line}: {plain}") from None


def _line(text: str, table: str, number: int) -> int:
    """The line, from 1, of the header of one table in an array of tables."""
    headers = [at for at, line in enumerate(text.splitlines(), 1) if line.strip() == f"[[{table}]]"]
    return headers[number] if number < len(headers) else 1
