"""How a learner types: small letters, no apostrophes, no final stop, in about half of all turns."""

import re
from dataclasses import dataclass
from random import Random

_CARELESS = 0.55
_SMALL_START = 0.5  # this and the next three: shares of careless turns
_SMALL_I = 0.4
_NO_APOSTROPHE = 0.3
_NO_STOP = 0.6
_SHOUTED = 0.04


@dataclass(frozen=True, kw_only=True)
class TypingStyle:
    """A way of typing, drawn once, that does the same to a turn and to its correction."""

    small_start: bool
    small_i: bool
    no_apostrophe: bool
    no_stop: bool
    shouted: bool

    @classmethod
    def draw(cls, rng: Random) -> "TypingStyle":
        """A style as often as people have it."""
        careless = rng.random() < _CARELESS
        return cls(
            small_start=careless and rng.random() < _SMALL_START,
            small_i=careless and rng.random() < _SMALL_I,
            no_apostrophe=careless and rng.random() < _NO_APOSTROPHE,
            no_stop=careless and rng.random() < _NO_STOP,
            shouted=rng.random() < _SHOUTED,
        )

    def __call__(self, text: str) -> str:
        """The text as typed."""
        if self.small_start:
            text = re.sub(r"(^|[.!?] )([A-Z])", lambda m: m[1] + m[2].lower(), text)
        if self.small_i:
            text = re.sub(r"\bI\b", "i", text)
        if self.no_apostrophe:
            text = text.replace("'", "")
        if self.no_stop:
            return text.removesuffix(".")
        return text[:-1] + "!" if self.shouted and text.endswith(".") else text
