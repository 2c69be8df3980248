"""The yes-or-no questions put to people and to a judge about one reply, and the verifier's answers.

Everybody answers the same words, so that what they say can be held side by side.
"""

from typing import Literal

from quimbot.runs.scorecard import Judged

Criterion = Literal["recast", "red_pen", "error", "question", "natural"]

QUESTIONS: dict[Criterion, str] = {
    "recast": (
        "Does the reply say in correct English all that the learner got wrong, "
        "inside a natural answer?"
    ),
    "red_pen": "Does the reply correct openly, or speak of a mistake?",
    "error": "Does the reply repeat the learner's error?",
    "question": "Does the reply ask the learner something?",
    "natural": "Would a friendly person say this here?",
}
"""Slug -> what is asked."""

_ABOUT_ERRORS = frozenset({"recast", "error"})


def applies(criterion: Criterion, row: Judged) -> bool:
    """Whether the question makes sense here: some need an error in the learner's turn."""
    return row.erroneous or criterion not in _ABOUT_ERRORS


def verifier_says(criterion: Criterion, row: Judged) -> bool | None:
    """The verifier's own answer; none where it has none, or the question makes no sense."""
    if row.check == "answer" or not applies(criterion, row):
        return None  # an answer is looked at for nothing else
    match criterion:
        case "recast":  # what is corrected openly is not inside a natural answer
            return row.recast and not row.shows("red_pen")
        case "natural":
            return None
        case _:
            return row.shows(criterion)
