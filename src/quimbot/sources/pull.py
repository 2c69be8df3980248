"""`pull`: a corpus from a file, a folder or the hub becomes records, each with its origin."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import msgspec

import quimbot.sources
from quimbot.exceptions import DataError, RecipeError
from quimbot.records.files import FileSource
from quimbot.records.jsonl import once_there
from quimbot.records.manifest import Manifest, manifest_path, write_dataset
from quimbot.records.record import Record
from quimbot.records.rejected import rejected_path, rejecting, told
from quimbot.records.shapes import SHAPES, Shape
from quimbot.runs.watch import Watch
from quimbot.sources.dialogues import joined
from quimbot.sources.hub import CORPORA, HubSource
from quimbot.sources.outcome import Outcome, converter
from quimbot.sources.partial import Partial
from quimbot.sources.source import Source

_FOLDER = Path(quimbot.sources.__path__[0]) / "shipped"
SHIPPED = {"general": _FOLDER / "general_chat.jsonl", "care": _FOLDER / "care.jsonl"}
"""Corpora that come with the package: everyday chat, so that a tutor still knows how to; and what
nobody should recast and ask about (crisis, danger, private data, insults, cheating)."""


@dataclass(frozen=True, kw_only=True)
class PullSettings:
    """What to read, and as what."""

    source: str = field(kw_only=False)
    """File or folder; general, care (shipped); lmsys, magpie, prosocial, latam-ultrachat,
    latam-smoltalk or any owner/name (hub)."""
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
    revision: str = ""
    """Commit, branch or tag of a hub corpus, the newest when empty; the manifest tells which."""
    join: bool = False
    """Join rows that continue a dialogue, as Prosocial's do, into one chat."""
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
        OutputError: part of another pull is in the way, or a file cannot be written.
    """
    source = _source(settings)
    tally = _Tally()
    with (
        watch.task(f"pull {source.name}", settings.limit) as task,
        rejecting(settings.output) as rejected,
    ):
        part = _part(source, settings, tally)
        outcomes = _outcomes(source, settings, part)

        def kept() -> Iterator[Record]:
            for outcome in joined(outcomes) if settings.join else outcomes:
                tally.add(outcome)
                if outcome.rejected is not None:
                    rejected.add(outcome.rejected)
                elif outcome.record is not None:
                    task.advance()
                    yield outcome.record
            tally.check(settings.source)

        manifest = write_dataset(
            settings.output,
            islice(kept(), settings.limit or None),
            parents=source.files() if isinstance(source, FileSource) else (),
            settings=settings,
            facts=tally.facts,
        )
    if part:
        once_there(part.discard)
    return _summary(settings, source.name, manifest, tally)


def _known() -> str:
    return ", ".join((*SHIPPED, *CORPORA))


def _source(settings: PullSettings) -> Source:
    """The corpus that the settings name: shipped, local, or on the hub."""
    path = SHIPPED.get(settings.source, Path(settings.source))
    if path.exists():
        return FileSource(path, licence=settings.licence)
    named = settings.source in CORPORA
    if named or (settings.source.count("/") == 1 and not path.suffix and not path.is_absolute()):
        return HubSource(
            settings.source,
            split=settings.split,
            revision=settings.revision,
            licence=settings.licence,
        )
    raise DataError(
        f"{settings.source}: no such file or folder; or name one of {_known()}, "
        "or a hub dataset as owner/name"
    )


def _part(source: Source, settings: PullSettings, tally: "_Tally") -> Partial | None:
    """The file where a pull from the hub keeps what has come; the revision is told."""
    if not isinstance(source, HubSource):
        return None
    plain = (settings.source, settings.split, settings.revision)
    made = (settings.format, settings.licence, settings.name)
    pull_id = hashlib.blake2b(msgspec.json.encode(plain + made), digest_size=6).hexdigest()
    part = Partial(settings.output, pull_id, source)
    tally.facts["revision"] = source.revision
    return part


def _outcomes(source: Source, settings: PullSettings, part: Partial | None) -> Iterator[Outcome]:
    """Every row, done."""
    convert = converter(
        form=settings.format,
        source=settings.name or source.name,
        licence=source.licence or "unknown",
        reject=settings.bad_rows == "reject",
    )
    return part.fetched(convert) if part else map(convert, source.rows())


def _summary(settings: PullSettings, name: str, manifest: Manifest, tally: "_Tally") -> str:
    shapes = ", ".join(shape for shape in SHAPES if tally.shapes[shape])
    summary = f"{manifest.rows} records from {name} ({shapes} shape)"
    if tally.facts["joined"]:
        summary += f", joined from {manifest.rows + tally.facts['joined']} rows"
    if tally.rejected:
        where = rejected_path(settings.output)
        summary += f"; rejected {told(tally.rejected).removeprefix(', ')}, see {where}"
    if "unknown" in manifest.licences:
        summary += "; licence unknown, give --licence"
    return summary


class _Tally:
    """What became of the rows; `facts` goes into the manifest and grows until then.

    rows = records + rows joined to an earlier one + rejected.
    """

    def __init__(self) -> None:
        self.shapes: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.facts: dict[str, Any] = {"rows": 0, "joined": 0}
        self.facts |= {"shapes": self.shapes, "rejected": self.rejected}
        self._first = ""

    def add(self, outcome: Outcome) -> None:
        """Count one outcome."""
        self.facts["rows"] += outcome.rows
        if outcome.rejected is not None:
            self.rejected[outcome.rejected.reason] += 1
            self._first = self._first or outcome.rejected.detail
        else:
            self.facts["joined"] += outcome.rows - 1
            self.shapes[outcome.shape] += 1

    def check(self, source: str) -> None:
        """There was a chat.

        Raises:
            DataError: there was none; the first fault is told.
        """
        rows = self.facts["rows"]
        if not rows:
            raise DataError(f"{source}: holds no chat")
        if not self.shapes:
            raise DataError(f"{source}: none of {rows} rows is a chat; {self._first}")
