"""Checks on the manner of a chat: whom a Spanish reply addresses, how easy it is, talk or task."""

from collections.abc import Sequence

from quimbot.exceptions import RecipeError
from quimbot.records.record import Record, Verdict
from quimbot.verify.found import PASSED, known_arguments, place
from quimbot.verify.readable import perspicuity
from quimbot.verify.spanish_address import ADDRESSES, address
from quimbot.verify.talk import KINDS, kind_of

TRUSTED = {"address": (35, 37, 46), "switching": (5, 5, 10), "task": (10, 10, 16)}
"""What the rules named right, named, and should have named, on held-out sentences of our own."""
_FEWEST = 10
"""Words of a reply below which its readability says nothing."""


class Addressed:
    """Passes a record whose replies, taken together, address their reader in a given way."""

    name = "address"

    def __init__(self, *forms: str) -> None:
        known_arguments(self.name, forms, ADDRESSES)
        self.forms = frozenset(forms)

    def check(self, records: Sequence[Record]) -> list[Verdict]:
        """One verdict a record, in order."""
        return [self._verdict(record) for record in records]

    def _verdict(self, record: Record) -> Verdict:
        found = address(said(record, "assistant"))
        if found in self.forms:
            return PASSED
        return Verdict(passed=False, reason=f"address-{found}", detail=f"replies say {found}")


class Talk:
    """Passes a record that is of one of the kinds given: talk, task, long, list or code."""

    name = "talk"

    def __init__(self, *kinds: str) -> None:
        kinds = kinds or ("talk",)
        known_arguments(self.name, kinds, KINDS)
        self.kinds = frozenset(kinds)

    def check(self, records: Sequence[Record]) -> list[Verdict]:
        """One verdict a record, in order."""
        found = [kind_of(record.messages) for record in records]
        return [
            PASSED if kind in self.kinds else Verdict(passed=False, reason=f"is-{kind}")
            for kind in found
        ]


class Readable:
    """Passes a record each of whose Spanish replies is at least so easy to read (INFLESZ scale)."""

    name = "readable"

    def __init__(self, *least: str) -> None:
        try:
            (self.least,) = (float(number) for number in least or ("65",))
        except ValueError:
            raise RecipeError(
                "the check 'readable' takes one number from 0 to 100, 65 for rather easy; "
                f"found {','.join(least)!r}"
            ) from None

    def check(self, records: Sequence[Record]) -> list[Verdict]:
        """One verdict a record, in order."""
        return [self._verdict(record) for record in records]

    def _verdict(self, record: Record) -> Verdict:
        for at, message in enumerate(record.messages):
            if message.role == "assistant" and len(message.content.split()) >= _FEWEST:
                score = perspicuity(message.content)
                if score is not None and score < self.least:
                    detail = f"{place(record.messages, at)}: {score:.0f}, at least {self.least:g}"
                    return Verdict(passed=False, reason="hard-to-read", score=score, detail=detail)
        return PASSED


def said(record: Record, role: str) -> str:
    """All that one side of a chat says."""
    return "\n".join(message.content for message in record.messages if message.role == role)
