"""How far a campaign got with what it planned: each move by error, first language and level."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jinja2

from quimbot.generate.ledger import Row
from quimbot.generate.teacher import Cell
from quimbot.records.jsonl import replacing
from quimbot.records.record import Move

NO_ERROR = "no-error"
Place = tuple[str, str, str, str]
"""Move, kind of error, first language and level."""


def coverage_path(output: Path) -> Path:
    """Where the page about a campaign is."""
    return output.with_suffix(".coverage.html")


def place(cell: Cell) -> Place:
    """Where a cell of the plan counts."""
    seed = cell.seed
    move = cell.move.value if seed.corrections else NO_ERROR
    return move, seed.category or NO_ERROR, seed.l1 or "any", seed.level or "any"


@dataclass
class Coverage:
    """Rows planned, accepted and refused at each place."""

    planned: Counter[Place] = field(default_factory=Counter)
    accepted: Counter[Place] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    def add(self, cell: Cell, row: Row) -> None:
        """Count how one cell ended."""
        where = place(cell)
        self.planned[where] += 1
        self.accepted[where] += not row.reason
        self.reasons.update([row.reason] if row.reason else [])
        self.faults.update(row.faults)

    def check(self, cells: int) -> None:
        """Every cell has ended in one way, or something is very wrong."""
        ended = self.accepted.total() + self.reasons.total()
        if not self.planned.total() == ended == cells:
            raise AssertionError(f"{cells} cells, {self.planned.total()} met, {ended} ended")

    def short(self) -> dict[str, int]:
        """Rows missing by move, where any are."""
        missing = (self.planned - self.accepted).items()
        counts: Counter[str] = Counter()
        for (move, *_), count in missing:
            counts[move] += count
        return dict(sorted(counts.items()))

    def told(self) -> str:
        """The end of a summary line: refusals, failures and what was met on the way."""
        line = "".join(f", {count} {reason}" for reason, count in self.reasons.most_common())
        met = ", ".join(f"{count} of {kind}" for kind, count in sorted(self.faults.items()))
        return line + (f"; faults met: {met}" if met else "")


def write_page(output: Path, coverage: Coverage, summary: str) -> None:
    """Write the page with the table of coverage; it appears whole or not at all."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("quimbot.generate", "template"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    page = environment.get_template("coverage.html").render(
        title=output.name,
        summary=summary,
        tables=[
            _table("Kind of error", 1, coverage),
            _table("First language", 2, coverage),
            _table("Level", 3, coverage),
        ],
        reasons=coverage.reasons.most_common(),
        faults=sorted(coverage.faults.items()),
        places=sorted(
            ((*at, coverage.accepted[at], count) for at, count in coverage.planned.items()),
            key=lambda row: (row[1], row[0]),
        ),
    )
    with replacing(coverage_path(output)) as file:
        file.write(page.encode())


@dataclass(frozen=True)
class _Table:
    title: str
    heads: Sequence[str]
    rows: Sequence[tuple[str, Sequence[tuple[int, int]]]]
    """Name, and accepted and planned rows for each move and for all."""


def _table(title: str, part: int, coverage: Coverage) -> _Table:
    """One table: the values of one part of the places by move."""
    heads = [*(move.value for move in Move), NO_ERROR]
    heads = [head for head in heads if any(where[0] == head for where in coverage.planned)]
    planned, accepted = _sums(part, coverage.planned), _sums(part, coverage.accepted)
    values = sorted({value for value, _ in planned})
    rows = []
    for value in values:
        cells = [(accepted[value, head], planned[value, head]) for head in heads]
        rows.append((value, [*cells, (sum(a for a, _ in cells), sum(p for _, p in cells))]))
    return _Table(title, [*heads, "all"], rows)


def _sums(part: int, counts: Counter[Place]) -> Counter[tuple[str, str]]:
    sums: Counter[tuple[str, str]] = Counter()
    for where, count in counts.items():
        for value in where[part].split("+"):  # a turn with two errors counts under both
            sums[value, where[0]] += count
    return sums
