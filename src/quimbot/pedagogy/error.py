"""An error noticed in a learner's turn, with the words that mend it."""

from quimbot.pedagogy.correction import Edit, real_edits_all
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.mending import Mend, mended
from quimbot.pedagogy.words import words
from quimbot.records.record import Strict


class Error(Strict, frozen=True, kw_only=True):
    """One error, and the sentence that it stands in."""

    kind: Kind
    type: str
    """ERRANT type, such as `R:VERB:TENSE`."""
    wrong: str
    """The learner's words; empty where one is missing."""
    right: str
    """The words that mend it; empty where one is too many."""
    said: str
    """The sentence as the learner wrote it."""
    correction: str
    """The same sentence mended."""


def alone(error: Error) -> str:
    """The sentence with this error mended and every other one left as it was said."""
    edits = real_edits_all([(error.said, error.correction)])[0]
    if len(edits) <= 1:
        return error.correction
    own = [
        edit
        for edit in edits
        if (" ".join(edit.wrong), " ".join(edit.right)) == (error.wrong, error.right)
    ]
    return mended(error.said, [mend_of(own[0], error.said)]) if own else error.correction


def mend_of(edit: Edit, said: str) -> Mend:
    """The edit in places of the words that are spoken."""
    spoken = [word.spoken for word in words(said)]
    return Mend(sum(spoken[: edit.start]), sum(spoken[: edit.end]), edit.right)
