"""Whether a reply says what any right answer says, and nothing that shows a wrong one."""

import re
from collections.abc import Sequence
from functools import lru_cache

from quimbot.records.record import Evidence, Verdict

_STRAIGHT = str.maketrans("\u2019\u2018", "''")


def answers(reply: str, says: Sequence[Sequence[str]], avoids: Sequence[str]) -> Verdict:
    """Passed when the reply holds one phrase of every group in `says`, and none of `avoids`.

    Phrases are whole words, whatever their case.
    """
    evidence = [
        Evidence(start=start, end=end, label=label)
        for label, phrases in (("avoided", avoids), *(("answer", group) for group in says))
        for start, end in _places(reply, phrases)
    ]
    if not reply.strip():
        reason = "empty"
    elif any(each.label == "avoided" for each in evidence):
        reason = "avoided-phrase"
    elif not all(_places(reply, group) for group in says):
        reason = "not-answered"
    else:
        reason = ""
    return Verdict(passed=not reason, reason=reason, evidence=tuple(evidence))


def _places(reply: str, phrases: Sequence[str]) -> list[tuple[int, int]]:
    if not phrases:
        return []
    return [found.span() for found in _pattern(tuple(phrases)).finditer(reply.translate(_STRAIGHT))]


@lru_cache(maxsize=4096)
def _pattern(phrases: tuple[str, ...]) -> re.Pattern[str]:
    spaced = (
        r"\s+".join(re.escape(word) for word in phrase.translate(_STRAIGHT).split())
        for phrase in phrases
    )
    return re.compile(rf"(?<!\w)(?:{'|'.join(spaced)})(?!\w)", re.IGNORECASE)
