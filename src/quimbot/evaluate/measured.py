"""One measure of one suite as the report shows it, and all of them side by side."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from quimbot.evaluate.breakdown import Breakdown, breakdown
from quimbot.evaluate.compare import Comparison, answers, holm, in_common, paired
from quimbot.evaluate.gallery import worst
from quimbot.evaluate.table import Cell, Column, Row, columns, rows
from quimbot.evaluate.wording import PASSES, language_name
from quimbot.records.record import Move
from quimbot.runs.scorecard import Judged, Perplexities, Picked, Rate, Score, Scorecard, read_judged

_FAILED = 4


@dataclass(frozen=True, kw_only=True)
class Against:
    """One model against the base model; `p` is adjusted by Holm."""

    name: str
    address: str
    result: Comparison
    p: float


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The models on one suite by one measure."""

    card: Scorecard
    measure: str
    about: str
    columns: tuple[Column, ...]
    rows: list[Row]
    against: list[Against]
    judged: list[Judged]
    failed: list[Judged]
    """Replies of the picked tutor that fail, some of every check."""
    kinds: Breakdown | None
    """By what the turns are about."""
    tongues: Breakdown | None
    """By first language."""

    @property
    def name(self) -> str:
        """What is measured: a move, or what the suite is about where it has one check."""
        if self._alone:
            return self.suite.replace("_", " ").capitalize()
        return self.measure.replace("_", " ").capitalize()

    @property
    def suite(self) -> str:
        """The suite's name."""
        return Path(self.card.suite).stem

    @property
    def title(self) -> str:
        """What is measured, and on what."""
        turns, of = self.card.turns, self.card.of
        part = f"{'all' if turns == of else f'{turns} of the'} {of} turns"
        return f"{self.name}, {part}" if self._alone else f"{self.name}, {part} of {self.suite}"

    @property
    def on(self) -> str:
        """What is measured on, in short."""
        turns = f"{self.card.turns} turns"
        return turns if self._alone else f"{self.suite}, {turns}"

    @property
    def _alone(self) -> bool:
        """Whether the suite's name says it all."""
        measures = {score.measure for score in self.card.scores}
        return len(measures) == 1 and self.measure not in set(Move)

    @property
    def lost(self) -> int:
        """Requests that got no reply."""
        return sum(row.score.failed for row in self.rows)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One model over everything that was measured; a gap where it was not asked."""

    name: str
    address: str
    role: str
    cells: list[Cell | None]
    perplexity: float | None


def measured(
    card: Scorecard,
    path: Path,
    perplexities: Perplexities | None,
    picked: Picked,
    short: Mapping[str, str],
) -> list[Measured]:
    """A table for each measure of a score folder, in the order they were asked."""
    replies = list(read_judged(path))
    return [
        _measured(
            card,
            measure,
            own := [row for row in replies if row.measure == measure],
            picked,
            rows(
                card,
                measure,
                own,
                perplexities,
                base=picked.base,
                picked=picked.address,
                short=short,
            ),
        )
        for measure in dict.fromkeys(score.measure for score in card.scores)
    ]


def overview(tables: Sequence[Measured]) -> list[Line]:
    """A row a model, a cell a table: the base first, then the picked one, then as they come."""
    every = {row.address: row for table in tables for row in table.rows}
    order = {"base": 0, "picked": 1}
    return [
        Line(
            name=row.name,
            address=row.address,
            role=row.role,
            cells=[_first(row.address, table.rows) for table in tables],
            perplexity=row.perplexity,
        )
        for row in sorted(every.values(), key=lambda row: order.get(row.role, 2))
    ]


def against(judged: Sequence[Judged], ours: str, theirs: str, *, of: int = 1) -> Comparison | None:
    """Two models on the turns of one table that count and that both answered; none without any.

    With `of`, the interval is one of so many that hold at once.
    """
    return paired(in_common(answers(judged, ours), answers(judged, theirs)), of=of)


def _measured(
    card: Scorecard, measure: str, judged: list[Judged], picked: Picked, shown: list[Row]
) -> Measured:
    compared = [
        (row, result)
        for row in shown
        if row.role != "base" and (result := against(judged, row.address, picked.base))
    ]
    adjusted = holm([result.p for _, result in compared])
    return Measured(
        card=card,
        measure=measure,
        about=f"{PASSES[measure]} {_about(card, shown)}",
        columns=columns(measure),
        rows=shown,
        against=[
            Against(name=row.name, address=row.address, result=result, p=p)
            for (row, result), p in zip(compared, adjusted, strict=True)
        ],
        judged=judged,
        kinds=_parts(
            card, shown, lambda score: score.by_kind, "By what the turns are about", _spaced
        ),
        tongues=_parts(card, shown, lambda score: score.by_l1, "By first language", language_name),
        failed=worst([row for row in judged if row.address == picked.address], _FAILED),
    )


def _parts(
    card: Scorecard,
    shown: Sequence[Row],
    rates: Callable[[Score], Mapping[str, Rate]],
    title: str,
    name: Callable[[str], str],
) -> Breakdown | None:
    by_role = {row.role: row.score for row in shown}
    if not {"picked", "base"} <= by_role.keys():
        return None
    return breakdown(
        rates(by_role["picked"]),
        rates(by_role["base"]),
        title=title,
        name=name,
        samples=card.samples,
    )


def _spaced(kind: str) -> str:
    return kind.replace("_", " ")


def _about(card: Scorecard, shown: Sequence[Row]) -> str:
    counted = max((row.score.verified.n for row in shown), default=0)
    asked = max((row.score.asked - row.score.failed for row in shown), default=0)
    lost = sum(row.score.failed for row in shown)
    drawn = f"temperature {card.temperature:g}, seed {card.seed}" if card.temperature else "greedy"
    held = (
        f"{counted} of the {asked} replies are to turns with an error. " if counted < asked else ""
    )
    return (
        f"{held}Replies of at most {card.max_tokens} tokens, {drawn}. "
        f"{lost or 'No'} request{'' if lost == 1 else 's'} failed."
    )


def _first(address: str, shown: Iterable[Row]) -> Cell | None:
    return next((row.cells[0] for row in shown if row.address == address), None)
