"""`filter`: records that pass the named checks stay, every other one is written with its reason.

Rows stream through in batches: lines are read, met by each check in turn, and those that pass are
written as the bytes they were read as. A record that a check adds to (the proof of its lessons) is
written anew. What the checks say of a row depends on that row alone: others may judge it, too.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import msgspec

from quimbot.curate.corrections import UNKNOWN, Corrections
from quimbot.curate.executors import ShardSettings, outcomes
from quimbot.curate.funnel import Funnel, sources_table, steps_table
from quimbot.curate.funnel_picture import funnel_path, write_picture
from quimbot.curate.shards import Job, Line
from quimbot.exceptions import DataError, RecipeError
from quimbot.records.manifest import manifest_path, write_lines
from quimbot.records.record import Move, Record, Strict, Verdict
from quimbot.records.rejected import Rejected, RejectedFile, rejected_path, rejecting, told
from quimbot.runs.watch import Watch, aligned
from quimbot.verify.catalog import verifier
from quimbot.verify.scaffolding import Scaffolding
from quimbot.verify.verifier import Verifier

_BATCH = 256
_CHANGED = b""  # in place of the line of a record that is written anew
_PASSED = Verdict(passed=True)


@dataclass(frozen=True, kw_only=True)
class _Checked:
    """What to check; a base, so that --help names it first."""

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


@dataclass(frozen=True, kw_only=True)
class FilterSettings(ShardSettings, _Checked):
    """What to check, and where."""

    def __post_init__(self) -> None:
        """Check the values."""
        super().__post_init__()
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


class Judged(Strict, frozen=True, kw_only=True, omit_defaults=True):
    """What the checks say of one row."""

    failed: int | None = None
    """Place of the check that it failed, if it failed one."""
    reason: str = ""
    detail: str = ""
    found: tuple[tuple[int, str], ...] = ()
    """What checks count besides, each with the place of the check."""
    record: Record | None = None
    """The record with what the checks add, where they add something."""


_KEPT = Judged()


def filter_records(settings: FilterSettings, watch: Watch) -> str:
    """Check every record and part the passed from the rejected.

    Raises:
        DataError: an input is no record file, or no record passed.
    """
    first_of_all = (Corrections.name,) if settings.corrections else ()
    funnel = Funnel.of((*first_of_all, *settings.checks))
    names = (*first_of_all, *(verifier(spelling).name for spelling in settings.checks))
    job = Job(settings=settings, files=settings.input, judge=judge, outcome=Judged)
    with outcomes(job, settings, "filter", watch) as rows, rejecting(settings.output) as rejected:
        facts: dict[str, object] = {}
        passed = _passed(rows, names, funnel, rejected)
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
        files = ", ".join(map(str, settings.input))
        raise DataError(f"{files}: no records; run the step that writes them")
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


def judge(settings: FilterSettings, lines: Iterable[Line]) -> Iterator[Judged]:
    """What the checks say of each line, in order."""
    taught = [Corrections.read(settings.corrections)] if settings.corrections else []
    checks: list[Verifier | Corrections] = [*taught, *map(verifier, settings.checks)]
    rows = iter(lines)
    while batch := [record for _, record in islice(rows, _BATCH)]:
        yield from _of_batch(checks, batch)


def _of_batch(
    checks: Sequence[Verifier | Corrections], batch: Sequence[Record]
) -> Iterator[Judged]:
    """A record meets the next check only when it passed the one before."""
    judged = [_KEPT] * len(batch)
    records = list(batch)
    left: Sequence[int] = range(len(batch))
    for place, check in enumerate(checks):
        given = records if len(left) == len(records) else [records[row] for row in left]
        met, verdicts, found = _by(check, given)
        if met is given and all(verdict.passed for verdict in verdicts):
            continue  # by far the most batches, of all checks that only look
        for row, record, verdict, besides in zip(left, met, verdicts, found, strict=True):
            records[row] = record
            if not verdict.passed or record is not batch[row] or besides:
                judged[row] = Judged(
                    failed=None if verdict.passed else place,
                    reason=verdict.reason,
                    detail=verdict.detail,
                    found=judged[row].found + tuple((place, what) for what in besides),
                    record=None if record is batch[row] else record,
                )
        left = [row for row in left if judged[row].failed is None]
    yield from judged


def _passed(
    rows: Iterable[tuple[Line, Judged]],
    names: Sequence[str],
    funnel: Funnel,
    rejected: RejectedFile,
) -> Iterator[Line]:
    """The rows that pass; counts into the funnel what each check takes out, and found besides."""
    for (line, read), judged in rows:
        record = judged.record or read
        funnel.enter(record)
        for place, what in judged.found:
            funnel.checks[place].found[what] += 1
        if judged.failed is None:
            yield (line if judged.record is None else _CHANGED), record
        else:
            funnel.checks[judged.failed].add(record, judged.reason)
            check = names[judged.failed]
            rejected.add(
                Rejected(reason=judged.reason, check=check, detail=judged.detail, record=record)
            )


def _then_told(rows: Iterable[Line], funnel: Funnel, facts: dict[str, object]) -> Iterator[Line]:
    """The rows; after the last, `facts` holds what the manifest tells."""
    yield from rows
    facts |= {"funnel": funnel.facts(), "rejected": funnel.reasons}


Met = tuple[Sequence[Record], Sequence[Verdict], Sequence[Sequence[str]]]
"""Records with what a check adds to them, its verdicts, and what is counted besides."""


def _by(check: Verifier | Corrections, records: Sequence[Record]) -> Met:
    """What one check makes of records, in order."""
    if isinstance(check, Corrections):
        return _taught(check, records)
    if isinstance(check, Scaffolding):
        records = _with_lesson_verdicts(check, records)
        return records, [_worst(record) for record in records], [_reached(r) for r in records]
    return records, check.check(records), [()] * len(records)


def _taught(corrections: Corrections, records: Sequence[Record]) -> Met:
    """The records with their lessons; one that cannot be proved fails."""
    taught = [corrections.teach(record) for record in records]
    verdicts = [
        Verdict(passed=False, reason=UNKNOWN) if known == UNKNOWN else _PASSED
        for _, known in taught
    ]
    return [record for record, _ in taught], verdicts, [(known,) for _, known in taught]


def _reached(record: Record) -> list[str]:
    """How far the replies of a record go."""
    return [reach(each.verdict) for each in record.lessons if each.move is Move.RECAST]


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


def _with_lesson_verdicts(check: Scaffolding, batch: Sequence[Record]) -> list[Record]:
    """The records with the proof of every lesson in them; one that has it stays as it is."""
    alone = [
        msgspec.structs.replace(record, lessons=(lesson,))
        for record in batch
        for lesson in record.lessons
    ]
    verdicts = iter(check.check(alone))
    return [_proved(record, verdicts) if record.lessons else record for record in batch]


def _proved(record: Record, verdicts: Iterator[Verdict]) -> Record:
    lessons = tuple(
        msgspec.structs.replace(lesson, verdict=next(verdicts)) for lesson in record.lessons
    )
    if lessons == record.lessons:
        return record
    return msgspec.structs.replace(record, lessons=lessons)


def _worst(record: Record) -> Verdict:
    """The verdict of the first lesson that failed, or a pass."""
    verdicts = [lesson.verdict for lesson in record.lessons if lesson.verdict is not None]
    return next((verdict for verdict in verdicts if not verdict.passed), _PASSED)
