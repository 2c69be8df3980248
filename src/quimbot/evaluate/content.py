"""What the report says: every part worked out from the files of a run, for the template to show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from quimbot.evaluate import curves, gallery, repeat
from quimbot.evaluate.charts import Chart
from quimbot.evaluate.compare import Comparison, answers, holm, in_common, paired
from quimbot.evaluate.select import in_words
from quimbot.evaluate.table import Row, names, rows
from quimbot.evaluate.wording import error_name
from quimbot.exceptions import DataError
from quimbot.runs.scorecard import (
    Judged,
    Perplexities,
    Perplexity,
    Picked,
    Rate,
    Scorecard,
    read_judged,
    read_scorecard,
)
from quimbot.runs.stamp import Stamp

FEW = 10
"""Turns under which a rate is shown in grey."""
_PAIRS = 8


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A rate of the chosen tutor beside the base model's."""

    name: str
    ours: Rate
    base: Rate


@dataclass(frozen=True, kw_only=True)
class Against:
    """One model against the base model; `p` is adjusted by Holm."""

    name: str
    result: Comparison
    p: float


@dataclass(frozen=True, kw_only=True)
class Scores:
    """One score folder as shown."""

    title: str
    about: str
    rows: list[Row]
    against: list[Against]
    judged: list[Judged]

    @property
    def failed(self) -> int:
        """Requests that got no reply."""
        return sum(row.score.failed for row in self.rows)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How often turns with one kind of error are answered by a verified recast."""

    name: str
    code: str
    n: int
    ours: float
    base: float


@dataclass(frozen=True, kw_only=True)
class Surprises:
    """Held-out perplexity of every model, whole and by source."""

    about: str
    sources: list[str]
    rows: list[tuple[str, Perplexity]]


@dataclass(frozen=True, kw_only=True)
class Page:
    """Everything that the template shows, in its order."""

    title: str
    verdict: str
    interval: str
    """How the verdict's two rates differ, with the interval."""
    more: list[str]
    figures: list[Figure]
    heads: list[str]
    pairs: list[gallery.Pair]
    labels: set[str]
    tables: list[Scores]
    surprises: Surprises | None
    charts: list[Chart]
    types: list[Kind]
    galleries: list[gallery.Gallery]
    rule: str
    recipe: str
    done: list[Stamp]
    facts: list[tuple[str, str]]
    few: int = FEW

    @property
    def sections(self) -> list[tuple[str, str]]:
        """Id and name of each section that has something to show."""
        present = [
            ("replies", "Before and after", bool(self.pairs)),
            ("scores", "Scores", True),
            ("curves", "Curves", bool(self.charts)),
            ("errors", "Kinds of error", bool(self.types)),
            *((part.id, part.title, bool(part.shown)) for part in self.galleries),
            ("repeat", "Repeat it", True),
        ]
        return [(id_, name) for id_, name, shown in present if shown]


def fill(
    folders: Sequence[Path],
    picked: Picked,
    perplexities: Perplexities | None,
    metrics: Sequence[Path],
    *,
    run: Path,
) -> Page:
    """Everything that the page shows.

    Raises:
        DataError: the picked checkpoint or its base is not in the scores with the most turns.
    """
    cards = sorted(((read_scorecard(path), path) for path in folders), key=lambda it: -it[0].turns)
    short = names([score.address for card, _ in cards for score in card.scores])
    tables = [_scores(card, path, perplexities, picked, short) for card, path in cards]
    final, path = tables[0], cards[0][1]
    by_address = {row.address: row for row in final.rows}
    for address in (picked.base, picked.address):
        if address not in by_address:
            raise DataError(
                f"{path}: {address} is not among these scores ({', '.join(by_address)}); "
                "score base and picked checkpoint on the same turns"
            )
    ours, base = by_address[picked.address], by_address[picked.base]
    others = [row for row in final.rows if row not in (ours, base)]
    shown = [base, ours, *others[:1]]
    recasts = [row for row in final.judged if row.measure == cards[0][0].measure]
    own = [row for row in recasts if row.address == picked.address]
    done = repeat.stamps(run)
    return Page(
        title=run.name or "a run",
        verdict=_verdict(ours, base),
        interval=_interval(final, ours, base),
        more=[
            *(_beside(final, row, ours) for row in others),
            f"Why it was picked: {picked.sentence}",
        ],
        figures=_figures(ours, base),
        heads=["Base model", *(row.name.capitalize() for row in shown[1:])],
        pairs=gallery.pairs(recasts, [row.address for row in shown])[:_PAIRS],
        labels={span.label for row in recasts for span in row.verdict.evidence},
        tables=tables,
        surprises=_surprises(perplexities, short) if perplexities else None,
        charts=curves.all_charts(max((table.rows for table in tables), key=len), metrics),
        types=_kinds(ours, base),
        galleries=gallery.galleries(own),
        rule=f"The rule of choice: {picked.rule}.",
        recipe=repeat.recipe(done, run),
        done=done,
        facts=[
            *((f"{card.suite}, {card.turns} turns", card.suite_sha256) for card, _ in cards),
            *([("picked adapter", picked.adapter)] if picked.adapter else []),
            *([("held-out data", perplexities.data_sha256)] if perplexities else []),
            *repeat.facts(done),
        ],
    )


def _scores(
    card: Scorecard,
    path: Path,
    perplexities: Perplexities | None,
    picked: Picked,
    short: Mapping[str, str],
) -> Scores:
    judged = list(read_judged(path))
    shown = rows(card, judged, perplexities, base=picked.base, picked=picked.address, short=short)
    against = [
        (row.name, result)
        for row in shown
        if row.role != "base" and (result := _paired(judged, row, picked.base))
    ]
    adjusted = holm([result.p for _, result in against])
    return Scores(
        title=f"On {'all' if card.turns == card.of else f'{card.turns} of the'} {card.of} turns of "
        f"{Path(card.suite).stem}",
        about=_about(card, shown),
        rows=shown,
        against=[
            Against(name=name, result=result, p=p)
            for (name, result), p in zip(against, adjusted, strict=True)
        ],
        judged=judged,
    )


def _about(card: Scorecard, shown: Sequence[Row]) -> str:
    erroneous = max((row.score.verified.n for row in shown), default=0)
    failed = sum(row.score.failed for row in shown)
    drawn = f"temperature {card.temperature:g}, seed {card.seed}" if card.temperature else "greedy"
    return (
        f"{erroneous} of the {card.turns} turns hold an error to recast. Replies of at most "
        f"{card.max_tokens} tokens, {drawn}. "
        f"{failed or 'No'} request{'' if failed == 1 else 's'} failed."
    )


def _verdict(ours: Row, base: Row) -> str:
    rate = ours.score.verified
    return (
        f"{_capital(ours.name)} answers {rate.value:.0%} of {rate.n} real learner turns with a "
        f"verified recast, the base model {base.score.verified.value:.0%}."
    )


def _interval(final: Scores, ours: Row, base: Row) -> str:
    against = _paired(final.judged, ours, base.address)
    if against is None:
        return "No turn was answered by both."
    return f"{_capital(in_words(against, 'the base model'))}."


def _beside(final: Scores, row: Row, ours: Row) -> str:
    against = _paired(final.judged, row, ours.address)
    words = f", {in_words(against, ours.name)}" if against else ""
    return f"{_capital(row.name)}: verified recasts in {row.score.verified.value:.0%}{words}."


def _paired(judged: Sequence[Judged], row: Row, other: str) -> Comparison | None:
    measure = row.score.measure
    return paired(in_common(answers(judged, row.address, measure), answers(judged, other, measure)))


def _figures(ours: Row, base: Row) -> list[Figure]:
    one, other = ours.score, base.score
    return [
        Figure(name="verified recasts", ours=one.verified, base=other.verified),
        Figure(name="red-pen language", ours=one.red_pen, base=other.red_pen),
        Figure(name="asks a question", ours=one.question, base=other.question),
        Figure(name="says the error back", ours=one.repeats, base=other.repeats),
    ]


def _surprises(measured: Perplexities, short: Mapping[str, str]) -> Surprises:
    leak = (
        "Whether they are also in training was not checked."
        if measured.leaked is None
        else f"{measured.leaked} of them hold a learner turn that is also in training."
    )
    return Surprises(
        about=f"On {measured.records} held-out dialogues, assistant tokens only. {leak}",
        sources=sorted({source for row in measured.runtimes for source in row.sources}),
        rows=[(short.get(row.address, row.address), row) for row in measured.runtimes],
    )


def _kinds(ours: Row, base: Row) -> list[Kind]:
    theirs = base.score.by_type
    kinds = [
        Kind(
            name=error_name(code),
            code=code,
            n=rate.n,
            ours=rate.value,
            base=theirs[code].value if code in theirs else 0.0,
        )
        for code, rate in ours.score.by_type.items()
    ]
    return sorted(kinds, key=lambda kind: (-kind.n, kind.code))


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]
