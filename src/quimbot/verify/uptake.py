"""Uptake: what a learner's next turn makes of the errors of the one before.

The classes are those of Lyster and Ranta (1997), "Corrective feedback and learner uptake": the
learner repairs an error, takes it up and still gets it wrong, or simply talks on.
"""

from collections.abc import Sequence
from enum import StrEnum

from quimbot.pedagogy.correction import real_edits_all
from quimbot.records.record import Record
from quimbot.verify.echo import find
from quimbot.verify.repetition import repeats
from quimbot.verify.turns import Change, Turn, change, in_order, prepare


class Uptake(StrEnum):
    """What became of the errors, the best first."""

    REPAIR = "repair"
    """At least one is put right, and none is said again."""
    NEEDS_REPAIR = "needs-repair"
    """At least one is said again as it was."""
    NONE = "none"
    """The learner talks on."""


def uptake(learner: str, corrections: Sequence[str], answer: str) -> Uptake:
    """What the answer makes of the turn's errors; of several corrections, the best outcome counts.

    `answer` is the learner's next turn, after the tutor's reply.
    """
    pairs = [(learner, right) for right in corrections]
    turn, said = prepare(learner), prepare(answer)
    found = [Uptake.NONE]
    for (_, text), edits in zip(pairs, real_edits_all(pairs), strict=True):
        right = prepare(text)
        errors = in_order([change(edit, turn, right) for edit in edits], turn, right)
        each = {_of(error, turn, right, said) for error in errors}
        # an error that comes again weighs more than another one put right
        found.append(max(each & {Uptake.NEEDS_REPAIR} or each, key=_goodness, default=Uptake.NONE))
    return max(found, key=_goodness)


def uptakes(record: Record) -> tuple[Uptake | None, ...]:
    """The uptake of each lesson in the learner's next turn, `None` where no turn follows."""
    found: list[Uptake | None] = []
    for lesson in record.lessons:
        before = record.messages[: max(lesson.turn, 0)]
        after = record.messages[max(lesson.turn, 0) + 1 :]
        learner = next((turn.content for turn in reversed(before) if turn.role == "user"), None)
        answer = next((turn.content for turn in after if turn.role == "user"), None)
        missing = learner is None or answer is None
        found.append(None if missing else uptake(str(learner), lesson.corrections, str(answer)))
    return tuple(found)


def _of(error: Change, turn: Turn, right: Turn, said: Turn) -> Uptake:
    if repeats(error, turn, right, said) or (error.wrong and said.said == error.wrong):
        return Uptake.NEEDS_REPAIR
    alone = bool(error.right) and said.said in _around(error, right)  # "Went!", "to the store"
    if alone or find(error, right, said)[0] == "recast":
        return Uptake.REPAIR
    return Uptake.NONE


def _around(error: Change, right: Turn) -> set[tuple[str, ...]]:
    """Every part of the correction that holds the right words."""
    return {
        right.said[start:end]
        for start in range(error.right_start + 1)
        for end in range(error.right_end, len(right.said) + 1)
    }


def _goodness(outcome: Uptake) -> int:
    return -list(Uptake).index(outcome)
