"""`filter`: records that pass the named checks stay, every other one is written with its reason.

Rows stream through in batches: lines are read, met by each check in turn, and those that pass are
written as the bytes they were read as. A check that adds to a record (the proof of its lessons)
gives it without its line, and it is written anew.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import msgspec

from quimbot.curate.corrections import UNKNOWN, Corrections
from quimbot.curate.funnel import Check, Funnel, sources_table, steps_table
from quimbot.curate.funnel_picture import funnel_path, write_picture
from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import read_lines
from quimbot.records.manifest import manifest_path, write_lines
from quimbot.records.record import Move, Record, Verdict
from quimbot.records.rejected import Rejected, RejectedFile, rejected_path, rejecting, told
from quimbot.runs.watch import Task, Watch, aligned
from quimbot.verify.catalog import verifier
from quimbot.verify.scaffolding import Scaffolding
from quimbot.verify.verifier import Verifier

_BATCH = 256
_CHANGED = b""

Line = tuple[bytes, Record]
"""A row as it was read, and its record; the bytes are empty where a check changed the record."""


@dataclass(frozen=True, kw_only=True)
class FilterSettings:
    """What to check."""

    input: tuple[Path, ...]
    """Record files to read, in this order."""
    output: Path
    """Records that passed (.jsonl); the others go to `<output>.rejected.jsonl`, and a picture of
    the funnel to `<output>.funnel.svg`."""
    checks: tuple[str, ...] = ("structure", "scaffolding")
    """Checks in order, as `name` or `name:arguments`; a record meets the next only when it passed
    the one before. docs/filters.md describes each."""
    corrections: Path | None = None
    """JSONL file of learner turns, each with its `correction` or `corrections`: records without
    lessons get one for each reply to a turn with an error, for `scaffolding` to prove."""

    def __post_init__(self) -> None:
        """Check the values."""
        if not self.input:
            raise RecipeError("input names no file; give at least one .jsonl of records")
        for spelling in self.checks:
            verifier(spelling)

    def inputs(self) -> tuple[Path, ...]:
        """The record files, and the corrections."""
        return (*self.input, *([self.corrections] if self.corrections else []))

    def outputs(self) -> tuple[Path, ...]:
        """Records that passed, their manifest, the rejected rows, and the picture of the funnel."""
        beside = (manifest_path, rejected_path, funnel_path)
        return (self.output, *(path(self.output) for path in beside))


def filter_records(settings: FilterSettings, watch: Watch) -> str:
    """Check every record and part the passed from the rejected.

    Raises:
        DataError: an input is no record file, or no record passed.
    """
    checks: list[Verifier | Corrections] = [verifier(spelling) for spelling in settings.checks]
    spelled = list(settings.checks)
    if settings.corrections:
        checks.insert(0, Corrections.read(settings.corrections))
        spelled.insert(0, Corrections.name)
    funnel = Funnel.of(spelled)
    with watch.task("filter", 0) as task, rejecting(settings.output) as rejected:
        lines = (line for file in settings.input for line in read_lines(file))
        facts: dict[str, object] = {}
        passed = _passed(lines, checks, funnel, rejected, task)
        passed = _then_told(passed, funnel, facts)
        first = next(passed, None)
        if first is not None:
            write_lines(
                settings.output,
                chain((first,), passed),
                parents=settings.inputs(),
                settings=settings,
                facts=facts,
            )
    if not funnel.read:
        names = ", ".join(map(str, settings.input))
        raise DataError(f"{names}: no records; run the step that writes them")
    write_picture(funnel_path(settings.output), funnel, settings.output.name)
    for line in (*aligned(steps_table(funnel)), "", *aligned(sources_table(funnel))):
        watch.say(line)
    for check in funnel.checks:
        if check.found:
            counted = (f"{count:,} {what}" for what, count in check.found.most_common())
            watch.say(f"{check.name} found {', '.join(counted)}")
    if first is None:
        where = rejected_path(settings.output)
        raise DataError(f"{settings.output}: no record passed{told(funnel.reasons)}; see {where}")
    return (
        f"{funnel.kept.total()} of {funnel.read.total()} records passed "
        f"{', '.join(settings.checks)}{told(funnel.reasons)}"
    )


def _passed(
    lines: Iterable[Line],
    checks: Sequence[Verifier | Corrections],
    funnel: Funnel,
    rejected: RejectedFile,
    task: Task,
) -> Iterator[Line]:
    """The rows that pass; counts into the funnel what each check takes out."""
    rows = iter(lines)
    while batch := list(islice(rows, _BATCH)):
        size = len(batch)
        funnel.enter([record for _, record in batch])
        for check, count in zip(checks, funnel.checks, strict=True):
            batch = list(_past(check, batch, count, rejected))
        task.advance(size)
        yield from batch


def _then_told(rows: Iterable[Line], funnel: Funnel, facts: dict[str, object]) -> Iterator[Line]:
    """The rows; after the last, `facts` holds what the manifest tells."""
    yield from rows
    facts |= {"funnel": funnel.facts(), "rejected": funnel.reasons}


def _past(
    check: Verifier | Corrections, batch: Sequence[Line], count: Check, rejected: RejectedFile
) -> Iterator[Line]:
    """The rows of a batch that pass one check."""
    verdicts: Sequence[Verdict]
    if isinstance(check, Corrections):
        batch, verdicts = _taught(check, batch, count)
    elif isinstance(check, Scaffolding):
        batch = _with_lesson_verdicts(check, batch)
        verdicts = [_worst(record) for _, record in batch]
        lessons = (lesson for _, record in batch for lesson in record.lessons)
        count.found.update(
            reach(lesson.verdict) for lesson in lessons if lesson.move is Move.RECAST
        )
    else:
        verdicts = check.check([record for _, record in batch])
    for row, verdict in zip(batch, verdicts, strict=True):
        if verdict.passed:
            yield row
        else:
            count.add(row[1], verdict.reason)
            fallen = Rejected(
                reason=verdict.reason, check=check.name, detail=verdict.detail, record=row[1]
            )
            rejected.add(fallen)


def _taught(
    corrections: Corrections, batch: Sequence[Line], count: Check
) -> tuple[list[Line], list[Verdict]]:
    """The rows with their lessons; one that cannot be proved fails."""
    rows, verdicts = [], []
    for line, record in batch:
        taught, known = corrections.teach(record)
        count.found[known] += 1
        rows.append((line if taught is record else _CHANGED, taught))
        unknown = known == UNKNOWN
        verdicts.append(Verdict(passed=not unknown, reason=UNKNOWN if unknown else ""))
    return rows, verdicts


def reach(verdict: Verdict | None) -> str:
    """How far a reply goes that should recast: every error, a part of them, the form only, none."""
    if verdict is None or not verdict.level:
        return "no-error"
    if verdict.level == "recast":
        return "recast"
    if verdict.score:
        return "recast-in-part"
    labels = {evidence.label for evidence in verdict.evidence}
    return "form" if "form" in labels else "none"


def _with_lesson_verdicts(check: Scaffolding, batch: Sequence[Line]) -> list[Line]:
    """The rows with the proof of every lesson in them; a row without lessons stays as it is."""
    alone = [
        msgspec.structs.replace(record, lessons=(lesson,))
        for _, record in batch
        for lesson in record.lessons
    ]
    verdicts = iter(check.check(alone))
    return [_proved(row, verdicts) if row[1].lessons else row for row in batch]


def _proved(row: Line, verdicts: Iterator[Verdict]) -> Line:
    line, record = row
    lessons = tuple(
        msgspec.structs.replace(lesson, verdict=next(verdicts)) for lesson in record.lessons
    )
    if lessons == record.lessons:
        return line, record
    return _CHANGED, msgspec.structs.replace(record, lessons=lessons)


def _worst(record: Record) -> Verdict:
    """The verdict of the first lesson that failed, or a pass."""
    verdicts = [lesson.verdict for lesson in record.lessons if lesson.verdict is not None]
    return next((verdict for verdict in verdicts if not verdict.passed), Verdict(passed=True))
