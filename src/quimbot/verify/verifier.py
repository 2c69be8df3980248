"""What every check looks like: the same verifiers filter training data and grade models."""

from collections.abc import Sequence
from typing import Protocol

from quimbot.records.record import Record, Verdict


class Verifier(Protocol):
    """A named check over records."""

    name: str

    def check(self, records: Sequence[Record]) -> Sequence[Verdict]:
        """One verdict a record, in order."""
        ...
