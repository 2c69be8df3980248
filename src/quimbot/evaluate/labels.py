"""What people answered about replies: one `Label` a line, as the labelling sheet saves it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from quimbot.evaluate.criteria import Criterion
from quimbot.evaluate.review import Given, read_given
from quimbot.exceptions import DataError
from quimbot.runs.scorecard import Judged

PASSED = "passed"


class Label(Given, frozen=True, kw_only=True):
    """One person's answers about one reply."""

    reply: str
    """Id of the record that holds the reply."""
    answers: dict[Criterion, bool]
    """Criterion -> yes or no."""


def labelled_replies(rows: Iterable[Judged]) -> dict[str, Judged]:
    """The replies that people label, by id: each once, and only to turns that hold an error."""
    return {row.record.id: row for row in rows if row.erroneous}


def strata(rows: Iterable[Judged]) -> dict[str, list[Judged]]:
    """The replies by what the verifier found: `passed`, or its failing check, in a stable order."""
    kinds: dict[str, list[Judged]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.record.id):
        kinds[PASSED if row.verified else row.verdict.reason].append(row)
    return dict(sorted(kinds.items()))


def read_labels(paths: Sequence[Path], replies: Mapping[str, object]) -> list[Label]:
    """The labels that some raters saved, in order; `replies` has the ids that they may speak of.

    Raises:
        DataError: a file is missing, a line is not a label or speaks of another reply, or a rater
            labelled a reply twice.
    """
    labels: list[Label] = []
    places: dict[tuple[str, str], str] = {}
    for path in paths:
        for number, label in read_given(path, Label):
            place = f"{path}:{number}"
            if label.reply not in replies:
                raise DataError(
                    f"{place}: reply {label.reply!r} is not among these scores; "
                    "name the scores that the sheet was made from"
                )
            key = (label.rater.casefold(), label.reply)
            if key in places:
                raise DataError(
                    f"{place}: {label.rater!r} has labelled this reply before ({places[key]}); "
                    "give two people two names, and name each file once"
                )
            places[key] = place
            labels.append(label)
    return labels


def majority(labels: Sequence[Label]) -> dict[tuple[str, Criterion], bool]:
    """(reply, criterion) -> what most people said; ties are left out."""
    votes: dict[tuple[str, Criterion], Counter[bool]] = defaultdict(Counter)
    for label in labels:
        for criterion, answer in label.answers.items():
            votes[label.reply, criterion][answer] += 1
    return {
        key: count[True] > count[False]
        for key, count in votes.items()
        if count[True] != count[False]
    }
