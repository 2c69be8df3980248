"""`mix`: files blended by share into one training file, the same bytes for the same seed."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import read_records
from quimbot.records.manifest import manifest_path, write_dataset
from quimbot.records.record import Record
from quimbot.runs.watch import Watch

_PART = re.compile(
    r"(?P<path>.+?\.jsonl):(?P<share>\d+(?:\.\d+)?)(?:\[(?P<where>[^\]]*)\])?(?:x(?P<times>[1-9]\d*))?"
)


@dataclass(frozen=True, kw_only=True)
class MixPart:
    """One part of a mix, spelled `path:share[key=value,…]xtimes`."""

    path: Path
    share: Fraction
    where: Mapping[str, str] = field(default_factory=dict)
    """Tags that a record must have; `source` and `move` are asked of its history and lessons."""
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

    def admits(self, record: Record) -> bool:
        """The record has what `where` asks for."""
        return all(value in _values(record, key) for key, value in self.where.items())


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


@dataclass(frozen=True, kw_only=True)
class MixSettings:
    """What to blend."""

    part: tuple[str, ...]
    """`path:share`, and after it `[tag=value]` to take only such records, `x2` to take each up to twice; a record goes to the first part that admits it."""  # noqa: E501 - one line of help
    output: Path
    """Records to write (.jsonl), shuffled."""
    size: int = 0
    """Number of records; 0 for as many as the shares allow without repeating."""
    seed: int = 0
    """Which records are drawn, and their order."""

    def __post_init__(self) -> None:
        """Check the values."""
        if not self.part:
            raise RecipeError("part is empty; give at least one path:share")
        if self.size < 0:
            raise RecipeError(f"size {self.size} is negative; give 0 for as many as there are")
        self.parts()

    def parts(self) -> tuple[MixPart, ...]:
        """The parts as read from their spelling."""
        return tuple(MixPart.parse(text) for text in self.part)

    def inputs(self) -> tuple[Path, ...]:
        """The files of the parts, each once."""
        return tuple(dict.fromkeys(part.path for part in self.parts()))

    def outputs(self) -> tuple[Path, ...]:
        """The mix and its manifest."""
        return (self.output, manifest_path(self.output))


def mix(settings: MixSettings, watch: Watch) -> str:
    """Draw each part's share, shuffle, and write.

    Raises:
        DataError: an input is no record file, or a part admits no record.
    """
    parts = settings.parts()
    pools = _pools(settings)
    room = [len(pool) * part.times for pool, part in zip(pools, parts, strict=True)]
    shares = [part.share for part in parts]
    size = settings.size or _largest(shares, room)
    asked = quotas(shares, size)
    reached = fitted(shares, size, room)
    drawn = []
    for part, pool, count in zip(parts, pools, reached, strict=True):
        ordered = sorted(pool, key=lambda record: _draw(settings.seed, "take", record.id))
        drawn += [(time, record) for time in range(part.times) for record in ordered][:count]
    drawn.sort(key=lambda item: _draw(settings.seed, f"order {item[0]}", item[1].id))
    with watch.task("mix", len(drawn)) as task:
        write_dataset(
            settings.output,
            (record for _, record in drawn),
            parents=settings.inputs(),
            settings=settings,
            facts={
                "parts": [
                    {"part": text, "available": len(pool), "asked": want, "reached": got}
                    for text, pool, want, got in zip(
                        settings.part, pools, asked, reached, strict=True
                    )
                ]
            },
        )
        task.advance(len(drawn))
    return _summary(settings, asked, reached)


def _summary(settings: MixSettings, asked: Sequence[int], reached: Sequence[int]) -> str:
    total = sum(reached)
    blend = ", ".join(
        f"{part.path.stem} {got} ({got / total:.1%})"
        for part, got in zip(settings.parts(), reached, strict=True)
    )
    short = [
        f"{text} has {got} of the {want} asked"
        for text, want, got in zip(settings.part, asked, reached, strict=True)
        if got < want
    ]
    if short:
        made_up = "made up from the others" if total == sum(asked) else f"{total} records in all"
        return f"{total} records: {blend}; {'; '.join(short)}: {made_up}"
    return f"{total} records: {blend}"


def _pools(settings: MixSettings) -> list[list[Record]]:
    """The records of each part; one goes to the first part of its file that admits it.

    A record met twice, in one file or in two, is taken once.

    Raises:
        DataError: a part admits no record.
    """
    parts = settings.parts()
    pools: list[list[Record]] = [[] for _ in parts]
    seen: set[str] = set()
    for path in settings.inputs():
        here = [(part, pool) for part, pool in zip(parts, pools, strict=True) if part.path == path]
        for record in read_records(path):
            pool = next((pool for part, pool in here if part.admits(record)), None)
            if pool is not None and record.id not in seen:
                seen.add(record.id)
                pool.append(record)
    for text, pool in zip(settings.part, pools, strict=True):
        if not pool:
            raise DataError(
                f"part {text!r}: no record fits that no part before it took; "
                "check the tags in the file's manifest or leave the part out"
            )
    return pools


def quotas(shares: Sequence[Fraction], size: int) -> list[int]:
    """Whole numbers that add up to the size, as near the shares as can be (largest remainder)."""
    exact = [share * size / sum(shares) for share in shares]
    whole = [int(value) for value in exact]
    by_remainder = sorted(
        range(len(shares)), key=lambda place: (whole[place] - exact[place], place)
    )
    for place in by_remainder[: size - sum(whole)]:
        whole[place] += 1
    return whole


def fitted(shares: Sequence[Fraction], size: int, room: Sequence[int]) -> list[int]:
    """Quotas that no part's room is too small for; what one lacks the others share."""
    full: dict[int, int] = {}
    while True:
        rest = [place for place in range(len(shares)) if place not in full]
        left = size - sum(full.values())
        wanted = dict(zip(rest, quotas([shares[place] for place in rest], left), strict=True))
        over = {place: room[place] for place in rest if wanted[place] > room[place]}
        if not over:
            return [{**full, **wanted}[place] for place in range(len(shares))]
        full |= over
        if len(full) == len(shares):
            return [full[place] for place in range(len(shares))]


def _largest(shares: Sequence[Fraction], room: Sequence[int]) -> int:
    """The greatest size whose quotas all fit."""
    size = min(int(place * sum(shares) / share) for place, share in zip(room, shares, strict=True))
    while any(want > place for want, place in zip(quotas(shares, size), room, strict=True)):
        size -= 1
    return size


def _draw(seed: int, purpose: str, name: str) -> bytes:
    return hashlib.blake2b(f"{seed} {purpose} {name}".encode(), digest_size=8).digest()
