"""What an operator reads first: how good the choice is, what speaks against it, who came close."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quimbot.evaluate.compare import Comparison, in_common, paired
from quimbot.evaluate.measured import Measured, against
from quimbot.evaluate.reasons import in_words, points
from quimbot.evaluate.table import Column, Row
from quimbot.records.record import Move
from quimbot.runs.scorecard import Judged, Picked, Rate
from quimbot.verify.suite import SCAFFOLDING

_FIGURES = {
    "verified": ("verified", "passes"),
    "red pen": ("red-pen language", "uses red-pen language"),
    "question": ("asks a question", "asks a question"),
    "repeats": ("says the error back", "says the error back"),
}
"""Head of a column -> what it is called alone, and in a sentence."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A rate of the chosen tutor beside the base model's."""

    head: str
    name: str
    ours: Rate
    base: Rate
    result: Comparison | None
    worse: bool
    """Whether the interval of the difference shows it to be worse than the base model's."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The top of the page."""

    sentence: str
    interval: str
    """How the sentence's two rates differ, with the interval."""
    cautions: list[str]
    """What speaks against shipping it."""
    rivals: list[str]
    """The next choice, and whoever else has the highest rate."""
    figures: list[Figure]


def verdict(
    chosen: Sequence[Measured],
    tables: Sequence[Measured],
    ours: Row,
    base: Row,
    picked: Picked,
) -> Verdict:
    """What the first of the chosen tables says of the picked tutor, and what all say against it."""
    final = chosen[0]
    figures = _figures(final, ours, base)
    return Verdict(
        sentence=_sentence(final, ours, base),
        interval=_interval(final, ours, base, picked.of),
        cautions=[
            *_unfit(picked),
            *(text for table in tables if table is not final and (text := _fallen(table, picked))),
            *(_worse(figure) for figure in figures if figure.worse and figure.head != "verified"),
        ],
        rivals=[
            _beside(table, row, ours, picked.aside, as_next=address == picked.next)
            for address, table, row in rivals(chosen, picked)
        ],
        figures=figures,
    )


def rivals(chosen: Sequence[Measured], picked: Picked) -> list[tuple[str, Measured, Row]]:
    """The next choice, on the most turns of both, and the best of the others on the first table."""
    found = []
    for table in chosen:
        by_address = {row.address: row for row in table.rows}
        if picked.next in by_address and picked.address in by_address:
            found.append((picked.next, table, by_address[picked.next]))
            break
    aside = {picked.address, picked.base, picked.next}
    others = [row for row in chosen[0].rows if row.address not in aside]
    if others:
        top = max(others, key=lambda row: row.score.verified.value)
        found.append((top.address, chosen[0], top))
    return found


def capital(name: str) -> str:
    """The name at the start of a sentence."""
    return name[:1].upper() + name[1:]


def _sentence(final: Measured, ours: Row, base: Row) -> str:
    rate, samples = ours.score.verified, final.card.samples
    n = len({row.item for row in final.judged if row.address == ours.address and row.counts})
    turns = "real learner turns" if final.suite == SCAFFOLDING else f"turns of {final.suite}"
    asked = f", each asked {samples} times," if samples > 1 else ""
    return (
        f"{capital(ours.name)} answers {rate.value:.0%} of {n} {turns}{asked} "
        f"{_well(final)}, the base model {base.score.verified.value:.0%}."
    )


def _well(table: Measured) -> str:
    """How a reply that passes answers."""
    if table.measure == Move.RECAST:
        return "with a verified recast"
    return f"with {table.measure} verified"


def _interval(final: Measured, ours: Row, base: Row, of: int) -> str:
    result = against(final.judged, ours.address, base.address, of=of)
    if result is None:
        return "No turn was answered by both."
    return f"{capital(in_words(result, 'the base model'))}."


def _unfit(picked: Picked) -> list[str]:
    reasons = picked.aside.get(picked.address)
    if not reasons:
        return []
    broken = ", ".join(reasons)
    return [f"No checkpoint keeps to the limits of the rule, this one neither: {broken}."]


def _fallen(table: Measured, picked: Picked) -> str:
    """Where the picked tutor is shown to pass less often than the base; nothing elsewhere."""
    told = any(reason.startswith(f"{table.suite} fell") for reason in _reasons(picked))
    line = next((line for line in table.against if line.address == picked.address), None)
    if told or line is None or line.result.high >= 0:
        return ""
    rates = {row.address: row.score.verified for row in table.rows}
    return (
        f"{table.name} fell: {rates[picked.address].value:.0%} of its replies pass, and "
        f"{rates[picked.base].value:.0%} of the base model's ({points(line.result)}, "
        f"n = {line.result.n})."
    )


def _reasons(picked: Picked) -> Sequence[str]:
    return picked.aside.get(picked.address, ())


def _worse(figure: Figure) -> str:
    assert figure.result is not None
    return (
        f"It {_FIGURES[figure.head][1]} in {figure.ours.value:.0%} of replies, the base model in "
        f"{figure.base.value:.0%} ({points(figure.result)}, n = {figure.result.n})."
    )


def _beside(
    table: Measured,
    row: Row,
    ours: Row,
    aside: Mapping[str, Sequence[str]],
    *,
    as_next: bool,
) -> str:
    """Another model beside the picked one, and why it was set aside, if it was."""
    result = against(table.judged, row.address, ours.address)
    words = f", {in_words(result, ours.name)}" if result else ""
    reasons = aside.get(row.address)
    name = f"{capital(row.name)}, the next choice" if as_next else capital(row.name)
    told = f" It was set aside: {', '.join(reasons)}." if reasons else ""
    return f"{name}: {row.score.verified.value:.0%} {_well(table)}{words}.{told}"


def _figures(final: Measured, ours: Row, base: Row) -> list[Figure]:
    """The columns that tell at a glance how a reply reads."""
    made = []
    for column, one, other in zip(final.columns, ours.cells, base.cells, strict=True):
        if column.head not in _FIGURES or not one.rate.n:
            continue
        result = paired(
            in_common(
                _counted(final.judged, ours.address, column),
                _counted(final.judged, base.address, column),
                column.held,
            )
        )
        down = result and (result.low > 0 if column.better == "low" else result.high < 0)
        made.append(
            Figure(
                head=column.head,
                name=_called(column, final.measure),
                ours=one.rate,
                base=other.rate,
                result=result,
                worse=bool(down),
            )
        )
    return made


def _called(column: Column, measure: str) -> str:
    if column.head != "verified":
        return _FIGURES[column.head][0]
    return f"verified {'recasts' if measure == Move.RECAST else measure}"


def _counted(judged: Sequence[Judged], address: str, column: Column) -> list[Judged]:
    return [row for row in judged if row.address == address and (row.counts or column.everywhere)]
