"""Conversations found again by words that were said in them, by their title or their topic."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

import msgspec

from quimbot.serve.store.conversations import Conversation

LONGEST = 100
"""Characters that are searched for, at most."""
_AROUND = 40
"""Characters of an excerpt on either side of what was found."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation that has all the words."""

    conversation: Conversation
    excerpt: str
    """Where they were said; empty: only the title or the topic has them."""


def found(
    words: str, talks: Sequence[Conversation], said: Iterable[tuple[str, str]]
) -> list[Found]:
    """The conversations in which every word comes up somewhere, in their order.

    A word may be a part of another, in capitals or not. `said` are a conversation's id and what
    was said in it, turn by turn, of these conversations only.
    """
    wanted = folded(words).split()
    missing = {talk.id: _absent(wanted, f"{talk.title} {talk.topic}") for talk in talks}
    best: dict[str, tuple[int, str]] = {}
    for talk_id, text in said:
        absent = _absent(wanted, text)
        count = len(wanted) - len(absent)
        if count > best.get(talk_id, (0, ""))[0]:
            best[talk_id] = count, text
        missing[talk_id] &= absent
    return [
        Found(conversation=talk, excerpt=_excerpt(wanted, best.get(talk.id, (0, ""))[1]))
        for talk in talks
        if not missing[talk.id]
    ]


def folded(text: str) -> str:
    """The text as it is compared: without capitals, and with one form for each letter."""
    return unicodedata.normalize("NFKC", text).casefold()


def _absent(wanted: Sequence[str], text: str) -> set[str]:
    there = folded(text)
    return {word for word in wanted if word not in there}


def _excerpt(wanted: Sequence[str], text: str) -> str:
    """The part of a turn around the first word that is written in it as it was asked for."""
    line = " ".join(text.split())
    places = (re.search(re.escape(word), line, re.IGNORECASE) for word in wanted)
    first = min(filter(None, places), key=lambda place: place.start(), default=None)
    start, end = first.span() if first else (0, 0)
    start, end = max(0, start - _AROUND), end + _AROUND
    before = "…" if start else ""
    after = "…" if end < len(line) else ""
    return f"{before}{line[start:end].strip()}{after}"
