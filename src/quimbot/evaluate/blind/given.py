"""What the raters saved, each file checked against the key before anything is counted."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from quimbot.evaluate.blind.sheet import BAD, TIE, Answer, Key, Pair
from quimbot.evaluate.review import read_given
from quimbot.exceptions import DataError

Answers = Mapping[str, Answer]
"""One rater's answers by the id of the pair."""


def read_all(paths: Sequence[Path], key: Key) -> dict[str, Answers]:
    """Rater -> answers, in the order of the files.

    Raises:
        DataError: a line fits no pair or choice of the key, or a rater comes twice (files named).
    """
    pairs = {pair.id: pair for pair in key.pairs}
    found: dict[str, Answers] = {}
    files: dict[str, tuple[Path, str]] = {}
    for path in paths:
        answers = _read(path, key, pairs)
        rater = next(iter(answers.values())).rater
        if rater.casefold() in files:
            other, name = files[rater.casefold()]
            same = found[name] == answers
            raise DataError(
                f"{other} and {path}: both are by {rater!r}"
                + (", with the same answers; " if same else ", with different answers; ")
                + ("name one of them" if same else "name the one that holds, or ask who it was")
            )
        found[rater] = answers
        files[rater.casefold()] = (path, rater)
    return found


def _read(path: Path, key: Key, pairs: Mapping[str, Pair]) -> Answers:
    answers: dict[str, Answer] = {}
    for number, row in read_given(path, Answer, key.sheet):
        where = f"{path}:{number}"
        pair = pairs.get(row.pair)
        if pair is None:
            raise DataError(
                f"{where}: unknown pair {row.pair!r}; take the file as the rater sent it"
            )
        ids = [reply.id for reply in pair.replies]
        if sorted(row.shown) != sorted(ids):
            raise DataError(f"{where}: shows other replies than pair {row.pair!r} has")
        if row.choice not in (*ids, TIE, BAD):
            allowed = ", ".join((*ids, TIE, BAD))
            raise DataError(f"{where}: unknown choice {row.choice!r}; allowed: {allowed}")
        if row.pair in answers:
            raise DataError(
                f"{where}: pair {row.pair!r} is answered twice; keep the rater's own file"
            )
        answers[row.pair] = row
    return answers
