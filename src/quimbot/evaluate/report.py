"""One self-contained page about a run: the verdict, then the numbers, then replies to read."""

from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup
from msgspec import structs

from quimbot.evaluate import gallery
from quimbot.evaluate.content import Page, fill
from quimbot.evaluate.sheet import as_csv, as_json, records
from quimbot.evaluate.table import COLUMNS, scores_table
from quimbot.evaluate.templates import must_be_page, source, template
from quimbot.evaluate.wording import EVIDENCE, FAULTS
from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import replacing, write_json
from quimbot.records.record import Move
from quimbot.runs.scorecard import (
    JUDGED,
    PICKED,
    SCORES,
    Perplexities,
    read_judged,
    read_perplexities,
    read_picked,
    read_scorecard,
    score_folders,
)
from quimbot.runs.watch import Watch


@dataclass(frozen=True, kw_only=True)
class ReportSettings:
    """Settings of `quimbot report`."""

    scores: tuple[Path, ...]
    """Folders that `quimbot score` wrote, of one suite or several; the recasts on the most turns
    give the verdict."""
    picked: Path
    """File that `quimbot select` wrote."""
    output: Path
    """HTML file to write; the numbers go beside it as .json and .csv."""
    perplexity: tuple[Path, ...] = ()
    """Files that `quimbot perplexity` wrote on the same data."""
    metrics: tuple[Path, ...] = ()
    """`metrics.jsonl` files of the trainings to draw."""

    def __post_init__(self) -> None:
        """Check that there is something to report."""
        if not self.scores:
            raise RecipeError("scores is empty; name at least one folder written by `score`")
        must_be_page(self.output)

    def inputs(self) -> tuple[Path, ...]:
        """Everything that is shown."""
        return (*self.scores, self.picked, *self.perplexity, *self.metrics)

    def outputs(self) -> tuple[Path, ...]:
        """The page, and its numbers for programs."""
        return (self.output, self.output.with_suffix(".json"), self.output.with_suffix(".csv"))


def report(settings: ReportSettings, watch: Watch) -> str:  # noqa: ARG001 - it takes no time
    """Write the page, and its numbers beside it.

    Raises:
        DataError: the picked checkpoint or the base model is in none of the scores.
    """
    perplexities = _together(settings.perplexity)
    page = fill(
        [folder for named in settings.scores for folder in score_folders(named)],
        read_picked(settings.picked),
        perplexities,
        settings.metrics,
        run=settings.output.parent,
    )
    html, numbers, table = settings.outputs()
    write_json(numbers, as_json(page, perplexities))
    for path, text in ((table, as_csv(records(page, perplexities))), (html, render(page))):
        with replacing(path) as file:
            file.write(text.encode("utf-8", "replace"))
    return f"{page.verdict.sentence} {page.verdict.interval}"


def _together(paths: tuple[Path, ...]) -> Perplexities | None:
    """What was measured in several goes on the same dialogues.

    Raises:
        DataError: they were different dialogues, so their numbers do not compare.
    """
    parts = [read_perplexities(path) for path in paths]
    for path, part in zip(paths[1:], parts[1:], strict=True):
        if part.records_sha256 != parts[0].records_sha256:
            raise DataError(
                f"{path}: measured on other dialogues of {part.data} than {paths[0]} on "
                f"{parts[0].data}; measure all on the same data with the same `train`"
            )
    rows = {row.address: row for part in parts for row in part.runtimes}
    return structs.replace(parts[0], runtimes=tuple(rows.values())) if parts else None


def render(page: Page) -> str:
    """The page as HTML; everything that models and learners wrote is escaped."""
    chosen = page.matchups.style if page.matchups else ""
    return template("report.html").render(
        page=page,
        css=Markup(source("report.css") + chosen),  # noqa: S704 - our own file, and numbers
        columns=COLUMNS,
        evidence=EVIDENCE,
        faults=FAULTS,
        pieces=gallery.pieces,
        mended=gallery.mended,
    )


def before_after(run: Path, count: int = 6) -> list[tuple[str, str, str]]:
    """(learner turn, base model's reply, picked tutor's reply) from a run folder's widest scores.

    Empty where the run has no choice or no scores with both yet.
    """
    if not (run / PICKED).is_file():
        return []
    picked = read_picked(run / PICKED)
    both = (picked.base, picked.address)
    found = [
        gallery.pairs([row for row in read_judged(path.parent) if row.move is Move.RECAST], both)
        for path in sorted(run.rglob(JUDGED))
    ]
    return [
        (pair.learner, pair.replies[0].reply.strip(), pair.replies[1].reply.strip())
        for pair in max(found, key=len, default=[])[:count]
    ]


def final_table(run: Path) -> list[dict[str, str]]:
    """The recasts over the most turns in a run folder, a row a model, as text by column head."""
    found = [read_scorecard(path.parent) for path in sorted(run.rglob(SCORES))]
    cards = [card for card in found if card.measure == Move.RECAST]
    if not cards:
        return []
    measured = _together(tuple(sorted(run.glob("perplexity*.json"))))
    return scores_table(max(cards, key=lambda card: card.turns), measured)
