"""Whether turns, replies or whole chats have as many words as they should."""

import re
import sys
from collections.abc import Sequence

from quimbot.exceptions import RecipeError
from quimbot.records.record import Record, Verdict
from quimbot.verify.found import PASSED, place

_RANGE = re.compile(r"(?:(learner|reply|chat)=)?(\d*)-(\d*)")
_ROLES = {"user": "learner", "assistant": "reply"}

Range = tuple[int, int]


class Length:
    """Passes a record whose words are within ranges, of each learner turn, each reply, the chat.

    `3-400` is the range of the whole chat without its system prompt, `reply=3-400` that of every
    reply; an end left out is open. Words are what spaces part.
    """

    name = "length"

    def __init__(self, *ranges: str) -> None:
        self.ranges: dict[str, Range] = {}
        for given in ranges or ("",):
            found = _RANGE.fullmatch(given)
            low, high = (int(found[2] or 0), int(found[3] or sys.maxsize)) if found else (1, 0)
            if found is None or low > high or not (found[2] or found[3]):
                raise RecipeError(
                    "the check 'length' takes ranges of words such as 3-400, learner=1-200 or "
                    f"reply=3-; found {given!r}"
                )
            self.ranges[found[1] or "chat"] = (low, high)

    def check(self, records: Sequence[Record]) -> list[Verdict]:
        """One verdict a record, in order."""
        return [self._verdict(record) for record in records]

    def _verdict(self, record: Record) -> Verdict:
        messages, ranges = record.messages, self.ranges
        for at, message in enumerate(messages):
            kind = _ROLES.get(message.role)
            if kind in ranges and (fault := _outside([message.content], ranges[kind])):
                way, told = fault
                detail = f"{place(messages, at)}: {told}"
                return Verdict(passed=False, reason=f"{kind}-{way}", detail=detail)
        if "chat" in ranges:
            spoken = [message.content for message in messages if message.role != "system"]
            if fault := _outside(spoken, ranges["chat"]):
                return Verdict(passed=False, reason=f"chat-{fault[0]}", detail=fault[1])
        return PASSED


def _outside(texts: Sequence[str], within: Range) -> tuple[str, str] | None:
    """Which way the words are out of the range, and how many there are; nothing within it."""
    low, high = within
    # Words are counted only as far as the range can tell: up to its low end, and where there are
    # characters enough to be beyond its high end.
    if sum(map(len, texts)) + len(texts) <= 2 * high and _reaches(texts, low):
        return None
    words = sum(len(text.split()) for text in texts)
    if words < low:
        return "too-short", f"{words} words, at least {low}"
    return ("too-long", f"{words} words, at most {high}") if words > high else None


def _reaches(texts: Sequence[str], low: int) -> bool:
    for text in texts:
        if low <= 0:
            return True
        low -= len(text.split(None, low))
    return low <= 0
