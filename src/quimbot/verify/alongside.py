"""A tutor's sentence laid along the learner's: which word comes back in place of which.

The alignment is local (Smith and Waterman, 1981): it finds the stretch that both sides share, so
that a greeting, a time phrase moved to the end or the tutor's own thought stay outside.
"""

from collections.abc import Sequence
from typing import NamedTuple

from quimbot.pedagogy.words import is_content
from quimbot.verify.mends import stands_for

_CONTENT, _SMALL = 3.0, 1.5  # for a word said back as it was
_LARGEST = 10_000  # word pairs; of longer sentences nobody says one back
_MENDED = 1.0  # for one said back in another form
_OTHER = -2.0  # for another word in its place
_GAP_SMALL, _GAP_CONTENT = -0.7, -2.0  # for a word left out or put in


class Step(NamedTuple):
    """A word of the learner and the one that stands for it; `None` where there is none."""

    own: int | None
    put: int | None


def alongside(own: Sequence[str], put: Sequence[str]) -> tuple[Step, ...]:
    """The steps through the stretch that two sentences share, in order; it begins and ends alike.

    Words are lower-case and face the learner.
    """
    rows, columns = len(own), len(put)
    if rows * columns > _LARGEST:
        return ()
    score = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    gaps = [_gap(word, own) for word in put]
    best, end = 0.0, (0, 0)
    for row in range(1, rows + 1):
        gap = _gap(own[row - 1], put)
        for column in range(1, columns + 1):
            here = max(
                0.0,
                score[row - 1][column - 1] + _pair(own[row - 1], put[column - 1]),
                score[row - 1][column] + gap,
                score[row][column - 1] + gaps[column - 1],
            )
            score[row][column] = here
            if here > best:
                best, end = here, (row, column)
    return _back(own, put, score, end)


def _back(
    own: Sequence[str], put: Sequence[str], score: list[list[float]], end: tuple[int, int]
) -> tuple[Step, ...]:
    """The way to the best place, read from its end."""
    row, column = end
    steps: list[Step] = []
    while row and column and score[row][column] > 0:
        here = score[row][column]
        if here == score[row - 1][column - 1] + _pair(own[row - 1], put[column - 1]):
            row, column = row - 1, column - 1
            steps.append(Step(row, column))
        elif here == score[row - 1][column] + _gap(own[row - 1], put):
            row -= 1
            steps.append(Step(row, None))
        else:
            column -= 1
            steps.append(Step(None, column))
    return tuple(reversed(steps))


def _pair(one: str, other: str) -> float:
    if one == other:
        return _CONTENT if is_content(one) else _SMALL
    return _MENDED if stands_for(one, other) else _OTHER


def _gap(word: str, others: Sequence[str]) -> float:
    """A word that stands elsewhere on the other side has only changed its place."""
    return _GAP_CONTENT if is_content(word) and word not in others else _GAP_SMALL
