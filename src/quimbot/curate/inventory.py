"""`inventory`: what a folder of chat files holds, what is wrong with it, and what has changed.

Any chat file will do, records or another tool's shape; a bad line is listed and passed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from quimbot.curate.changes import Changes, Inventory, changes, read_before
from quimbot.curate.counts import FolderCounts, count_folder
from quimbot.curate.inventory_page import write_page
from quimbot.exceptions import RecipeError
from quimbot.records.jsonl import write_json
from quimbot.runs.watch import Watch, aligned

_FILES = 30
"""Files of the table on the screen; the page has all."""
_NAMED = 5
"""Faults, or names of changed files, that are told in one place; all are written."""
_PARTS = 10
_LONG = 90


@dataclass(frozen=True, kw_only=True)
class InventorySettings:
    """Where to look."""

    folder: Path = field(kw_only=False)
    """Folder whose chat files are counted, those below it too: .jsonl, .json and .csv, also packed,
    .parquet and .arrow; rejected rows and manifests are left out."""
    output: Path | None = None
    """JSON file for all counts, with a page to read beside it (.html); what has changed since the
    inventory that was there is told. Without it the counts are only shown."""
    near: bool = True
    """Count chats that nearly repeat another, too: most of the time that a large folder takes."""

    def __post_init__(self) -> None:
        """Check the values."""
        if self.output and self.output.suffix != ".json":
            raise RecipeError(
                f"output {self.output} must end in .json; the page goes beside it as .html"
            )

    def inputs(self) -> tuple[Path, ...]:
        """The folder."""
        return (self.folder,)

    def outputs(self) -> tuple[Path, ...]:
        """The counts and the page, if they are asked for."""
        return (self.output, self.output.with_suffix(".html")) if self.output else ()


def inventory(settings: InventorySettings, watch: Watch) -> str:
    """Count the files, say what they hold, and write counts and page if asked.

    Raises:
        DataError: there is no such folder, or no chat file in it.
    """
    before = read_before(settings.output) if settings.output else None
    counts = count_folder(settings.folder, watch, near=settings.near, leave_out=settings.outputs())
    found = Inventory(counts=counts, changes=changes(before, counts) if before else None)
    for line in told(found):
        watch.say(line)
    if settings.output:
        write_page(settings.output.with_suffix(".html"), found)
        write_json(settings.output, found)
    return (
        f"{counts.rows:,} chats in {len(counts.files)} files, {counts.distinct:,} of them "
        f"distinct; {counts.bad:,} bad lines"
    )


def told(found: Inventory) -> Iterator[str]:
    """The counts as lines for a screen."""
    counts = found.counts
    yield from aligned(table(counts))
    if len(counts.files) > _FILES:
        yield f"and {len(counts.files) - _FILES} more files"
    yield from _named("left out, no chats:", counts.left_out)
    yield from _faults(counts)
    if counts.rows:
        yield from _repeats(counts)
        for name in ("languages", "sources", "licences", "moves", "error_types"):
            yield from _shares(name.replace("_", " "), getattr(counts, name))
    if found.changes:
        yield from _changes(found.changes)


def table(counts: FolderCounts) -> list[tuple[str, ...]]:
    """The files as rows of text, the header first; of very many the largest."""
    head = ("file", "chats", "bad", "repeats", "elsewhere", "first turns", "learner", "reply")
    largest = sorted(counts.files, key=lambda file: (-file.rows, file.file))[:_FILES]
    rows = [
        (
            file.file,
            f"{file.rows:,}",
            f"{file.bad:,}",
            f"{file.rows - file.distinct:,}",
            f"{file.repeats_elsewhere:,}",
            f"{file.first_turns:,}",
            f"{file.learner_words.median} words",
            f"{file.reply_words.median} words",
        )
        for file in counts.files
        if file in largest
    ]
    return [head, *rows]


def _faults(counts: FolderCounts) -> Iterator[str]:
    faults = [(file, fault) for file in counts.files for fault in file.faults[:_NAMED]]
    for file, fault in faults[:_FILES]:
        more = f" (and {fault.count - 1:,} more lines)" if fault.count > 1 else ""
        yield f"{Path(counts.folder, file.file)}:{fault.lines[0]}: {fault.text}{more}"
    if len(faults) > _FILES:
        yield f"and {len(faults) - _FILES} more faults"


def _repeats(counts: FolderCounts) -> Iterator[str]:
    again = counts.rows - counts.distinct
    line = f"repeats: {again:,} of {counts.rows:,} chats ({again / counts.rows:.1%})"
    if counts.unlike is not None:
        near = counts.distinct - counts.unlike
        line += f"; {near:,} more say nearly the same as another, {counts.unlike:,} are left"
    yield line
    turns = counts.commonest_turns
    together = sum(turn.count for turn in turns)
    yield (
        f"first learner turns: {counts.first_turns:,} differ; the {len(turns)} commonest begin "
        f"{together / counts.rows:.1%} of the chats"
    )
    for turn in turns:
        text = " ".join(turn.text.split())
        yield f"  {turn.count:>7,}  {text if len(text) <= _LONG else text[: _LONG - 1] + '…'}"


def _shares(name: str, counts: Mapping[str, int]) -> Iterator[str]:
    """The commonest of a kind in one line."""
    parts = [f"{key or 'unnamed'} {count:,}" for key, count in counts.items()]
    if parts:
        more = f" and {len(parts) - _PARTS} more" if len(parts) > _PARTS else ""
        yield f"{name}: {', '.join(parts[:_PARTS])}{more}"


def _changes(found: Changes) -> Iterator[str]:
    if found.nothing:
        yield f"since {found.since}: nothing has changed"
        return
    yield (
        f"since {found.since}: {found.rows:+,} chats, {found.distinct:+,} distinct, "
        f"{found.bad:+,} bad lines"
    )
    yield from _named("added", found.added)
    yield from _named("removed", found.removed)
    for change in found.changed[:_NAMED]:
        faults = f"; new: {change.new_faults[0]}" if change.new_faults else ""
        yield (
            f"  changed {change.file}: {change.rows_before:,} to {change.rows:,} chats, "
            f"{change.bad_before:,} to {change.bad:,} bad lines{faults}"
        )
    if len(found.changed) > _NAMED:
        yield f"  and {len(found.changed) - _NAMED} more changed"


def _named(what: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        yield f"  {what} {', '.join(names[:_NAMED])}{more}"
