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
    files: dict[str, tuple[Path, Answers]] = {}
    for path in paths:
        answers = _read(path, key, pairs)
        rater = next(iter(answers.values())).rater
        if rater.casefold() in files:
            raise DataError(_twice(*files[rater.casefold()], path, answers))
        found[rater] = answers
        files[rater.casefold()] = (path, answers)
    return found


def _twice(first: Path, ours: Answers, second: Path, theirs: Answers) -> str:
    """What to do about two files of one name: one may go on from the other, or they contradict."""
    name = next(iter(theirs.values())).rater
    both = f"{first} and {second}: both are by {name!r}"
    apart = sum(ours[pair].choice != theirs[pair].choice for pair in ours.keys() & theirs.keys())
    if apart:
        return f"{both} and differ on {apart} pairs; name the one that holds, or ask who it was"
    if ours.keys() <= theirs.keys() or ours.keys() >= theirs.keys():
        count, fuller = max((len(theirs), second), (len(ours), first))
        return f"{both} and say the same, {fuller} about {count} pairs; name it alone"
    return (
        f"{both} and are about different pairs; if that is one person, let them choose one file "
        'after the other under "Begun on another device?" on the page, and save again'
    )


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
