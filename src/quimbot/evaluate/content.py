"""What the report says: every part worked out from the files of a run, for the template to show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from quimbot.evaluate import curves, gallery, repeat
from quimbot.evaluate.breakdown import Breakdown, breakdown
from quimbot.evaluate.charts import Chart
from quimbot.evaluate.flips import Flips, flips
from quimbot.evaluate.matchups import Matchups, matchups
from quimbot.evaluate.measured import Line, Measured, measured, overview
from quimbot.evaluate.rates import FEW
from quimbot.evaluate.table import Row, names
from quimbot.evaluate.verdict import Verdict, capital, rivals, verdict
from quimbot.evaluate.wording import error_name
from quimbot.exceptions import DataError
from quimbot.records.record import Move
from quimbot.runs.scorecard import Perplexities, Perplexity, Picked, read_scorecard
from quimbot.runs.stamp import Stamp

_PAIRS = 8


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
    verdict: Verdict
    picked: Picked
    lines: list[Line]
    tables: list[Measured]
    """The one that gives the verdict first."""
    surprises: Surprises | None
    heads: list[str]
    pairs: list[gallery.Pair]
    labels: set[str]
    charts: list[Chart]
    kinds: Breakdown | None
    """Of error, where the verdict comes from."""
    flips: list[Flips]
    """The picked tutor against the base model, and against the next choice."""
    matchups: Matchups | None
    """Any two models."""
    galleries: list[gallery.Gallery]
    recipe: str
    done: list[Stamp]
    facts: list[tuple[str, str]]
    few: int = FEW

    @property
    def tongues(self) -> list[tuple[str, Breakdown]]:
        """Recasts by first language, each with what it is of: the most turns of every suite."""
        widest = {
            table.suite: table for table in reversed(self.tables) if table.measure == Move.RECAST
        }
        return [
            (table.title, table.tongues) for table in reversed(widest.values()) if table.tongues
        ]

    @property
    def sections(self) -> list[tuple[str, str]]:
        """Id and name of each section that has something to show."""
        present = [
            ("scores", "Scores", True),
            ("replies", "Before and after", bool(self.pairs)),
            ("curves", "Curves", bool(self.charts)),
            ("errors", "Kinds of error", bool(self.kinds or self.tongues)),
            ("flips", "What changed", self.matchups is not None),
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
    """Everything that the page shows; what the choice went by, on the most turns, is the verdict.

    Raises:
        DataError: that was not scored, or not for the picked checkpoint and its base.
    """
    cards = sorted(((read_scorecard(path), path) for path in folders), key=lambda it: -it[0].turns)
    short = names([score.address for card, _ in cards for score in card.scores])
    tables = [
        part for card, path in cards for part in measured(card, path, perplexities, picked, short)
    ]
    chosen = _chosen(tables, picked, folders)
    final = chosen[0]
    tables.sort(key=lambda table: table is not final)
    ours, base = (_row(final, address) for address in (picked.address, picked.base))
    here = [row for _, table, row in rivals(chosen, picked) if table is final]
    shown = [base, ours, *here[:1]]
    own = [row for row in final.judged if row.address == picked.address]
    done = repeat.stamps(run)
    return Page(
        title=run.name or "a run",
        verdict=verdict(chosen, tables, ours, base, picked),
        picked=picked,
        lines=overview(tables),
        tables=tables,
        surprises=_surprises(perplexities, short) if perplexities else None,
        heads=["Base model", *(capital(row.name) for row in shown[1:])],
        pairs=gallery.pairs(final.judged, [row.address for row in shown])[:_PAIRS],
        labels={span.label for row in final.judged for span in row.verdict.evidence},
        charts=curves.all_charts(max((table.rows for table in chosen), key=len), metrics),
        kinds=breakdown(
            ours.score.by_type,
            base.score.by_type,
            title="By kind of error",
            name=error_name,
            samples=final.card.samples,
        ),
        flips=_flips(chosen, picked, short),
        matchups=matchups(chosen, picked, short),
        galleries=gallery.galleries(own),
        recipe=repeat.recipe(done, run),
        done=done,
        facts=[
            *((f"{card.suite}, {card.turns} turns", card.suite_sha256) for card, _ in cards),
            *([("picked adapter", picked.adapter)] if picked.adapter else []),
            *([("held-out data", perplexities.data_sha256)] if perplexities else []),
            *repeat.facts(done),
        ],
    )


def _chosen(tables: Sequence[Measured], picked: Picked, folders: Sequence[Path]) -> list[Measured]:
    """The tables of what the checkpoint was picked by."""
    chosen = [table for table in tables if table.measure == picked.measure]
    if not chosen:
        raise DataError(
            f"{', '.join(map(str, folders))}: nobody's {picked.measure} is among these scores, and "
            "the checkpoint was picked by it; add the scores that `select` read"
        )
    return chosen


def _row(table: Measured, address: str) -> Row:
    """A model's row of the table that gives the verdict.

    Raises:
        DataError: it has none.
    """
    by_address = {row.address: row for row in table.rows}
    if address not in by_address:
        raise DataError(
            f"{table.title}: {address} is not among these scores ({', '.join(by_address)}); "
            "score base and picked checkpoint on the same turns"
        )
    return by_address[address]


def _surprises(perplexities: Perplexities, short: Mapping[str, str]) -> Surprises:
    leak = "Whether their learner turns are also in training was not checked."
    if perplexities.leaked == 0:
        leak = "None had to be left out: no family of learner turns is also in training."
    elif perplexities.leaked is not None and perplexities.leaked_share is not None:
        leak = (
            f"{perplexities.leaked} more ({perplexities.leaked_share:.1%} of the data) are left "
            "out: their families of learner turns are also in training."
        )
    return Surprises(
        about=f"On {perplexities.records} held-out dialogues, assistant tokens only. {leak}",
        sources=sorted({source for row in perplexities.runtimes for source in row.sources}),
        rows=[(short.get(row.address, row.address), row) for row in perplexities.runtimes],
    )


def _flips(chosen: Sequence[Measured], picked: Picked, short: Mapping[str, str]) -> list[Flips]:
    """The picked one against the base and the runner-up, each on the most turns of both."""
    found = []
    for other in filter(None, dict.fromkeys((picked.base, picked.next))):
        pair = (picked.address, other)
        both = next(
            (part for part in chosen if {row.address for row in part.rows} >= set(pair)), None
        )
        if both:
            named = [(address, short[address]) for address in pair]
            found.append(flips(both.judged, *named))
    return [part for part in found if part]
