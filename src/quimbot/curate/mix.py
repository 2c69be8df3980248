"""`mix`: files blended by share into one training file, the same bytes for the same seed.

Which rows are taken and in what order they stand is decided by hashes of the seed and of each id,
so it is the same on every machine, whatever the order of rows, and for a larger size the same rows
are taken again, and more. A row is copied as the bytes it was read as.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from quimbot.curate.drawn import Draw, draw, shuffled
from quimbot.curate.licences import terms
from quimbot.curate.lineage import lineage
from quimbot.curate.measure import reply_bytes, token_counter
from quimbot.curate.mix_part import MixPart
from quimbot.curate.pools import Measure, Pool, read_pools
from quimbot.exceptions import DataError, RecipeError
from quimbot.records.lines import Lines
from quimbot.records.manifest import manifest_path, write_lines
from quimbot.records.record import Record
from quimbot.runs.watch import Watch
from quimbot.runtimes.chat_format import Thoughts

Unit = Literal["rows", "tokens", "bytes"]

_STEP = 1000


@dataclass(frozen=True, kw_only=True)
class MixSettings:
    """What to blend."""

    part: tuple[str, ...]
    """`path:share`, and after it `[tag=value]` to take only such records (`a|b` for either value), `x2` to take each up to twice; a record goes to the first part that admits it."""  # noqa: E501 - one line of help
    output: Path
    """Records to write (.jsonl), shuffled."""
    size: int = 0
    """Rows, tokens or bytes in all; 0 for as many as the shares allow without repeating."""
    by: Unit = "rows"
    """What shares and size count: rows, tokens that are learnt of replies, or bytes of replies."""
    model: str = ""
    """Whose tokenizer counts the tokens; needed by tokens, otherwise they are only told."""
    max_tokens: int = 1024
    """A longer dialogue is cut there when it is learnt: `max_tokens` of `train`."""
    thinking: Thoughts = "strip"
    """Whether thoughts that replies begin with count: `thinking` of `train`."""
    strict: bool = False
    """Fail when a part has less than it is asked for; otherwise the others make up for it."""
    seed: int = 0
    """Which records are drawn, and their order."""

    def __post_init__(self) -> None:
        """Check the values."""
        if not self.part:
            raise RecipeError("part is empty; give at least one path:share")
        if self.size < 0:
            raise RecipeError(f"size {self.size} is negative; give 0 for as many as there are")
        if self.by not in get_args(Unit):
            raise RecipeError(f"by {self.by!r} is unknown; allowed: {', '.join(get_args(Unit))}")
        if self.by == "tokens" and not self.model:
            raise RecipeError(
                "by tokens needs a model whose tokenizer counts; give model, "
                "or by = 'bytes', which needs none"
            )
        if self.max_tokens < 2:  # noqa: PLR2004 - as `train` wants it
            raise RecipeError(f"max_tokens is {self.max_tokens}; it must be at least 2")
        if self.thinking not in get_args(Thoughts):
            raise RecipeError(f"thinking is {self.thinking!r}; allowed: strip, keep")
        self.parts()

    def parts(self) -> tuple[MixPart, ...]:
        """The parts as read from their spelling."""
        return tuple(MixPart.parse(text) for text in self.part)

    def measures(self) -> dict[str, Measure]:
        """How much a record is, by each unit beside rows that is told in the manifest."""
        found: dict[str, Measure] = {"bytes": reply_bytes}
        if self.model:
            found["tokens"] = token_counter(self.model, self.thinking, self.max_tokens)
        return found

    def inputs(self) -> tuple[Path, ...]:
        """The files of the parts, each once."""
        return tuple(dict.fromkeys(part.path for part in self.parts()))

    def outputs(self) -> tuple[Path, ...]:
        """The mix and its manifest."""
        return (self.output, manifest_path(self.output))


def mix(settings: MixSettings, watch: Watch) -> str:
    """Draw each part's share, shuffle, and write.

    Raises:
        DataError: an input is no record file, a part admits no record, or strict and one is short.
    """
    parts = settings.parts()
    with watch.task("mix: read", 0) as task:
        pools = read_pools(parts, settings.measures(), task)
    _check_pools(settings, pools)
    draws = draw(parts, pools, settings.by, settings.size, settings.seed)
    short = _short(settings, draws)
    if short and settings.strict:
        raise DataError(
            f"{'; '.join(short)}; add records, allow repeats (x2), lower the size, "
            "or leave strict out"
        )
    places, rows = shuffled(draws, settings.seed)
    licences: Counter[str] = Counter()
    facts = _facts(settings, draws)
    with watch.task("mix: write", len(rows)) as task, ExitStack() as stack:
        files = {path: stack.enter_context(Lines(path)) for path in settings.inputs()}
        opened = [files[part.path] for part in parts]

        def lines() -> Iterator[tuple[bytes, Record]]:
            for number, (place, row) in enumerate(zip(places.tolist(), rows.tolist(), strict=True)):
                line, record = opened[place].pair(row)
                licences[record.provenance.licence] += 1
                yield line, record
                if number % _STEP == _STEP - 1:
                    task.advance(_STEP)
            task.advance(len(rows) % _STEP)
            facts["licences"] = _licences(licences)

        write_lines(
            settings.output, lines(), parents=settings.inputs(), settings=settings, facts=facts
        )
    for name in sorted(licences):
        if told := terms(name):
            share = licences[name] / len(rows)
            watch.say(f"warning: licence {name} ({share:.1%} of the records) {told}")
    return _summary(settings, draws, short)


def _check_pools(settings: MixSettings, pools: Sequence[Pool]) -> None:
    for text, pool in zip(settings.part, pools, strict=True):
        if not len(pool.ids):
            raise DataError(
                f"part {text!r}: no record fits that no part before it took; "
                "check the tags in the file's manifest or leave the part out"
            )
        if not pool.amounts[settings.by].any():
            raise DataError(
                f"part {text!r}: none of its {len(pool.ids)} records holds a reply to learn; "
                "mix by rows or leave the part out"
            )


def _short(settings: MixSettings, draws: Sequence[Draw]) -> list[str]:
    """A sentence for each part that lacks what it is asked for."""
    unit = "" if settings.by == "rows" else f" {settings.by}"
    return [
        f"{text} has {one.room} of the {one.asked}{unit} asked"
        for text, one in zip(settings.part, draws, strict=True)
        if one.missing
    ]


def _facts(settings: MixSettings, draws: Sequence[Draw]) -> dict[str, object]:
    """What the manifest tells beside counts: shares asked and reached, and where rows come from."""
    units = tuple(draws[0].pool.amounts)
    total = {unit: sum(one.reached(unit) for one in draws) for unit in units}
    parts = [
        {
            "part": text,
            "available": int(one.pool.amounts[settings.by].sum()),
            "asked": one.asked,
            "reached": one.reached(settings.by),
            "share": round(one.share, 6),
            "missing": one.missing,
            "repeated": int((one.times > 1).sum()),
        }
        | {
            unit: {
                "available": int(one.pool.amounts[unit].sum()),
                "reached": one.reached(unit),
                "share": round(one.reached(unit) / max(1, total[unit]), 6),
            }
            for unit in units
        }
        for text, one in zip(settings.part, draws, strict=True)
    ]
    return {
        "by": settings.by,
        "total": total,
        "parts": parts,
        "lineage": [file.told() for file in lineage(settings.inputs())],
    }


def _licences(rows: Counter[str]) -> dict[str, object]:
    return {
        name: {"rows": count, "share": round(count / rows.total(), 6), "terms": terms(name)}
        for name, count in rows.most_common()
    }


def _summary(settings: MixSettings, draws: Sequence[Draw], short: Sequence[str]) -> str:
    unit = settings.by
    records, total = (sum(one.reached(of) for one in draws) for of in ("rows", unit))
    blend = ", ".join(
        f"{one.part.name} {one.reached('rows')} ({one.reached(unit) / max(1, total):.1%})"
        for one in draws
    )
    head = f"{records} records" if unit == "rows" else f"{records} records, {total} {unit}"
    if short:
        enough = sum(one.room for one in draws) >= sum(one.asked for one in draws)
        made_up = "made up from the others" if enough else f"{head} in all"
        return f"{head}: {blend}; {'; '.join(short)}: {made_up}"
    return f"{head}: {blend}"
