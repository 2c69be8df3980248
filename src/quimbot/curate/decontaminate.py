"""`decontaminate`: what is trained on must not give away what a tutor is tested on.

A record falls that says a learner turn of a suite, or of held-out records, again: most of its words
in order, or a run of them (`curate/leaks.py`).
"""

import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from quimbot.curate.leaks import Leak, Leaks
from quimbot.curate.protected import protected
from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import read_lines
from quimbot.records.manifest import manifest_path, write_lines
from quimbot.records.record import Record
from quimbot.records.rejected import Rejected, RejectedFile, rejected_path, rejecting, told
from quimbot.runs.watch import Watch
from quimbot.verify.suite import SHIPPED

_BATCH = 2048
_SHORTEST_RUN = 3
_SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class DecontaminateSettings:
    """What to protect, and from what."""

    input: tuple[Path, ...]
    """Record files to train on, in this order."""
    output: Path
    """Records that give nothing away (.jsonl); the others go to `<output>.rejected.jsonl`."""
    suites: tuple[str, ...] = SHIPPED
    """Suites to protect: shipped ones by name, or .jsonl files; all that ship unless told."""
    held_out: tuple[Path, ...] = ()
    """Record files to protect: the learner turns that they teach on."""
    words: int = 8
    """Words in a row that a record and a protected turn may not have in common."""

    def __post_init__(self) -> None:
        """Check the values."""
        if not self.input:
            raise RecipeError("input names no file; give at least one .jsonl of records")
        if not (self.suites or self.held_out):
            raise RecipeError("there is nothing to protect; name suites or held_out files")
        if self.words < _SHORTEST_RUN:
            raise RecipeError(
                f"words {self.words} must be {_SHORTEST_RUN} or more; fewer are everyday talk"
            )

    def inputs(self) -> tuple[Path, ...]:
        """The record files and the suites that are files."""
        suites = (Path(name) for name in self.suites if Path(name).is_file())
        return (*self.input, *self.held_out, *suites)

    def outputs(self) -> tuple[Path, ...]:
        """Records that stay, their manifest, and the rejected rows."""
        return (self.output, manifest_path(self.output), rejected_path(self.output))


def decontaminate(settings: DecontaminateSettings, watch: Watch) -> str:
    """Part the records that give nothing away from those that do, row by row.

    Raises:
        DataError: an input is no record file, a suite no suite, or there are no records.
        RecipeError: a suite is neither shipped nor a file.
    """
    turns = protected(settings.suites, settings.held_out)
    leaks, given_away = Leaks(turns, run=settings.words), Counter[str]()
    with rejecting(settings.output) as rejected:
        manifest = write_lines(
            settings.output,
            _clean(settings, leaks, rejected, given_away, watch),
            parents=settings.inputs(),
            settings=settings,
            facts={"protected": len(turns), "rejected": rejected.reasons, "from": given_away},
        )
    read = manifest.rows + rejected.reasons.total()
    named = ", ".join(f"{name} {count}" for name, count in given_away.most_common())
    return (
        f"{manifest.rows} of {read} records stay{told(rejected.reasons)}"
        f"{f' ({named})' if named else ''}; {len(turns)} turns protected"
    )


def _clean(
    settings: DecontaminateSettings,
    leaks: Leaks,
    rejected: RejectedFile,
    given_away: Counter[str],
    watch: Watch,
) -> Iterator[tuple[bytes, Record]]:
    """The lines that stay; the other rows are written as rejected on the way."""
    rows = chain.from_iterable(read_lines(path) for path in settings.input)
    size = sum(path.stat().st_size for path in settings.input if path.exists())
    with watch.task("decontaminate, MB", size >> 20) as task:
        done = 0
        while batch := list(islice(rows, _BATCH)):
            found = leaks.find([record for _, record in batch])
            for (line, record), leak in zip(batch, found, strict=True):
                if leak is None:
                    yield line, record
                else:
                    given_away[leak.turn.at.rpartition(":")[0] or leak.turn.at] += 1
                    rejected.add(_rejected(leak, record))
            before, done = done, done + sum(len(line) + 1 for line, _ in batch)
            task.advance((done >> 20) - (before >> 20))
    if not done:
        raise DataError(f"{settings.input[0]}: holds no records; run the step that writes it")


def _rejected(leak: Leak, record: Record) -> Rejected:
    return Rejected(
        reason=leak.reason,
        check="decontaminate",
        detail=textwrap.shorten(leak.words, _SHOWN, placeholder=" ..."),
        match=leak.turn.id,
        match_at=leak.turn.at,
        similarity=round(leak.share, 4),
        record=record,
    )
