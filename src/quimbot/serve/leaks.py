"""Whether a reply says back what the tutor was told to be."""

from quimbot.verify.turns import prepare

_RUN = 8
"""Words in a row that nobody says by chance."""


def leaks(reply: str, prompt: str) -> bool:
    """Whether eight words in a row of the reply stand in the system message."""
    said, told = (prepare(text).said for text in (reply, prompt))
    known = {told[at : at + _RUN] for at in range(len(told) - _RUN + 1)}
    return any(said[at : at + _RUN] in known for at in range(len(said) - _RUN + 1))
