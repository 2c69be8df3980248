"""Secrets in what a learner writes: found by their form, and struck out before anything is kept."""

import re

import stdnum.luhn

from quimbot.pedagogy.words import word_set
from quimbot.verify.private_data import CARD, IBAN, KEY, SOCIAL

STRUCK = "[hidden]"
"""What stands in a secret's place."""

_NAMED = re.compile(
    r"\b(?:pass ?word|pass ?code|pass ?phrase|contrase[ñn]a|pin|cvv|cvc|security code|"
    r"(?:sms|login|bank|secret|verification) code)\b"
    r"(?: (?:of|for|to|from|in) (?:\w+ ){0,4}?\w+)? ?(?:\bis\b|\bit'?s\b|\bare\b|:|=) ?"
    r"(?:now |still )?[\"'\u201c]?(\S+)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"\b(?:passport|insurance|social security|identity|identification|id|dni|nie|national|"
    r"visa|permit|licen[cs]e|account|card|phone|telephone|mobile|cell|whatsapp|number)\b"
    r"(?: (?:card|number|no|nr|is|of mine|here))*[ :,.=#]{0,3}(?:is |it's )?"
    r"(\+?[A-Za-z]{0,3}[ -]?\d(?:[ -]?\d){4,15}[A-Za-z]?)(?!\w)",
    re.IGNORECASE,
)
_NO_SECRET = word_set(
    "a an the not no very too so my your in on at to of for and or but always never the same long "
    "short easy hard difficult simple wrong right correct secret strong weak new old safe bad good "
    "important required needed expired empty something nothing what that this"
)


def hidden(text: str) -> str:
    """The text with passwords, card, account, identity and phone numbers struck out."""
    for found in (CARD, IBAN, SOCIAL, KEY):
        text = found.sub(lambda match: STRUCK if _secret(match[0]) else match[0], text)
    text = _NUMBERED.sub(_strike, text)
    return _NAMED.sub(_strike_word, text)


def _secret(found: str) -> bool:
    """Whether a long number is a card's, by its check digit (Luhn); any other form is one as is."""
    digits = re.sub(r"[ -]", "", found)
    return not CARD.fullmatch(digits) or bool(stdnum.luhn.is_valid(digits))


def _strike(match: re.Match[str]) -> str:
    start, end = match.start(1) - match.start(), match.end(1) - match.start()
    return match[0][:start] + STRUCK + match[0][end:]


def _strike_word(match: re.Match[str]) -> str:
    word = match[1].strip("\"'.,!?\u201c\u201d").lower()
    return match[0] if word in _NO_SECRET or not word else _strike(match)
