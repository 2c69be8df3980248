"""How openly a tutor helps, from not at all to a clue about the grammar."""

from enum import IntEnum


class Level(IntEnum):
    """One step of help; each is more explicit than the one before.

    After the regulatory scale of Aljaafreh and Lantolf (1994), "Negative feedback as regulation and
    second language learning in the zone of proximal development". Their last steps, the form itself
    and its explanation, are left to the review after a conversation.
    """

    PASS = 0
    """Answer the meaning only."""
    RECAST = 1
    """The right form inside a natural reply."""
    FOCUSED = 2
    """A short recast of the one phrase, near the start, before the talk goes on."""
    PROMPT = 3
    """Elicitation: ask for another try, the form not given."""
    CLUE = 4
    """A metalinguistic clue: what to think of, the form not given."""
