"""Learner turns with their corrections, by which chats that carry none get their lessons."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import msgspec

from quimbot.exceptions import DataError
from quimbot.pedagogy.correction import error_types
from quimbot.records.jsonl import read_rows
from quimbot.records.record import Lesson, Move, Record

UNKNOWN = "no-correction"


class Corrected(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the file; it may have more columns, which are passed over."""

    learner: str
    correction: str = ""
    corrections: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that the turn comes with its correction."""
        if not self.correction and not self.corrections:
            raise ValueError("needs `correction` or `corrections`; repeat a turn without an error")


@dataclass
class Known:
    """What is known of one learner turn."""

    learner: str
    corrections: tuple[str, ...]
    """Acceptable ones, best first."""

    @cached_property
    def error_types(self) -> tuple[str, ...]:
        """ERRANT types of its errors; none where a correction leaves its words as they are."""
        found = [error_types(self.learner, right) for right in self.corrections]
        return found[0] if all(found) else ()


@dataclass
class Corrections:
    """Corrections by learner turn; spaces do not tell turns apart."""

    name = "corrections"

    known: dict[str, Known]

    @classmethod
    def read(cls, path: Path) -> "Corrections":
        """The corrections of a file; of a turn that comes twice, those of both lines.

        Raises:
            DataError: the file is missing or empty, or a line has no learner turn or correction.
        """
        known: dict[str, Known] = {}
        for row in read_rows(path, Corrected):
            turn = known.setdefault(_key(row.learner), Known(row.learner, ()))
            given = filter(None, (row.correction, *row.corrections))
            turn.corrections = tuple(dict.fromkeys((*turn.corrections, *given)))
        if not known:
            raise DataError(f"{path}: holds no learner turn; one a line, with its `correction`")
        return cls(known)

    def teach(self, record: Record) -> tuple[Record, str]:
        """The record with a recast to prove for each reply to a turn that is known to be wrong.

        And what is known of its first learner turn: `error`, `no-error`, `no-correction` when the
        turn is not in the file, so that nothing can be proved; `lessons` when the record has its
        own and stays as it is.
        """
        if record.lessons:
            return record, "lessons"
        asked = [
            (place, self.known.get(_key(before.content)))
            for place, (before, reply) in enumerate(pairwise(record.messages), 1)
            if before.role == "user" and reply.role == "assistant"
        ]
        first = asked[0][1] if asked else None
        if first is None:
            return record, UNKNOWN
        lessons = tuple(
            Lesson(
                turn=place,
                move=Move.RECAST,
                corrections=turn.corrections,
                error_types=turn.error_types,
            )
            for place, turn in asked
            if turn and turn.error_types
        )
        taught = msgspec.structs.replace(record, lessons=lessons) if lessons else record
        return taught, "error" if first.error_types else "no-error"


def _key(turn: str) -> str:
    return " ".join(turn.split())
