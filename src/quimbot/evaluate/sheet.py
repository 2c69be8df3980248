"""The report's numbers for programs: one tidy table, and everything in one JSON value."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from quimbot.evaluate.content import Page
from quimbot.evaluate.flips import Flips
from quimbot.evaluate.gallery import Pair
from quimbot.evaluate.matchups import Matchups
from quimbot.evaluate.measured import Measured
from quimbot.runs.scorecard import Perplexities, Rate

FIELDS = (
    *("model", "address", "role", "step", "suite", "turns", "measure", "counted"),
    *("n", "passed", "rate", "low", "high", "standing"),
    *("failed", "median_words", "perplexity", "byte_perplexity"),
)
"""The columns of the table: a row for each model, suite, measure and what is counted of it."""


def records(page: Page, perplexities: Perplexities | None) -> list[dict[str, Any]]:
    """The table as rows by column; what is not known is None."""
    surprise = {row.address: row.overall for row in (perplexities.runtimes if perplexities else ())}
    made = []
    for table in page.tables:
        for row in table.rows:
            known = surprise.get(row.address)
            for column, cell in zip(table.columns, row.cells, strict=True):
                values = (
                    *(row.name, row.address, row.role, row.score.step),
                    *(table.suite, table.card.turns, table.measure, column.head),
                    *(cell.rate.n, cell.rate.passed, *_shares(cell.rate), cell.standing),
                    *(row.score.failed, row.score.median_words),
                    *((known.perplexity, known.byte_perplexity) if known else (None, None)),
                )
                made.append(dict(zip(FIELDS, values, strict=True)))
    return made


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """The table as CSV; what is not known is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def as_json(page: Page, perplexities: Perplexities | None) -> dict[str, Any]:
    """Everything that the page tells, for `write_json`."""
    return {
        "title": page.title,
        "verdict": page.verdict.sentence,
        "interval": page.verdict.interval,
        "cautions": page.verdict.cautions,
        "rivals": page.verdict.rivals,
        "picked": page.picked,
        "scores": records(page, perplexities),
        "against_base": [line for table in page.tables for line in _against(table)],
        "kinds_of_error": page.kinds.parts if page.kinds else [],
        "breakdowns": [
            {**_where(table), "title": part.title, "parts": part.parts}
            for table in page.tables
            for part in (table.kinds, table.tongues)
            if part
        ],
        "flips": [_flips(part) for part in page.flips],
        "pairs": list(_pairs(page.matchups)) if page.matchups else [],
        "charts": [
            {"title": chart.title, "heads": chart.heads, "rows": chart.rows}
            for chart in page.charts
        ],
        "perplexity": perplexities,
        "scorings": [
            {key: getattr(table.card, key) for key in _ASKED} | {"measure": table.measure}
            for table in page.tables
        ],
        "steps": page.done,
        "facts": dict(page.facts),
    }


_ASKED = (
    *("suite", "suite_sha256", "turns", "of", "max_tokens", "temperature", "seed", "samples"),
    "quimbot",
)


def _shares(rate: Rate) -> tuple[float | None, float, float]:
    return (rate.value if rate.n else None, rate.low, rate.high)


def _where(table: Measured) -> dict[str, Any]:
    return {"suite": table.suite, "turns": table.card.turns, "measure": table.measure}


def _against(table: Measured) -> Iterator[dict[str, Any]]:
    for line in table.against:
        yield {
            "model": line.name,
            "address": line.address,
            **_where(table),
            "difference": line.result.difference,
            **{key: getattr(line.result, key) for key in ("low", "high", "n", "wins", "losses")},
            "p_holm": line.p,
            "detectable": line.result.detectable,
        }


def _flips(part: Flips) -> dict[str, Any]:
    return {
        "ours": part.ours,
        "theirs": part.theirs,
        "both": part.both,
        "neither": part.neither,
        "lost": [_flip(pair) for pair in part.lost],
        "gained": [_flip(pair) for pair in part.gained],
    }


def _pairs(found: Matchups) -> Iterator[dict[str, Any]]:
    for pair in found.pairs:
        if pair.flips:
            yield {
                "ours": pair.flips.ours,
                "theirs": pair.flips.theirs,
                "both": pair.flips.both,
                "neither": pair.flips.neither,
                "lost": len(pair.flips.lost),
                "gained": len(pair.flips.gained),
            }


def _flip(pair: Pair) -> dict[str, Any]:
    theirs, ours = pair.replies
    return {
        "item": ours.item,
        "sample": ours.sample,
        "learner": pair.learner,
        "theirs": theirs.reply,
        "ours": ours.reply,
        "reason": (ours if theirs.verified else theirs).verdict.reason,
    }
