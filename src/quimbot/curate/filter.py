"""`filter`: records that pass the named checks stay, every other one is written with its reason."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import msgspec

from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import read_records
from quimbot.records.manifest import manifest_path, write_dataset
from quimbot.records.record import Record, Verdict
from quimbot.records.rejected import Rejected, RejectedFile, rejected_path, rejecting, told
from quimbot.runs.watch import Task, Watch
from quimbot.verify.catalog import verifier
from quimbot.verify.scaffolding import Scaffolding
from quimbot.verify.verifier import Verifier

_BATCH = 256


@dataclass(frozen=True, kw_only=True)
class FilterSettings:
    """What to check."""

    input: tuple[Path, ...]
    """Record files to read, in this order."""
    output: Path
    """Records that passed (.jsonl); the others go to `<output>.rejected.jsonl`."""
    checks: tuple[str, ...] = ("structure", "scaffolding")
    """Checks in order; a record meets the next only when it passed the one before."""

    def __post_init__(self) -> None:
        """Check the values."""
        if not self.input:
            raise RecipeError("input names no file; give at least one .jsonl of records")
        for name in self.checks:
            verifier(name)

    def inputs(self) -> tuple[Path, ...]:
        """The record files."""
        return self.input

    def outputs(self) -> tuple[Path, ...]:
        """Records that passed, their manifest, and the rejected rows."""
        return (self.output, manifest_path(self.output), rejected_path(self.output))


def filter_records(settings: FilterSettings, watch: Watch) -> str:
    """Check every record and part the passed from the rejected.

    Raises:
        DataError: an input is no record file, or no record passed.
    """
    checks = [verifier(name) for name in settings.checks]
    funnel = {"read": 0, **{check.name: 0 for check in checks}}
    with watch.task("filter", 0) as task, rejecting(settings.output) as rejected:
        passed = _passed(settings.input, checks, funnel, rejected, task)
        first = next(passed, None)
        if first is not None:
            write_dataset(
                settings.output,
                chain((first,), passed),
                parents=settings.input,
                settings=settings,
                facts={"funnel": funnel, "rejected": rejected.reasons},
            )
    if not funnel["read"]:
        names = ", ".join(map(str, settings.input))
        raise DataError(f"{names}: no records; run the step that writes them")
    if first is None:
        where = rejected_path(settings.output)
        raise DataError(f"{settings.output}: no record passed{told(rejected.reasons)}; see {where}")
    kept = funnel["read"] - rejected.reasons.total()
    return (
        f"{kept} of {funnel['read']} records passed {', '.join(settings.checks)}"
        f"{told(rejected.reasons)}"
    )


def _passed(
    files: Sequence[Path],
    checks: Sequence[Verifier],
    funnel: dict[str, int],
    rejected: RejectedFile,
    task: Task,
) -> Iterator[Record]:
    """The records that pass; counts how many got past each check."""
    rows = (record for file in files for record in read_records(file))
    while batch := list(islice(rows, _BATCH)):
        size = len(batch)
        funnel["read"] += size
        for check in checks:
            batch = list(_past(check, batch, rejected))
            funnel[check.name] += len(batch)
        task.advance(size)
        yield from batch


def _past(check: Verifier, batch: Sequence[Record], rejected: RejectedFile) -> Iterator[Record]:
    if isinstance(check, Scaffolding):
        batch = _with_lesson_verdicts(check, batch)
        verdicts: Sequence[Verdict] = [_worst(record) for record in batch]
    else:
        verdicts = check.check(batch)
    for record, verdict in zip(batch, verdicts, strict=True):
        if verdict.passed:
            yield record
        else:
            rejected.add(Rejected(reason=verdict.reason, check=check.name, record=record))


def _with_lesson_verdicts(check: Scaffolding, batch: Sequence[Record]) -> list[Record]:
    """The records with the proof of every lesson in it."""
    alone = [
        msgspec.structs.replace(record, lessons=(lesson,))
        for record in batch
        for lesson in record.lessons
    ]
    verdicts = iter(check.check(alone))
    return [
        msgspec.structs.replace(
            record,
            lessons=tuple(
                msgspec.structs.replace(lesson, verdict=next(verdicts)) for lesson in record.lessons
            ),
        )
        for record in batch
    ]


def _worst(record: Record) -> Verdict:
    """The verdict of the first lesson that failed, or a pass."""
    verdicts = [lesson.verdict for lesson in record.lessons if lesson.verdict is not None]
    return next((verdict for verdict in verdicts if not verdict.passed), Verdict(passed=True))
