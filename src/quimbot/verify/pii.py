"""Whether a chat holds private data: email, phone, card, account, identity number, IP, token."""

from collections.abc import Sequence

from quimbot.records.record import Record, Verdict
from quimbot.verify.found import PASSED, known_arguments, place
from quimbot.verify.private_data import Private, private_data

KINDS = ("email", "phone", "card", "iban", "identity", "ip", "url", "key")
_SHOWN = 2


class Pii:
    """Passes a record without private data of the kinds given, all when none is.

    The reason names the kind; the detail tells where it stands and how it begins, never more.
    """

    name = "pii"

    def __init__(self, *kinds: str) -> None:
        if kinds:
            known_arguments(self.name, kinds, KINDS)
        self.kinds = frozenset(kinds or KINDS)

    def check(self, records: Sequence[Record]) -> list[Verdict]:
        """One verdict a record, in order."""
        return [self._verdict(record) for record in records]

    def _verdict(self, record: Record) -> Verdict:
        for at, message in enumerate(record.messages):
            for found in private_data(message.content):
                if found.kind in self.kinds:
                    return told(record, at, found)
        return PASSED


def told(record: Record, at: int, found: Private) -> Verdict:
    """The verdict on private data: its kind and place, and its first two characters."""
    first = record.messages[at].content[found.start : found.start + _SHOWN]
    size = found.end - found.start
    where = f"{place(record.messages, at)}, characters {found.start}-{found.end}"
    detail = f'{found.kind} "{first}..." of {size} characters in {where}'
    return Verdict(passed=False, reason=f"pii-{found.kind}", detail=detail)
