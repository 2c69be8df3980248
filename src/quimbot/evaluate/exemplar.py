"""The reply of a perfect tutor: what the verifier must pass, or a suite cannot be won."""

from quimbot.records.record import Move
from quimbot.verify.suite import LearnerTurn


def exemplar(turn: LearnerTurn, move: Move | None) -> str:
    """The turn's own good reply where it has one, else one made for the move; empty without both.

    The moves are performed by what is known to do so whatever the error: the whole correction said
    back, or a request to try again that names nothing.
    """
    if turn.good or not turn.corrections:
        return turn.good
    right = turn.corrections[0].strip()
    right += "" if right.endswith((".", "!", "?")) else "."
    match move:
        case Move.EXPANSION:
            return f"I see: {right} My neighbour told a funny story. What happened next?"
        case Move.ELICITATION:
            return "Sorry, I did not catch that. Could you say it again in another way?"
        case Move.HINT:
            return "Look at the form of one word there. Can you try the sentence again?"
        case _:
            return f"I see: {right} What happened next?"
