"""`bank`: list, check and expand the error bank, with seeds of your own beside those that ship."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from quimbot.exceptions import RecipeError
from quimbot.pedagogy.bank.bank import Bank, shipped_bank
from quimbot.pedagogy.bank.check import undeclared
from quimbot.pedagogy.bank.fill import fill_entry
from quimbot.records.jsonl import write_rows
from quimbot.runs.watch import Watch, aligned


@dataclass(frozen=True, kw_only=True)
class BankSettings:
    """Which seeds, and what to do with them."""

    own: tuple[Path, ...] = ()
    """Files with seeds of your own (.toml), taken beside those that ship."""
    category: str = ""
    """Only seeds of this kind of error, such as past-tense."""
    l1: str = ""
    """Only what speakers of this first language (es, zh, ar, ko) or any learner would write."""
    level: str = ""
    """Only seeds of this level: A2, B1 or B2."""
    error_type: str = ""
    """Only seeds that show this ERRANT type, such as R:VERB:TENSE."""
    expand: int = 0
    """Learner turns to draw, no two alike; 0 lists the seeds, each with an example."""
    output: Path | None = None
    """Where to write the turns that are drawn (.jsonl)."""
    long: float = 0.3
    """Share of the turns with more than one sentence, some with two errors."""
    no_error: float = 0.0
    """Share of the turns without any error."""
    seed: int = 0
    """Which turns are drawn."""

    def __post_init__(self) -> None:
        """Check the values."""
        if self.expand < 0:
            raise RecipeError(f"expand {self.expand} must be at least 0")
        if bool(self.expand) != bool(self.output):
            raise RecipeError("expand and output go together: how many turns, and where to")
        for name in ("long", "no_error"):
            if not 0 <= (share := getattr(self, name)) <= 1:
                raise RecipeError(f"{name} {share} must be between 0 and 1")

    def inputs(self) -> tuple[Path, ...]:
        """The seeds of your own."""
        return self.own

    def outputs(self) -> tuple[Path, ...]:
        """The turns, if any are drawn."""
        return (self.output,) if self.output else ()


def bank(settings: BankSettings, watch: Watch) -> str:
    """List the seeds that are asked for, or write turns drawn from them; all are checked first.

    Raises:
        DataError: a file of seeds is not what it must be, or a seed shows what it does not declare.
        RecipeError: no seed is of that kind, or so many distinct turns are not there.
        OutputError: the turns cannot be written.
    """
    known = (
        shipped_bank()
        .with_own(settings.own)
        .only(
            category=settings.category,
            l1=settings.l1,
            level=settings.level,
            error_type=settings.error_type,
        )
    )
    if settings.output:
        turns = known.draw(
            settings.expand,
            seed=settings.seed,
            l1=settings.l1,
            long=settings.long,
            no_error=settings.no_error,
        )
        written = write_rows(settings.output, turns)
        return f"{written} learner turns from {len(known.entries)} seeds, no two alike"
    with watch.task("check", 1) as task:
        faults = undeclared(known.entries, known.slots)
        task.advance()
    kinds = {entry.category for entry in known.entries}
    return "\n".join(
        [
            *aligned(_listing(known)),
            *(f"{known.entries[index].id}: {fault}" for index, fault in faults.items()),
            f"seeds: {len(known.entries)}, kinds of error: {len(kinds)}; "
            + (f"{len(faults)} show what they do not declare" if faults else "all as declared"),
        ]
    )


def _listing(known: Bank) -> Iterator[tuple[str, ...]]:
    """A row a seed: what it is, and one turn with its correction; the header first."""
    yield "category", "seed", "level", "l1", "types", "a turn and its correction"
    for entry in sorted(known.entries, key=lambda each: (each.category, each.id)):
        drawn = fill_entry(entry, known.slots, Random(entry.id))  # noqa: S311 - reproducible
        shown = f"{drawn.learner} → {drawn.corrections[0]}"
        l1 = ",".join(entry.l1) or "any"
        yield entry.category, entry.id, entry.level, l1, " ".join(drawn.error_types), shown
