"""What a suite's turn asks of a reply, put to the check that answers it."""

from collections.abc import Sequence

from quimbot.evaluate.suite import LearnerTurn
from quimbot.records.record import Move, Verdict
from quimbot.verify.conduct import flow, no_error, tone
from quimbot.verify.phrases import answers
from quimbot.verify.scaffolding import judge_all

Asked = tuple[LearnerTurn, Move | None, str]
"""A turn, the move asked for, and the reply."""


def verdicts(asked: Sequence[Asked]) -> list[Verdict]:
    """One verdict a reply, in order."""
    moves = iter(
        judge_all(
            [
                (turn.learner, turn.corrections, reply, move or Move.RECAST)
                for turn, move, reply in asked
                if turn.check == "move"
            ]
        )
    )
    return [
        next(moves) if turn.check == "move" else _other(turn, reply) for turn, _, reply in asked
    ]


def _other(turn: LearnerTurn, reply: str) -> Verdict:
    match turn.check:
        case "tone":
            return tone(turn.learner, reply)
        case "no_error":
            return no_error(turn.learner, reply)
        case "flow":
            earlier = [said.content for said in turn.history if said.role == "assistant"]
            return flow(turn.learner, turn.corrections, earlier, reply)
    return answers(reply, turn.says, turn.avoids)
