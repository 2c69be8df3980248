"""Checks on what a corpus says of its own rows: columns that `pull` keeps as tags."""

from collections.abc import Mapping, Sequence

from quimbot.records.record import Record, Verdict
from quimbot.verify.found import PASSED, known_arguments

_TAGS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "quality": ("quality", ("very poor", "poor", "average", "good", "excellent")),
    "difficulty": ("difficulty", ("very easy", "easy", "medium", "hard", "very hard")),
    "safety": (
        "safety",
        (
            "casual",
            "possibly needs caution",
            "probably needs caution",
            "needs caution",
            "needs intervention",
        ),
    ),
}
"""Check → its tag, and the values known: Magpie's, Magpie's and Prosocial Dialog's."""
COLUMNS = tuple(_TAGS)


class Column:
    """Passes a record whose tag has one of the values given, and one without that tag.

    A mix holds corpora that do not grade their rows; that is no fault of a row.
    """

    def __init__(self, name: str, *values: str) -> None:
        self.name = name
        self.tag, known = _TAGS[name]
        self.values = frozenset(_plain(value) for value in values)
        known_arguments(name, tuple(_plain(value) for value in values), known)

    def check(self, records: Sequence[Record]) -> list[Verdict]:
        """One verdict a record, in order."""
        tag, values = self.tag, self.values
        found = [record.tags.get(tag) for record in records]
        return [
            PASSED
            if value is None or value in values or _plain(value) in values
            else self._no(value)
            for value in found
        ]

    def _no(self, value: str) -> Verdict:
        slug = _plain(value).replace(" ", "-") or "none"
        return Verdict(passed=False, reason=f"{self.name}-{slug}", detail=f"{self.tag}: {value}")


class Moderation:
    """Passes a record that its corpus marks neither as redacted nor as flagged by moderation."""

    name = "moderation"

    def check(self, records: Sequence[Record]) -> list[Verdict]:
        """One verdict a record, in order."""
        return [_unmarked(record.tags) for record in records]


def _unmarked(tags: Mapping[str, str]) -> Verdict:
    for mark in ("flagged", "redacted"):
        if mark in tags and tags[mark].lower() == "true":
            return Verdict(passed=False, reason=mark, detail=f"marked {mark} by its corpus")
    return PASSED


def _plain(value: str) -> str:
    """A value as it is told: `__needs_caution__` and `needs-caution` are `needs caution`."""
    return value.strip("_ ").replace("_", " ").replace("-", " ").lower()
