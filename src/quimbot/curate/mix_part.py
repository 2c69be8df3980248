"""One part of a mix: which records of which file, how much of them, and how often each."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from quimbot.exceptions import RecipeError
from quimbot.records.record import Record

_PART = re.compile(
    r"(?P<path>.+?\.jsonl):(?P<share>\d+(?:\.\d+)?)(?:\[(?P<where>[^\]]*)\])?(?:x(?P<times>[1-9]\d*))?"
)


@dataclass(frozen=True, kw_only=True)
class MixPart:
    """One part of a mix, spelled `path:share[key=value,…]xtimes`."""

    path: Path
    share: Fraction
    where: Mapping[str, str] = field(default_factory=dict)
    """Tags that a record must have, `a|b` for either value; `source` and `move` are asked of its
    history and lessons."""
    times: int = 1
    """How often one record may be taken."""

    @classmethod
    def parse(cls, text: str) -> "MixPart":
        """The part that a text spells.

        Raises:
            RecipeError: it spells none.
        """
        found = _PART.fullmatch(text.strip())
        where = dict(_condition(item, text) for item in _items(found["where"])) if found else {}
        if not found or not (share := Fraction(found["share"])):
            raise RecipeError(
                f"part {text!r} must be path.jsonl:share, with a share above 0, and may go on "
                "with [tag=value] and x2, as in data/train.jsonl:0.9[l1=es]x2"
            )
        return cls(
            path=Path(found["path"]), share=share, where=where, times=int(found["times"] or 1)
        )

    @property
    def name(self) -> str:
        """How the part is called beside the others."""
        where = ",".join(f"{key}={value}" for key, value in self.where.items())
        return f"{self.path.stem}[{where}]" if where else self.path.stem

    def admits(self, record: Record) -> bool:
        """The record has what `where` asks for."""
        return all(
            any(value in _values(record, key) for value in values.split("|"))
            for key, values in self.where.items()
        )


def _items(where: str | None) -> list[str]:
    return [item for item in (where or "").split(",") if item.strip()]


def _condition(item: str, text: str) -> tuple[str, str]:
    key, equals, value = item.partition("=")
    if not (equals and key.strip() and value.strip()):
        raise RecipeError(f"part {text!r}: {item!r} must be tag=value, as in [l1=es,level=a2]")
    return key.strip(), value.strip()


def _values(record: Record, key: str) -> tuple[str, ...]:
    match key:
        case "source":
            return (record.provenance.source,)
        case "move":
            return tuple(lesson.move.value for lesson in record.lessons)
    return (record.tags[key],) if key in record.tags else ()
