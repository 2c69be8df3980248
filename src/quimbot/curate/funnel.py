"""The funnel of a filter: how many rows met each check, how many it took out, why and of whom."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from quimbot.records.record import Record

_SOURCES = 12
"""Sources that the table and the picture name one by one; the manifest names all."""
_REASONS = 4
"""Reasons of a check that are told; the manifest holds all."""


class Check(msgspec.Struct):
    """What one check took out, by source and reason."""

    name: str
    """As the recipe spells it."""
    fallen: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    found: Counter[str] = msgspec.field(default_factory=Counter)
    """What it saw in the records that it met, whether they fell or not."""

    def add(self, record: Record, reason: str) -> None:
        """Count a record that fell."""
        self.fallen[record.provenance.source, reason] += 1

    @property
    def reasons(self) -> Counter[str]:
        """Records that fell by reason."""
        return _summed(self.fallen, 1)

    @property
    def sources(self) -> Counter[str]:
        """Records that fell by source."""
        return _summed(self.fallen, 0)


class Step(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={"entered": "in", "left": "out"},
):
    """One check of the funnel, as the manifest has it."""

    check: str
    entered: int
    left: int
    reasons: dict[str, int]
    found: dict[str, int] = {}


class Funnel(msgspec.Struct):
    """The counts while they grow; everything told is worked out of them at the end."""

    checks: list[Check]
    read: Counter[str] = msgspec.field(default_factory=Counter)
    """Records read by source."""

    @classmethod
    def of(cls, names: Sequence[str]) -> "Funnel":
        """An empty funnel over checks in order."""
        return cls([Check(name) for name in names])

    def enter(self, record: Record) -> None:
        """Count a record that was read."""
        self.read[record.provenance.source] += 1

    @property
    def kept(self) -> Counter[str]:
        """Records that passed every check, by source."""
        kept = Counter(self.read)
        for check in self.checks:
            kept.subtract(check.sources)
        return kept

    @property
    def reasons(self) -> Counter[str]:
        """Records that fell, by reason."""
        return sum((check.reasons for check in self.checks), Counter())

    def steps(self) -> Iterator[Step]:
        """The checks in order with what came in and what went on."""
        entered = self.read.total()
        for check in self.checks:
            left = entered - check.fallen.total()
            reasons = dict(check.reasons.most_common())
            yield Step(
                check=check.name,
                entered=entered,
                left=left,
                reasons=reasons,
                found=dict(check.found.most_common()),
            )
            entered = left

    def by_source(self) -> dict[str, list[int]]:
        """For each source, largest first, the records read and those left after each check."""
        rows = {}
        for source, read in sorted(self.read.items(), key=lambda one: (-one[1], one[0])):
            rows[source] = [read]
            for check in self.checks:
                rows[source].append(rows[source][-1] - check.sources[source])
        return rows

    def facts(self) -> dict[str, object]:
        """The funnel as the manifest has it."""
        return {
            "read": self.read.total(),
            "steps": list(self.steps()),
            "sources": self.by_source(),
        }


def steps_table(funnel: Funnel) -> list[tuple[str, ...]]:
    """The checks as rows of text under a head, a line for each reason."""
    rows: list[tuple[str, ...]] = [("check", "in", "out", "kept", "taken out")]
    for step in funnel.steps():
        first, *more = listed(step.reasons) or [""]
        counts = (f"{step.entered:,}", f"{step.left:,}", share(step.left, step.entered))
        rows += [(step.check, *counts, first), *(("", "", "", "", reason) for reason in more)]
    return _numbers_right(rows, range(1, 4))


def sources_table(funnel: Funnel) -> list[tuple[str, ...]]:
    """The sources as rows of text under a head, each with the check that took most of it."""
    counts = shown(funnel)
    rows: list[tuple[str, ...]] = [("source", "in", "out", "kept", "most taken out by")]
    for source, left in counts.items():
        lost = [before - after for before, after in pairwise(left)]
        most = max(range(len(lost)), key=lost.__getitem__, default=0)
        by = f"{lost[most]:,} {funnel.checks[most].name}" if any(lost) else ""
        total = (f"{left[0]:,}", f"{left[-1]:,}", share(left[-1], left[0]))
        rows.append((source, *total, by))
    return _numbers_right(rows, range(1, 4))


def shown(funnel: Funnel) -> dict[str, list[int]]:
    """The counts by source, the smallest together where there are many."""
    counts = funnel.by_source()
    if len(counts) <= _SOURCES:
        return counts
    names = list(counts)
    rest = [counts[name] for name in names[_SOURCES - 1 :]]
    together = [sum(column) for column in zip(*rest, strict=True)]
    first = {name: counts[name] for name in names[: _SOURCES - 1]}
    return {**first, f"{len(rest)} more": together}


def share(part: int, whole: int) -> str:
    """A share in percent; only all is 100%, and none of nothing is a dash."""
    if not whole:
        return "-"
    return "100%" if part == whole else f"{min(part / whole, 0.9994):.1%}"


def listed(reasons: dict[str, int]) -> list[str]:
    """The commonest reasons with their counts."""
    ranked = Counter(reasons).most_common()
    parts = [f"{count:,} {reason}" for reason, count in ranked[:_REASONS]]
    rest = sum(count for _, count in ranked[_REASONS:])
    return [*parts, *([f"{rest:,} for other reasons"] if rest else [])]


def _numbers_right(rows: Sequence[tuple[str, ...]], columns: range) -> list[tuple[str, ...]]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        tuple(cell.rjust(widths[at]) if at in columns else cell for at, cell in enumerate(row))
        for row in rows
    ]


def _summed(fallen: Counter[tuple[str, str]], part: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    for key, count in fallen.items():
        counts[key[part]] += count
    return counts
