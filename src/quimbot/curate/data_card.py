"""`card`: the page that a data set is published with, told from its manifests and its rows."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from quimbot.curate.card_text import Part, card
from quimbot.curate.languages import LanguageSample
from quimbot.curate.lineage import lineage
from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import read_records, replacing
from quimbot.records.manifest import read_manifest
from quimbot.records.record import Record
from quimbot.records.texts import dialogue_text
from quimbot.runs.watch import Watch

_SAMPLED = 2000


@dataclass(frozen=True, kw_only=True)
class CardSettings:
    """What to describe."""

    data: Path = field(kw_only=False)
    """Records with the manifest that the command which wrote them left beside them."""
    valid: Path | None = None
    """Held-out records that are published with them."""
    output: Path | None = None
    """Markdown file to write; README.md beside the data when left out."""
    name: str = ""
    """Title of the data set; the name of its file when empty."""

    def __post_init__(self) -> None:
        """Check the values."""
        if self.data.suffix != ".jsonl":
            raise RecipeError(f"data is {self.data}; name a .jsonl file of records")
        if self.valid == self.data:
            raise RecipeError(f"valid is {self.valid}, which is data too; name the other side")

    def inputs(self) -> tuple[Path, ...]:
        """The data."""
        return (self.data, *([self.valid] if self.valid else []))

    def outputs(self) -> tuple[Path, ...]:
        """The card."""
        return (self.output or self.data.with_name("README.md"),)


def data_card(settings: CardSettings, watch: Watch) -> str:
    """Read the data once, walk the manifests back, and write the card.

    Raises:
        DataError: the data have no manifest, or another file's; or no row.
    """
    (output,) = settings.outputs()
    splits = {"train": settings.data, "validation": settings.valid}
    parts = [_part(split, path, watch) for split, path in splits.items() if path]
    text = card(settings.name or settings.data.stem, parts, output.parent)
    with replacing(output) as file:
        file.write(text.encode())
    told = sum(ancestor.known == "as-written" for ancestor in parts[0].lineage)
    return f"{output}: {parts[0].manifest.rows:,} chats, {told} of their files told by a manifest"


def _part(split: str, path: Path, watch: Watch) -> Part:
    """One file as the card needs it."""
    own = read_manifest(path)
    ancestors = lineage([path])
    if not own.rows:
        raise DataError(f"{path}: holds no records; there is nothing to publish")
    sample = LanguageSample(_SAMPLED)
    origins: Counter[tuple[str, str]] = Counter()
    lessons: Counter[str] = Counter()
    first: Record | None = None
    with watch.task(f"card {path.name}", own.rows) as task:
        for record in read_records(path):
            first = first or record
            origins[record.provenance.source, record.provenance.licence] += 1
            sample.add(dialogue_text(record))
            lessons.update(_proof(record))
            task.advance()
    assert first is not None
    return Part(
        split=split,
        path=path,
        lineage=ancestors,
        manifest=own,
        origins=origins,
        languages=sample.languages(),
        lessons=lessons,
        first=first,
    )


def _proof(record: Record) -> list[str]:
    """What is known of each lesson; a chat without one counts as such."""
    verdicts = [lesson.verdict for lesson in record.lessons]
    return [
        "unproved" if verdict is None else "passed" if verdict.passed else "failed"
        for verdict in verdicts
    ] or ["none"]
