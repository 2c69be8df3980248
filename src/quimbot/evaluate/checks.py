"""What a suite's turn asks of a reply, put to the check that answers it."""

from collections.abc import Sequence

from msgspec import structs

from quimbot.records.record import Move, Verdict
from quimbot.verify.conduct import flow, no_error, tone
from quimbot.verify.phrases import answers
from quimbot.verify.scaffolding import judge_all
from quimbot.verify.suite import LearnerTurn

Asked = tuple[LearnerTurn, Move | None, str]
"""A turn, the move asked for, and the reply."""


def verdicts(asked: Sequence[Asked]) -> list[Verdict]:
    """One verdict a reply, in order: that of the turn's check, then that of its phrases."""
    moves = iter(
        judge_all(
            [
                (turn.learner, turn.corrections, reply, move or Move.RECAST)
                for turn, move, reply in asked
                if turn.check == "move"
            ]
        )
    )
    found = []
    for turn, _, reply in asked:
        verdict = next(moves) if turn.check == "move" else _other(turn, reply)
        if turn.says or turn.avoids:
            verdict = _both(verdict, answers(reply, turn.says, turn.avoids))
        found.append(verdict)
    return found


def _other(turn: LearnerTurn, reply: str) -> Verdict:
    match turn.check:
        case "tone":
            return tone(turn.learner, reply)
        case "no_error":
            return no_error(turn.learner, reply)
        case "flow":
            earlier = [said.content for said in turn.history if said.role == "assistant"]
            return flow(turn.learner, turn.corrections, earlier, reply)
    return Verdict(passed=True)


def _both(first: Verdict, second: Verdict) -> Verdict:
    return structs.replace(
        first,
        passed=first.passed and second.passed,
        reason=first.reason or second.reason,
        evidence=(*first.evidence, *second.evidence),
    )
