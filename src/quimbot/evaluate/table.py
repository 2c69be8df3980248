"""Scores as a table for people: one row a model, the best marked, and whoever ties with it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePath
from typing import Literal

from quimbot.evaluate.compare import in_common, paired
from quimbot.evaluate.rates import FEW, turns_of
from quimbot.records.record import Move
from quimbot.runs.scorecard import Judged, Perplexities, Rate, Score, Scorecard

Standing = Literal["best", "tied", ""]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One rate of the table, and which way is better."""

    head: str
    rate: Callable[[Score], Rate]
    held: Callable[[Judged], bool]
    better: Literal["high", "low"] | None
    explained: str
    everywhere: bool = False
    """Over all replies, not only those that can pass or fail."""


COLUMNS = (
    Column(
        head="verified",
        rate=lambda score: score.verified,
        held=lambda row: row.verified,
        better="high",
        explained="every check holds",
    ),
    Column(
        head="recast",
        rate=lambda score: score.recast,
        held=lambda row: row.recast,
        better="high",
        explained="every error said right, in its context",
    ),
    Column(
        head="any recast",
        rate=lambda score: score.recast_any,
        held=lambda row: row.recast_any,
        better="high",
        explained="at least one error said right",
    ),
    Column(
        head="form only",
        rate=lambda score: score.form_only,
        held=lambda row: row.form_only,
        better=None,
        explained="a corrected word appears, but nothing is recast",
    ),
    Column(
        head="repeats",
        rate=lambda score: score.repeats,
        held=lambda row: row.shows("error"),
        better="low",
        explained="the learner's error is said back",
    ),
    Column(
        head="red pen",
        rate=lambda score: score.red_pen,
        held=lambda row: row.shows("red_pen"),
        better="low",
        explained="corrects openly: you should say, mistake, ...",
        everywhere=True,
    ),
    Column(
        head="question",
        rate=lambda score: score.question,
        held=lambda row: row.shows("question"),
        better="high",
        explained="asks the learner something",
        everywhere=True,
    ),
)


def columns(measure: str) -> tuple[Column, ...]:
    """The columns that tell something about a measure; the first is what it is judged by."""
    match measure:
        case Move.RECAST | Move.EXPANSION:
            shown = [column.head for column in COLUMNS]
        case Move.ELICITATION | Move.HINT:
            shown = ["verified", "repeats", "red pen", "question"]
        case "answer":
            shown = ["verified"]
        case _:
            shown = ["verified", "red pen", "question"]
    return tuple(column for column in COLUMNS if column.head in shown)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One rate of one model."""

    rate: Rate
    standing: Standing
    turns: int

    @property
    def few(self) -> bool:
        """Whether there are too few turns to read much into."""
        return self.turns < FEW


@dataclass(frozen=True, kw_only=True)
class Row:
    """One model."""

    name: str
    address: str
    role: str
    """`base`, `picked` or nothing."""
    score: Score
    cells: tuple[Cell, ...]
    perplexity: float | None


def rows(
    card: Scorecard,
    measure: str,
    judged: Sequence[Judged],
    perplexities: Perplexities | None,
    *,
    base: str,
    picked: str,
    short: Mapping[str, str],
) -> list[Row]:
    """The rows for one measure of a card, as they were scored; `short` names the addresses."""
    scores = [score for score in card.scores if score.measure == measure]
    shown = columns(measure)
    standings = [_standings(column, scores, judged) for column in shown]
    surprise = {
        row.address: row.overall.perplexity
        for row in (perplexities.runtimes if perplexities else ())
    }
    return [
        Row(
            name=short[score.address],
            address=score.address,
            role="base" if score.address == base else "picked" if score.address == picked else "",
            score=score,
            cells=tuple(
                Cell(
                    rate=(rate := column.rate(score)),
                    standing=standing[score.address],
                    turns=turns_of(rate, card.samples),
                )
                for column, standing in zip(shown, standings, strict=True)
            ),
            perplexity=surprise.get(score.address),
        )
        for score in scores
    ]


def scores_table(card: Scorecard, perplexities: Perplexities | None = None) -> list[dict[str, str]]:
    """The scores as rows of text by column head, for a terminal."""
    surprise = {
        row.address: row.overall.perplexity
        for row in (perplexities.runtimes if perplexities else ())
    }
    short = names([score.address for score in card.scores])
    table = []
    for score in card.scores:
        row = {"model": short[score.address], "move": score.measure}
        row |= {column.head: _share(column.rate(score)) for column in COLUMNS}
        low, high = score.verified.low, score.verified.high
        row["verified"] += f" ({100 * low:.0f}-{100 * high:.0f})"
        row["words"] = f"{score.median_words:g}"
        row["perplexity"] = f"{surprise[score.address]:.2f}" if score.address in surprise else ""
        row["n"] = str(score.asked - score.failed)
        row["failed"] = str(score.failed)
        table.append(row)
    return table


def names(addresses: Sequence[str]) -> dict[str, str]:
    """Short names that still tell the addresses apart: leading folders that all share go."""
    parts = {address: _parts(address) for address in dict.fromkeys(addresses)}
    foldered = [own for own in parts.values() if len(own) > 1]
    shared = 0
    if len(foldered) > 1:
        shared = min(_shared(one, other) for one, other in pairwise(sorted(foldered)))
    elif foldered:
        shared = len(foldered[0]) - 1
    short = {address: " ".join(own[min(shared, len(own) - 1) :]) for address, own in parts.items()}
    taken = Counter(short.values())
    return {address: name if taken[name] == 1 else address for address, name in short.items()}


def _parts(address: str) -> tuple[str, ...]:
    if "://" in address or not PurePath(address).name:
        return (address,)
    kept = [part for part in PurePath(address).parts if part != "checkpoints"]
    head, _, number = kept[-1].rpartition("-")
    if head == "step" and number.isdigit():
        kept[-1] = f"step {int(number)}"
    elif len(kept) == 2:  # noqa: PLR2004 - an owner and a model, on a hub
        return (kept[-1],)
    return tuple(kept)


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many leading folders two addresses share, their last parts left out."""
    count = 0
    for left, right in zip(one[:-1], other[:-1], strict=False):
        if left != right:
            break
        count += 1
    return count


def _standings(
    column: Column, scores: Sequence[Score], judged: Sequence[Judged]
) -> dict[str, Standing]:
    """Best where its rate is; tied where the paired interval of the difference holds zero.

    Nothing is marked where nobody can be told apart.
    """
    standings: dict[str, Standing] = {score.address: "" for score in scores}
    if column.better is None or len(scores) < 2:  # noqa: PLR2004 - nobody to compare with
        return standings
    sign = 1 if column.better == "high" else -1
    top = max(scores, key=lambda score: sign * column.rate(score).value)
    rows = {
        score.address: [
            row
            for row in judged
            if row.address == score.address
            and row.measure == score.measure
            and (row.counts or column.everywhere)
        ]
        for score in scores
    }
    for score in scores:
        against = paired(in_common(rows[top.address], rows[score.address], column.held))
        if against:
            standings[score.address] = "" if against.shown else "tied"
    best = column.rate(top).value
    for score in scores:
        if column.rate(score).value == best:
            standings[score.address] = "best"
    told_apart = not all(standings.values())
    return standings if told_apart else dict.fromkeys(standings, "")


def _share(rate: Rate) -> str:
    return f"{rate.value:.0%}" if rate.n else "-"
