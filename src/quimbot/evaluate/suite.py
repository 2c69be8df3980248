"""A suite: real learner turns with their corrections, that a tutor is asked to answer."""

import hashlib
from collections.abc import Iterator, Sequence
from importlib.resources import as_file, files
from pathlib import Path

import msgspec

from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import read_rows
from quimbot.records.record import Move, Strict

SHIPPED = ("eracond",)


class LearnerTurn(Strict, frozen=True, kw_only=True, omit_defaults=True):
    """One thing a learner wrote, and how it could have been right. A suite's line is one of these.

    Raises:
        ValueError: a text is empty, or there is no correction.
    """

    id: str
    learner: str
    corrections: tuple[str, ...]
    error_types: tuple[str, ...] = ()
    l1: str = ""
    """First language, where it is known: `es`, `zh`, `ar`, `ko`."""
    group: str = ""
    """The dialogue or learner that it comes from: alike turns are resampled together."""
    move: Move | None = None
    """The only move to ask for here; without it every move of the command is asked for."""
    licence: str = "unstated"

    def __post_init__(self) -> None:
        """Refuse what cannot be scored."""
        if not self.id or not self.learner.strip():
            raise ValueError("`id` and `learner` must not be empty; fill them in")
        if not self.corrections or not all(text.strip() for text in self.corrections):
            raise ValueError("`corrections` must hold at least one corrected sentence")


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
        with as_file(files("quimbot.evaluate") / "suites" / f"{name_or_path}.jsonl") as path:
            return _checked(path, _eracond(path))
    path = Path(name_or_path)
    if not path.exists():
        raise RecipeError(
            f"unknown suite {name_or_path!r}: no such file, and the shipped suites are "
            f"{', '.join(SHIPPED)}; name one of them or a .jsonl file of learner turns"
        )
    return _checked(path, read_rows(path, LearnerTurn))


def subset(turns: Sequence[LearnerTurn], limit: int) -> tuple[LearnerTurn, ...]:
    """`limit` turns spread over the suite by the hash of their ids, in suite order; 0 takes all.

    The choice depends on nothing else, and a smaller subset is part of every larger one.
    """
    if not 0 < limit < len(turns):
        return tuple(turns)
    chosen = {turn.id for turn in sorted(turns, key=_rank)[:limit]}
    return tuple(turn for turn in turns if turn.id in chosen)


def suite_hash(turns: Sequence[LearnerTurn]) -> str:
    """SHA-256 of the turns as they are asked, for the run folder."""
    return hashlib.sha256(msgspec.json.encode(turns)).hexdigest()


def _rank(turn: LearnerTurn) -> bytes:
    return hashlib.blake2b(turn.id.encode(), digest_size=8).digest()


def _eracond(path: Path) -> Iterator[LearnerTurn]:
    for row in read_rows(path, _EracondRow):
        yield LearnerTurn(
            id=row.id,
            learner=row.learner,
            corrections=(row.correction,),
            error_types=row.types,
            group=row.dialog,
            licence=row.license,
        )


def _checked(path: Path, turns: Iterator[LearnerTurn]) -> tuple[LearnerTurn, ...]:
    seen: dict[str, LearnerTurn] = {}
    for turn in turns:
        if turn.id in seen:
            raise DataError(f"{path}: id {turn.id!r} comes twice; give every turn its own")
        seen[turn.id] = turn
    if not seen:
        raise DataError(f"{path}: holds no learner turns; add one JSON object a line")
    return tuple(seen.values())
