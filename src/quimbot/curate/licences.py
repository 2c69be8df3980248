"""What a licence is known to forbid or to ask, told beside the data that carry it."""

import re

_TERMS = (
    (r"\bnc\b", "allows no commercial use"),
    (r"\bnd\b", "allows nothing made from it to be passed on"),
    (r"^lmsys-chat-1m$", "allows nobody to pass the chats on"),
    (r"^llama[ -]?[34]", "asks that a model trained on it and passed on is called Llama-something"),
    (r"\bsa\b", "asks that what is made from it is passed on under the same licence"),
    (r"^(unknown|)$", "says nothing: ask before the data or a model of it are passed on"),
)
"""The first that fits is told; by Creative Commons' abbreviations, Meta's and LMSYS's own texts."""


def terms(licence: str) -> str:
    """What the licence of that name is known to forbid or to ask; empty when nothing is known."""
    name = licence.strip().lower().replace("_", "-")
    return next((text for pattern, text in _TERMS if re.search(pattern, name)), "")
