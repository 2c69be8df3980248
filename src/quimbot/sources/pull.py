"""`pull`: a corpus from a file, a folder or the hub becomes records, each with its origin."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Literal

import msgspec

import quimbot.sources
from quimbot.exceptions import DataError, RecipeError
from quimbot.records.manifest import manifest_path, write_dataset
from quimbot.records.record import Provenance, Record
from quimbot.records.rejected import Rejected, rejected_path, rejecting
from quimbot.records.shapes import SHAPES, Shape, detect_shape, read_chat
from quimbot.runs.watch import Watch
from quimbot.sources.files import FileSource
from quimbot.sources.hub import CORPORA, HubSource
from quimbot.sources.source import RawRow, Source

_FOLDER = Path(quimbot.sources.__path__[0]) / "shipped"
SHIPPED = {"general": _FOLDER / "general_chat.jsonl", "care": _FOLDER / "care.jsonl"}
"""Corpora that come with the package: everyday chat, so that a tutor still knows how to; and what
nobody should recast and ask about (crisis, danger, private data, insults, cheating)."""


@dataclass(frozen=True, kw_only=True)
class PullSettings:
    """What to read, and as what."""

    source: str = field(kw_only=False)
    """A file, folder, general or care (shipped), lmsys, magpie, prosocial, or a hub owner/name."""
    output: Path
    """Records to write (.jsonl)."""
    format: Literal["auto"] | Shape = "auto"
    """Shape of the rows; `auto` tells each file's by its columns."""
    limit: int = 0
    """Stop after this many records; 0 reads all."""
    licence: str = ""
    """Licence of the corpus, where it does not say itself."""
    name: str = ""
    """Name of the source in every record; its file or corpus name when empty."""
    split: str = "train"
    """Split of a hub corpus."""
    bad_rows: Literal["stop", "reject"] = "stop"
    """What a row that is no chat does: stop the pull, or go to `<output>.rejected.jsonl`."""

    def __post_init__(self) -> None:
        """Check the values."""
        if not self.source:
            raise RecipeError(f"source is empty; name a file, a folder, or one of {_known()}")
        if self.format != "auto" and self.format not in SHAPES:
            raise RecipeError(
                f"format {self.format!r} is unknown; allowed: auto, {', '.join(SHAPES)}"
            )
        if self.limit < 0:
            raise RecipeError(f"limit {self.limit} is negative; give 0 to read all")

    def inputs(self) -> tuple[Path, ...]:
        """The local file or folder, if the source is one."""
        path = SHIPPED.get(self.source, Path(self.source))
        return (path,) if path.exists() else ()

    def outputs(self) -> tuple[Path, ...]:
        """Records, their manifest, and the rows that were none."""
        return (self.output, manifest_path(self.output), rejected_path(self.output))


def pull(settings: PullSettings, watch: Watch) -> str:
    """Read the source and write its records.

    Raises:
        DataError: the source is unknown or cannot be read, a row is no chat, or there are none.
    """
    source = _source(settings)
    tally: Counter[str] = Counter()
    with (
        watch.task(f"pull {source.name}", settings.limit) as task,
        rejecting(settings.output) as rejected,
    ):

        def kept() -> Iterator[Record]:
            for outcome in _records(source, settings, tally):
                if isinstance(outcome, Rejected):
                    rejected.add(outcome)
                else:
                    task.advance()
                    yield outcome
            if not tally["rows"]:
                raise DataError(f"{settings.source}: holds no chat")

        manifest = write_dataset(
            settings.output,
            islice(kept(), settings.limit or None),
            parents=source.files() if isinstance(source, FileSource) else (),
            settings=settings,
            facts=tally,
        )
    shapes = ", ".join(shape for shape in SHAPES if tally[shape])
    summary = f"{manifest.rows} records from {source.name} ({shapes} shape)"
    if rejected.reasons:
        summary += f"; {tally['rejected']} rows rejected, see {rejected_path(settings.output)}"
    if "unknown" in manifest.licences:
        summary += "; licence unknown, give --licence"
    return summary


def _known() -> str:
    return ", ".join((*SHIPPED, *CORPORA))


def _source(settings: PullSettings) -> Source:
    """The corpus that the settings name: shipped, local, or on the hub."""
    path = SHIPPED.get(settings.source, Path(settings.source))
    if path.exists():
        return FileSource(path, licence=settings.licence)
    named = settings.source in CORPORA
    if named or (settings.source.count("/") == 1 and not path.suffix and not path.is_absolute()):
        return HubSource(settings.source, split=settings.split, licence=settings.licence)
    raise DataError(
        f"{settings.source}: no such file or folder; or name one of {_known()}, "
        "or a hub dataset as owner/name"
    )


def _records(
    source: Source, settings: PullSettings, tally: Counter[str]
) -> Iterator[Record | Rejected]:
    """Every row as a record; one that is no chat stops the pull or comes as rejected.

    Counts into the tally: `rows`, and the shape of each record.
    """
    for raw in source.rows():
        tally["rows"] += 1
        try:
            shape = detect_shape(raw.row) if settings.format == "auto" else settings.format
            record = _record(raw, shape, source, settings)
        except DataError as fault:
            if settings.bad_rows == "stop":
                raise DataError(f"{raw.origin}: {fault}") from None
            yield Rejected(
                reason="not-a-chat",
                check="pull",
                detail=f"{raw.origin}: {fault}",
                record=raw.row,
            )
        else:
            tally[shape] += 1
            yield record


def _record(raw: RawRow, shape: Shape, source: Source, settings: PullSettings) -> Record:
    """The row as a record; one that is a record already keeps its own history.

    Raises:
        DataError: the row is not what its shape says.
    """
    if shape == "record":
        try:
            return msgspec.convert(raw.row, Record)
        except msgspec.MsgspecError as fault:
            raise DataError(str(fault)) from None
    chat = read_chat(raw.row, shape)
    return Record(
        messages=chat.messages,
        provenance=Provenance(
            source=settings.name or source.name,
            licence=source.licence or "unknown",
            origin=raw.origin,
            author=chat.author,
        ),
        tags=chat.tags,
    )
