"""`design`: what a candidate corpus for Stage 2 is like, what to take of it, and the recipe.

The files are read twice and never held: what rows repeat is told of all, what checks and rules say
of `sample` rows drawn by hash.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from quimbot.curate import portrait
from quimbot.curate.choice import Candidate, choose
from quimbot.curate.criteria import Finding, looked_into, proposed, repeated, told
from quimbot.curate.design_page import tables, write_page
from quimbot.curate.design_report import Design, Overlap
from quimbot.curate.leaks import Leak, Leaks
from quimbot.curate.protected import protected
from quimbot.curate.stage1_overlap import Reading, read
from quimbot.curate.stage2_recipe import Sources, learning_rate, write_recipe
from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import write_json
from quimbot.records.record import Record, Verdict
from quimbot.runs.scorecard import Rate
from quimbot.runs.watch import Watch, aligned
from quimbot.verify.catalog import verifier
from quimbot.verify.found import PASSED
from quimbot.verify.suite import SHIPPED

_FEWEST = 100
_BATCH = 2048
_RUN = 8
"""Words in a row that give a turn away, as `decontaminate` has it."""


@dataclass(frozen=True, kw_only=True)
class DesignSettings:
    """What to look at, and for which Stage 1."""

    corpus: tuple[Path, ...] = field(kw_only=False)
    """Record files of the candidate corpus, as `pull` writes them."""
    stage1: tuple[Path, ...]
    """What Stage 1 was trained on, the mix, and what was held out: record files."""
    output: Path
    """Folder for report.html, report.json and recipe.toml."""
    language: str = ""
    """ISO code of what the variant speaks; empty for the commonest language of the corpus."""
    sample: int = 20_000
    """Rows that checks and rules look at; of a longer corpus so many are drawn by hash."""
    model: str = "Qwen/Qwen3-8B"
    """Base model that the recipe trains."""
    start: str = "runs/qwen3-8b"
    """Stage-1 checkpoint, or run, that the recipe starts from."""

    def __post_init__(self) -> None:
        """Check the values."""
        for name in ("corpus", "stage1"):
            if not getattr(self, name):
                raise RecipeError(f"{name} names no file; give at least one .jsonl of records")
        if self.sample < _FEWEST:
            raise RecipeError(f"sample {self.sample} must be at least {_FEWEST}")
        if self.language:
            verifier(f"language:{self.language}")

    def inputs(self) -> tuple[Path, ...]:
        """The record files."""
        return (*self.corpus, *self.stage1)

    def outputs(self) -> tuple[Path, ...]:
        """The report as numbers and as a page, and the recipe."""
        return tuple(self.output / name for name in ("report.json", "report.html", "recipe.toml"))


def design(settings: DesignSettings, watch: Watch) -> str:
    """Look at the corpus, propose criteria and ratios, and write the report and the recipe.

    Raises:
        DataError: a file is no record file, the corpus is empty or of no known language, or none of
            its rows can be used.
    """
    reading = read(settings.corpus, settings.stage1, settings.sample, watch)
    found = _designed(settings, reading, watch)
    numbers, page, recipe = settings.outputs()
    write_recipe(
        recipe, found, Sources(settings.corpus, settings.stage1, settings.model, settings.start)
    )
    write_page(page, found)
    write_json(numbers, found)
    for table in tables(found):
        for line in aligned(table):
            watch.say(line)
        watch.say("")
    for warning in found.warnings:
        watch.say(f"warning: {warning}")
    sizes = ", ".join(f"{one.name} {one.size:,} rows" for one in found.variants)
    return f"{found.rows:,} rows looked into; proposed: {sizes}; see {page}\nnext: {found.next}"


def _designed(settings: DesignSettings, reading: Reading, watch: Watch) -> Design:
    rows = reading.looked_at
    records = [row.record for row in rows]
    spoken = portrait.languages(records)
    language = settings.language or _commonest(spoken, settings.corpus)
    shape = portrait.shape(records)
    common = looked_into(proposed(records, language, shape), rows, watch)
    lost = [not verdict.passed for verdict in common[-1].verdicts]
    leaks = _leaks(records, watch)
    choice = choose(
        Candidate(
            rows=rows, count=reading.rows, stage1_rows=reading.stage1_rows, language=language
        ),
        common,
        [repeated(rows), leaks],
        learning_rate(settings.model),
        watch,
    )
    recipe = settings.outputs()[2]
    return Design(
        corpus=tuple(map(str, settings.corpus)),
        stage1=tuple(map(str, settings.stage1)),
        rows=reading.rows,
        looked_at=len(rows),
        language=language,
        languages=dict(Counter(spoken).most_common()),
        shape=shape,
        register=portrait.register(records, spoken, lost) if language == "es" else None,
        overlap=_overlap(reading, leaks),
        criteria=told(choice.findings, rows)[0],
        held_out=choice.held_out,
        variants=choice.variants,
        warnings=choice.warnings,
        next=f"quimbot run {recipe} --until mix:{choice.variants[-1].name}",
    )


def _commonest(spoken: Sequence[str], corpus: Sequence[Path]) -> str:
    counts = Counter(language for language in spoken if language != portrait.UNSURE)
    if not counts:
        raise DataError(f"{corpus[0]}: no row tells its language; give --language, such as es")
    return min(counts, key=lambda language: (-counts[language], language))


def _leaks(records: Sequence[Record], watch: Watch) -> Finding:
    """What `decontaminate` takes out: what gives a turn of a shipped suite away."""
    leaks = Leaks(protected(SHIPPED, ()), run=_RUN)
    verdicts: list[Verdict] = []
    with watch.task("decontaminate", len(records)) as task:
        for begin in range(0, len(records), _BATCH):
            batch = records[begin : begin + _BATCH]
            verdicts += [_leaked(leak) if leak else PASSED for leak in leaks.find(batch)]
            task.advance(len(batch))
    why = "what a tutor is tested on must not be learnt"
    return Finding("decontaminate", why, "measured", verdicts)


def _leaked(leak: Leak) -> Verdict:
    return Verdict(passed=False, reason=leak.reason, detail=f"{leak.turn.at}: {leak.words}")


def _overlap(reading: Reading, leaks: Finding) -> Overlap:
    fallen = [verdict for verdict in leaks.verdicts if not verdict.passed]
    return Overlap(
        stage1_rows=reading.stage1_rows,
        exact=reading.repeats["in-stage1"],
        near=reading.repeats["near-stage1"],
        copies=reading.repeats["copy"],
        near_copies=reading.repeats["near-copy"],
        families=reading.families,
        leaks=Rate.of(len(fallen), len(leaks.verdicts)),
        leaks_from=dict(Counter(one.detail.partition(":")[0] for one in fallen).most_common()),
    )
