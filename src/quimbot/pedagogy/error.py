"""An error in a learner's turn, with the words that mend it."""

from dataclasses import replace

from quimbot.pedagogy.correction import Edit, real_edits_all
from quimbot.pedagogy.kinds import Kind, kind_of
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
    """The same sentence mended, all its errors at once."""


def errors(said: str, correction: str) -> tuple[Error, ...]:
    """The errors that lie between a sentence and the same one mended, in order."""
    return tuple(
        Error(
            kind=kind_of(edit.type),
            type=edit.type,
            wrong=" ".join(edit.wrong),
            right=" ".join(edit.right),
            said=said,
            correction=correction,
        )
        for edit in _edits(said, correction)
    )


def edit_of(error: Error) -> Edit | None:
    """The edit that the error is, or nothing when its sentence does not show it."""
    edits = _edits(error.said, error.correction)
    for edit in edits:
        if (" ".join(edit.wrong), " ".join(edit.right)) == (error.wrong, error.right):
            return edit
    return edits[0] if len(edits) == 1 else None


def alone(error: Error) -> str:
    """The sentence with this error mended and every other one left as it was said."""
    edit = edit_of(error)
    if edit is None or len(_edits(error.said, error.correction)) == 1:
        return error.correction
    spoken = [word.spoken for word in words(error.said)]
    start, end = sum(spoken[: edit.start]), sum(spoken[: edit.end])
    return mended(error.said, [Mend(start, end, edit.right)])


def _edits(said: str, correction: str) -> list[Edit]:
    """The real edits; those that touch are one, so "more clean" is mended by "cleaner"."""
    kept: list[Edit] = []
    for edit in real_edits_all([(said, correction)])[0]:
        last = kept[-1] if kept else None
        if last and (last.end, last.right_end) == (edit.start, edit.right_start):
            plain = kind_of(last.type) is Kind.WORD_CHOICE
            kept[-1] = replace(
                last,
                kind=edit.type if plain else last.type,
                end=edit.end,
                wrong=last.wrong + edit.wrong,
                right_end=edit.right_end,
                right=last.right + edit.right,
            )
        else:
            kept.append(edit)
    return kept
