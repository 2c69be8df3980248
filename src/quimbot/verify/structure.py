"""Whether a record has the shape of a chat that a model can learn from or be asked."""

import re
from collections.abc import Iterator, Sequence

from quimbot.records.record import Evidence, Message, Record, Verdict

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
        return [next(_faults(record.messages), None) or Verdict(passed=True) for record in records]


def _faults(messages: Sequence[Message]) -> Iterator[Verdict]:
    """The failing checks, in order of weight; a control string comes with its place."""
    spoken = messages[1:] if messages and messages[0].role == "system" else messages
    if not spoken:
        yield Verdict(passed=False, reason="no-turns")
        return
    expected = ("user", "assistant")
    if any(turn.role != expected[at % 2] for at, turn in enumerate(spoken)):
        yield Verdict(passed=False, reason="roles-out-of-order")
    if spoken[-1].role != "assistant":
        yield Verdict(passed=False, reason="no-last-reply")
    for turn in messages:
        if not turn.content.strip():
            yield Verdict(passed=False, reason="empty-turn")
        if len(turn.content.split()) > LONGEST:
            yield Verdict(passed=False, reason="turn-too-long")
        if found := _CONTROL.search(turn.content):
            last = turn is messages[-1]  # evidence speaks of the reply alone
            place = Evidence(start=found.start(), end=found.end(), label="control")
            yield Verdict(passed=False, reason="control-string", evidence=(place,) if last else ())
