"""The learner turns that a tutor is tested on, and so must not be trained on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from quimbot.exceptions import DataError
from quimbot.records.jsonl import read_numbered
from quimbot.verify.families import taught
from quimbot.verify.shingles import words_of
from quimbot.verify.suite import load_suite


@dataclass(frozen=True, slots=True)
class Protected:
    """One turn to protect."""

    id: str
    """The suite's name for it, or the id of its record."""
    at: str
    """The suite, or `file:line`."""
    words: tuple[str, ...]


def protected(suites: Sequence[str], held_out: Sequence[Path]) -> list[Protected]:
    """What is asked in suites (shipped or files), and the turns that held-out records teach on.

    What was said before a suite's turn may be said anywhere, and so may a turn without a word.

    Raises:
        DataError: a file is no suite or record file, or no turn is left.
        RecipeError: a name is neither a shipped suite nor a file.
    """
    turns = [turn for turn in (*_of_suites(suites), *_of_records(held_out)) if turn.words]
    if not turns:
        named = ", ".join((*suites, *map(str, held_out)))
        raise DataError(f"{named}: no learner turn to protect; name suites or held-out records")
    return turns


def _of_suites(names: Sequence[str]) -> Iterator[Protected]:
    for name in names:
        for turn in load_suite(name):
            yield Protected(turn.id, name, tuple(words_of(turn.learner)))


def _of_records(paths: Sequence[Path]) -> Iterator[Protected]:
    for path in paths:
        for number, _, record in read_numbered(path):
            for turn in taught(record):
                yield Protected(record.id, f"{path}:{number}", tuple(words_of(turn)))
