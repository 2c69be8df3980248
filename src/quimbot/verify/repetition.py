"""Whether a reply says the learner's error back, which turns a recast into a repetition."""

from collections.abc import Sequence

from quimbot.pedagogy.words import is_content, word_set
from quimbot.verify.repairs import has_no_twin
from quimbot.verify.slots import wh_question
from quimbot.verify.turns import DO, LEADS, OPENERS, Change, Span, Turn, coordinates

_WIDEST = 3  # words on each side of an error that may be needed to know it again
_TAKES_BASE = word_set("do does did to will would can could should might may must let not")


def repeats(change: Change, learner: Turn, correction: Turn, reply: Turn) -> Span | None:
    """Where the reply says the learner's wrong words back between the learner's own neighbours.

    A missing "do" is no error in a question told in a statement, so it is not looked for;
    nor is an extra "so" or "well", with which a tutor's own sentence may begin, nor the "me" of
    "me and my sister", since people come back in any order.
    """
    wrong, size = change.wrong, len(change.wrong)
    if wrong == change.right or not learner.said or (not wrong and set(change.right) <= DO):
        return None
    if coordinates(change) or (not change.right and set(wrong) <= LEADS | {"you"}):
        return None
    before, after = _frame(change, learner)
    run = (*before, *wrong, *after)
    if not run or any(
        _open_ends(before, after, correction, at, size) for at in correction.runs(run)
    ):
        return None
    for at in reply.runs(run):
        if has_no_twin(change, correction, reply, at):
            continue
        if not (wrong or after) and wh_question(reply, at):
            continue  # "What do you watch?" misses no object
        if _open_ends(before, after, reply, at, size) and not (
            _takes_base(reply, at + len(before), learner, change.start) and "VERB" in change.type
        ):
            return reply.characters(at, at + len(run))
    return None


def _frame(change: Change, learner: Turn) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The learner's words before and after the wrong ones, as many as it takes to have content."""
    start, end = change.start, change.start + len(change.wrong)
    at = max(start - 1, 0) if start == end else start  # a gap belongs to the sentence before it
    sentence = learner.sentences[min(at, len(learner.said) - 1)]
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    for reach in range(_WIDEST):
        before = (*filter(None, [learner.word(start - 1 - reach, sentence)]), *before)
        after = (*after, *filter(None, [learner.word(end + reach, sentence)]))
        if any(is_content(word) for word in (*before, *change.wrong, *after)):
            break
    return before, after


def _open_ends(before: Sequence[str], after: Sequence[str], turn: Turn, at: int, size: int) -> bool:
    """Whether a run ends where the learner's sentence did, and stands in one sentence."""
    end = at + len(before) + size + len(after)
    left, right = turn.neighbours(at, end)
    one = len(set(turn.sentences[at:end])) == 1
    return one and (bool(before) or not left or left in OPENERS) and (bool(after) or not right)


def _takes_base(reply: Turn, at: int, learner: Turn, start: int) -> bool:
    """Whether an auxiliary of the reply's own makes the learner's verb form right."""
    own: Sequence[str] = learner.said[max(start - 3, 0) : start]
    return bool(_TAKES_BASE & set(reply.said[max(at - 3, 0) : at])) and not _TAKES_BASE & set(own)
