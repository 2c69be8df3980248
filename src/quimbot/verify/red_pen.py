"""Whether a reply corrects openly: "you should say", "the correct form", an arrow."""

from collections.abc import Sequence

from quimbot.records.record import Record, Verdict
from quimbot.verify import wording
from quimbot.verify.found import PASSED, fallen


class RedPen:
    """Passes a record none of whose replies corrects openly.

    What the learner said before is no correction when the reply says it back.
    """

    name = "red-pen"

    def check(self, records: Sequence[Record]) -> list[Verdict]:
        """One verdict a record, in order."""
        replies = wording.folded_replies(records)
        cues = wording.standing(wording.RED_PEN_CUES, "\n".join(replies))
        return [
            _verdict(record) if wording.holds(text, cues) else PASSED
            for record, text in zip(records, replies, strict=True)
        ]


def _verdict(record: Record) -> Verdict:
    messages = record.messages
    for at, message in enumerate(messages):
        if message.role == "assistant":
            own = [turn.content for turn in messages[:at] if turn.role == "user"]
            if found := wording.red_pen(message.content, own):
                return fallen("red-pen", messages, at, *found[0])
    return PASSED
