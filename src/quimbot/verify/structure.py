"""Whether a record has the shape of a chat that a model can learn from or be asked."""

import re
from collections.abc import Iterator, Sequence

from quimbot.records.record import Evidence, Message, Record, Verdict
from quimbot.verify.found import PASSED, place

LONGEST = 2000
"""Words of one message, at most."""
_CONTROL = re.compile(
    r"<\|[\w ]{1,40}\|>|<(?:start|end)_of_turn>|\[/?INST\]|<</?SYS>>|</?s>|</?think>"
)


class Structure:
    """Passes a record whose roles alternate up to a last reply, with clean text in every turn."""

    name = "structure"

    def check(self, records: Sequence[Record]) -> list[Verdict]:
        """One verdict a record, in order."""
        return [next(_faults(record.messages), PASSED) for record in records]


def _faults(messages: Sequence[Message]) -> Iterator[Verdict]:
    """The failing checks, in order of weight; a control string comes with its place."""
    spoken = messages[1:] if messages and messages[0].role == "system" else messages
    if not spoken:
        yield Verdict(passed=False, reason="no-turns")
        return
    learner = False
    for turn in spoken:
        learner = not learner
        if turn.role != ("user" if learner else "assistant"):
            detail = ", ".join(turn.role for turn in messages[:6])
            yield Verdict(passed=False, reason="roles-out-of-order", detail=detail)
            break
    if spoken[-1].role != "assistant":
        yield Verdict(passed=False, reason="no-last-reply")
    for at, turn in enumerate(messages):
        text = turn.content
        if not text or text.isspace():
            yield Verdict(passed=False, reason="empty-turn", detail=place(messages, at))
        # A word and its space are two characters: a shorter text needs no counting.
        if len(text) > 2 * LONGEST and (words := len(text.split())) > LONGEST:
            detail = f"{place(messages, at)}: {words} words, at most {LONGEST}"
            yield Verdict(passed=False, reason="turn-too-long", detail=detail)
        if ("<" in text or "[" in text) and (found := _CONTROL.search(text)):
            last = turn is messages[-1]  # evidence speaks of the reply alone
            here = Evidence(start=found.start(), end=found.end(), label="control")
            yield Verdict(
                passed=False,
                reason="control-string",
                detail=f"{place(messages, at)}: {found.group()}",
                evidence=(here,) if last else (),
            )
