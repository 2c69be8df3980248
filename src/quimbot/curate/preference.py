"""Which record of a group is worth more: `quality=excellent` before all that are not."""

from collections.abc import Sequence

from quimbot.exceptions import RecipeError
from quimbot.records.record import Record

_PROVENANCE = ("source", "licence", "author")
_MOST = 32


class Preference:
    """Conditions on a record, the first one weighing more than all after it.

    A condition is `key=value`: `source`, `licence` or `author` of the provenance, or a tag.

    Raises:
        RecipeError: a condition is written otherwise, or there are too many.
    """

    def __init__(self, conditions: Sequence[str]) -> None:
        self._conditions = []
        for condition in conditions:
            key, equals, value = (part.strip() for part in condition.partition("="))
            if not (key and equals and value):
                raise RecipeError(
                    f"prefer names {condition!r}; write key=value, such as quality=excellent or "
                    f"source=pilot (keys: {', '.join(_PROVENANCE)}, or a tag)"
                )
            self._conditions.append((key, value))
        if len(conditions) > _MOST:
            raise RecipeError(f"prefer names {len(conditions)} conditions; at most {_MOST}")

    def rank(self, record: Record) -> int:
        """0 for a record that meets every condition; the lower is preferred."""
        rank = 0
        for key, value in self._conditions:
            rank = rank * 2 + (_value(record, key) != value)
        return rank


def _value(record: Record, key: str) -> str | None:
    if key in _PROVENANCE:
        return str(getattr(record.provenance, key))
    return record.tags.get(key)
