"""What stands around a clause in a chat: a greeting, "yes,", thanks, a laugh, "and you?"."""

import re

_LEAD = re.compile(
    r"^(?:\W*(?:hi|hello|hey|yes|yeah|no|well|ok|okay|so|oh|hmm|sorry|thanks|nice|great|haha|lol|"
    r"actually|anyway|honestly|right|you know|"
    r"let me see|good morning|wow|cool|and|but|sure|of course)\b[,.!]+)+\s*",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"(?:,? (?:too, )?(?:thanks|thank you|lol|haha|you know|bye|hehe|see you\b[^,]*|"
    r"have a (?:nice|good|great|lovely) \w+|"
    r"(?:and|what about|how about) yours?\?*|and you\?*|(?:what|how) about you\?*)|\W+:\))[.! ]*$",
    re.IGNORECASE,
)


def without_asides(text: str) -> str:
    """A clause without the asides before and after it, and without its final stop."""
    return _TAIL.sub("", _LEAD.sub("", text.strip())).rstrip(".! ") or text
