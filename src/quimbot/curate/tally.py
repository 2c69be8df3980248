"""What the rows of a chat file add up to, counted one at a time in little memory.

Texts are remembered as 64-bit hashes; only first learner turns that come again are kept.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path

from quimbot.records.record import Lesson, Message, Provenance
from quimbot.records.shapes import Row, Shape, detect_shape, read_chat, read_record

_LINES = 20
"""Lines that are named for one fault; all are counted."""
_FAULTS = 50
"""Faults of one file that are told apart."""
_OTHER = "other faults"
_COMMONEST = 10
_SHOWN = 300
"""Characters of a learner turn that are kept."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is counted of one row."""

    shape: Shape
    messages: tuple[Message, ...]
    key: int
    """The same for conversations that are the same, message for message."""
    lessons: tuple[Lesson, ...] = ()
    provenance: Provenance | None = None

    @classmethod
    def read(cls, row: Row) -> "Entry":
        """The entry of a row.

        Raises:
            DataError: the row is no chat.
        """
        shape = detect_shape(row)
        if shape != "record":
            messages = read_chat(row, shape).messages
            return cls(shape, messages, _key(messages))
        record = read_record(row)
        key = _key(record.messages)
        return cls(shape, record.messages, key, record.lessons, record.provenance)

    def text(self) -> str:
        """What is said, the system prompt left out."""
        return "\n".join(turn.content for turn in self.messages if turn.role != "system")


@dataclass(slots=True)
class Tally:
    """Counts of one file, or of all, while they grow."""

    earlier: "Tally | None" = None
    """Counts of the files before: what stands there comes again here."""
    rows: int = 0
    keys: set[int] = field(default_factory=set)
    """A key for each conversation that differs."""
    shapes: Counter[str] = field(default_factory=Counter)
    roles: Counter[str] = field(default_factory=Counter)
    learner_words: Counter[int] = field(default_factory=Counter)
    """How many learner turns have how many words."""
    reply_words: Counter[int] = field(default_factory=Counter)
    turns: Counter[int] = field(default_factory=Counter)
    """How many chats begin with a learner turn of that hash."""
    texts: dict[int, str] = field(default_factory=dict)
    """First learner turns that came again, and the first few of all."""
    sources: Counter[str] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)
    moves: Counter[str] = field(default_factory=Counter)
    error_types: Counter[str] = field(default_factory=Counter)

    def add(self, entry: Entry) -> None:
        """Count one row."""
        self.rows += 1
        self.shapes[entry.shape] += 1
        self.keys.add(entry.key)
        first = None
        for message in entry.messages:
            role = message.role
            self.roles[role] += 1
            if role == "user":
                self.learner_words[len(message.content.split())] += 1
                first = message.content if first is None else first
            elif role == "assistant":
                self.reply_words[len(message.content.split())] += 1
        if first is not None:
            key = hash(first)
            if len(self.texts) < _COMMONEST or self._known(key):
                self.texts.setdefault(key, first[:_SHOWN])
            self.turns[key] += 1
        if entry.provenance:
            self.sources[entry.provenance.source] += 1
            self.licences[entry.provenance.licence] += 1
        for lesson in entry.lessons:
            self.moves[lesson.move.value] += 1
            self.error_types.update(lesson.error_types)

    def _known(self, turn: int) -> bool:
        return turn in self.turns or (self.earlier is not None and turn in self.earlier.turns)

    def take(self, other: "Tally") -> None:
        """Add the counts of another file."""
        self.rows += other.rows
        self.keys |= other.keys
        self.texts |= other.texts
        for name in _COUNTERS:
            getattr(self, name).update(getattr(other, name))

    def commonest_turns(self) -> list[tuple[str, int]]:
        """The ten commonest first learner turns, and how many chats begin with each."""
        kept = [(text, self.turns[key]) for key, text in self.texts.items()]
        return sorted(kept, key=lambda turn: (-turn[1], turn[0]))[:_COMMONEST]


_COUNTERS = tuple(one.name for one in fields(Tally) if one.default_factory is Counter)


@dataclass(slots=True)
class Faults:
    """The lines of one file that are no chats."""

    counts: Counter[str] = field(default_factory=Counter)
    lines: dict[str, list[int]] = field(default_factory=dict)
    """The first lines of each fault."""

    def add(self, text: str, origin: str) -> None:
        """Count one line, given as `file:line`."""
        if text not in self.counts and len(self.counts) >= _FAULTS:
            text = _OTHER
        self.counts[text] += 1
        lines = self.lines.setdefault(text, [])
        if len(lines) < _LINES:
            lines.append(int(origin.rpartition(":")[2]))

    def add_end(self, path: Path, text: str) -> None:
        """Count what ends the reading of a file: `file:line: what`, or `file: what` for line 1."""
        text = text.removeprefix(f"{path}:")
        line, _, rest = text.partition(":")
        placed = line.isdecimal()
        self.add((rest if placed else text).strip(), f"{path}:{line if placed else 1}")


def by_count(counts: Counter[str]) -> dict[str, int]:
    """The commonest first, equal ones by name."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _key(messages: Iterable[Message]) -> int:
    return hash(tuple((message.role, message.content) for message in messages))
