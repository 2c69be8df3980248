"""A suite: learner turns that a tutor is asked to answer, each with what a reply is checked for."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import as_file, files
from pathlib import Path

import msgspec

from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import read_numbered_rows, read_rows
from quimbot.records.record import Message, Move, Strict
from quimbot.runs.scorecard import Check

SCAFFOLDING = "scaffolding"
SHIPPED = (SCAFFOLDING, "grammar", "tone", "dialogue_flow", "no_error", "safety", "general")


class LearnerTurn(Strict, frozen=True, kw_only=True, omit_defaults=True):
    """One thing a learner wrote, and what a reply to it must do. A suite's line is one of these.

    Raises:
        ValueError: a text is empty, or something that the check needs is missing.
    """

    id: str
    learner: str
    corrections: tuple[str, ...] = ()
    """How it could have been right; empty where nothing is wrong."""
    error_types: tuple[str, ...] = ()
    l1: str = ""
    """First language, where it is known: `es`, `zh`, `ar`, `ko`."""
    group: str = ""
    """The dialogue or learner that it comes from: alike turns are resampled together."""
    kind: str = ""
    """What it is about, for tables: a mood, a danger, a category of grammar."""
    move: Move | None = None
    """The only move to ask for here; without it every move of the command is asked for."""
    licence: str = "unstated"
    history: tuple[Message, ...] = ()
    """What learner and tutor said before, from a learner's turn to a tutor's."""
    tutored: bool = True
    """Whether the tutor's prompt is given; without it, it is ordinary chat."""
    check: Check = "move"
    says: tuple[tuple[str, ...], ...] = ()
    """Groups of phrases, of each of which a right reply holds one."""
    avoids: tuple[str, ...] = ()
    """Phrases that no right reply holds."""
    good: str = ""
    """A reply that passes, which a perfect tutor gives; for a move it can be left out."""

    def __post_init__(self) -> None:
        """Refuse what cannot be scored."""
        if not self.id or not self.learner.strip():
            raise ValueError("`id` and `learner` must not be empty; fill them in")
        roles = tuple(message.role for message in self.history)
        if roles != ("user", "assistant") * (len(roles) // 2):
            raise ValueError(
                f"`history` has roles {', '.join(roles)}; it must go user, assistant, and so on"
            )
        if not all(text.strip() for text in self.corrections):
            raise ValueError("`corrections` holds an empty sentence; fill it in or take it out")
        if self.move and self.check != "move":
            raise ValueError("`move` is for turns whose `check` is move; take one of them out")
        match self.check:
            case "move" if not self.corrections:
                raise ValueError("`corrections` must hold at least one corrected sentence")
            case "no_error" if self.corrections:
                raise ValueError("`corrections` must be empty where `check` is no_error")
            case "answer" if not (self.says or self.avoids):
                raise ValueError("`says` or `avoids` must tell a right answer from a wrong one")
        if not all(group and all(phrase.strip() for phrase in group) for group in self.says):
            raise ValueError("`says` holds an empty group or phrase; fill it in or take it out")
        if not all(phrase.strip() for phrase in self.avoids):
            raise ValueError("`avoids` holds an empty phrase; fill it in or take it out")


Numbered = tuple[int, LearnerTurn]
"""A turn and its line."""


class _EracondRow(Strict, frozen=True, kw_only=True):
    """A line of the shipped ErAConD extract, as it was published."""

    id: str
    dialog: str
    turn: int
    learner: str
    correction: str
    n_errors: int
    types: tuple[str, ...]
    license: str


def load_suite(name_or_path: str) -> tuple[LearnerTurn, ...]:
    """A shipped suite by name, or a JSON Lines file of learner turns, in file order.

    Raises:
        DataError: the file is missing or empty, a line is not a learner turn, or an id comes twice.
        RecipeError: it is neither a shipped name nor a file.
    """
    if name_or_path in SHIPPED:
        name = "eracond" if name_or_path == SCAFFOLDING else name_or_path
        with as_file(files("quimbot.verify") / "suites" / f"{name}.jsonl") as path:
            if name == "eracond":
                return _checked(path, enumerate(_eracond(path), start=1))
            return _checked(path, read_numbered_rows(path, LearnerTurn))
    path = Path(name_or_path)
    if not path.exists():
        raise RecipeError(
            f"unknown suite {name_or_path!r}: no such file, and the shipped suites are "
            f"{', '.join(SHIPPED)}; name one of them or a .jsonl file of learner turns"
        )
    return _checked(path, _countable(path, read_numbered_rows(path, LearnerTurn)))


def subset(turns: Sequence[LearnerTurn], limit: int) -> tuple[LearnerTurn, ...]:
    """`limit` turns spread over the suite by the hash of their ids, in suite order; 0 takes all.

    The choice depends on nothing else, and a smaller subset is part of every larger one.
    """
    chosen = spread([turn.id for turn in turns], limit)
    return tuple(turn for turn in turns if turn.id in chosen)


def spread(ids: Iterable[str], limit: int) -> frozenset[str]:
    """`limit` of the ids, by their hashes alone; 0 takes all."""
    order = sorted(ids, key=_rank)
    return frozenset(order[:limit] if limit else order)


def suite_hash(turns: Sequence[LearnerTurn]) -> str:
    """SHA-256 of the turns as they are asked, for the run folder."""
    return hashlib.sha256(msgspec.json.encode(turns)).hexdigest()


def _rank(turn_id: str) -> bytes:
    return hashlib.blake2b(turn_id.encode(), digest_size=8).digest()


def _eracond(path: Path) -> Iterator[LearnerTurn]:
    """Some turns were corrected twice, by two people: either correction is acceptable."""
    rows = list(read_rows(path, _EracondRow))
    for row in rows:
        others = [other.correction for other in rows if other.learner == row.learner]
        yield LearnerTurn(
            id=row.id,
            learner=row.learner,
            corrections=tuple(dict.fromkeys((row.correction, *others))),
            error_types=row.types,
            group=row.dialog,
            licence=row.license,
        )


def _countable(path: Path, turns: Iterator[Numbered]) -> Iterator[Numbered]:
    """The turns of a user's suite, none of which would be left out of the scores."""
    for number, turn in turns:
        if turn.learner in turn.corrections:
            raise DataError(
                f"{path}:{number}: `corrections` holds the learner's own sentence; take it out"
            )
        yield number, turn


def _checked(path: Path, turns: Iterator[Numbered]) -> tuple[LearnerTurn, ...]:
    seen: dict[str, Numbered] = {}
    for number, turn in turns:
        if turn.id in seen:
            raise DataError(
                f"{path}:{number}: id {turn.id!r} stands in line {seen[turn.id][0]}, too; "
                "give every turn its own"
            )
        seen[turn.id] = number, turn
    if not seen:
        raise DataError(f"{path}: holds no learner turns; add one JSON object a line")
    return tuple(turn for _, turn in seen.values())
