"""The four moves, and the one system prompt that asks a tutor for each.

The prompts are short on purpose: every learner turn pays for them, in training and in the chat.
"""

from quimbot.records.record import Message, Move

_TASK = {
    Move.RECAST: (
        "Say the learner's sentence back correctly inside a natural reply, then ask a question."
    ),
    Move.ELICITATION: ("Ask the learner to try the sentence again. Do not give the correct form."),
    Move.EXPANSION: (
        "Build on the learner's idea with a new detail in correct English, then ask a question."
    ),
    Move.HINT: (
        "Give a short hint about the grammar. Do not give the correct form. Ask for another try."
    ),
}

LANGUAGE = {"es": "Spanish", "zh": "Chinese", "ar": "Arabic", "ko": "Korean"}
"""First languages that the error bank knows about."""


def tutor_prompt(move: Move, l1: str = "") -> Message:
    """The system message that asks for a move, for learners of one first language when given."""
    return Message(
        role="system", content=f"You are a friendly English tutor.{of_language(l1)} {_TASK[move]}"
    )


def of_language(l1: str) -> str:
    """A sentence about the learner's first language, after a space; nothing when it is any."""
    return f" The learner speaks {LANGUAGE[l1]}." if l1 in LANGUAGE else ""
