"""`dedup`: of chats that say the same or nearly the same, one stays.

What is compared is the whole dialogue, learner and tutor, and near ones only where they teach the
same moves: four moves on one learner turn are four records worth having.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import msgspec

from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import read_records
from quimbot.records.manifest import manifest_path, write_dataset
from quimbot.records.record import Record
from quimbot.records.rejected import Rejected, rejected_path, rejecting, told
from quimbot.records.texts import dialogue_text, first_turn
from quimbot.runs.watch import Watch
from quimbot.verify.near_duplicates import NearDuplicates, reason
from quimbot.verify.shingles import shingle

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, kw_only=True)
class DedupSettings:
    """What counts as a duplicate."""

    input: tuple[Path, ...]
    """Record files; of two duplicates the one in the earlier file stays."""
    output: Path
    """Records that stay (.jsonl), in the order read; the others go to `<output>.rejected.jsonl`."""
    against: tuple[Path, ...] = ()
    """Record files already owned: what repeats them falls, they themselves are not written."""
    threshold: float = 0.5
    """Overlap of word pairs (Jaccard) from which two dialogues are near; 1 for the same pairs."""
    per_turn: int = 0
    """Keep at most this many records on one first learner turn; 0 for any number."""

    def __post_init__(self) -> None:
        """Check the values."""
        if not self.input:
            raise RecipeError("input names no file; give at least one .jsonl of records")
        if not 0 < self.threshold <= 1:
            raise RecipeError(f"threshold {self.threshold} must be above 0 and at most 1")
        if self.per_turn < 0:
            raise RecipeError(f"per_turn {self.per_turn} is negative; give 0 for any number")

    def inputs(self) -> tuple[Path, ...]:
        """The record files, to dedup and owned."""
        return (*self.input, *self.against)

    def outputs(self) -> tuple[Path, ...]:
        """Records that stay, their manifest, and the rejected rows."""
        return (self.output, manifest_path(self.output), rejected_path(self.output))


@dataclass(frozen=True, slots=True)
class _Row:
    """A record and where it came from: `priority` 0 for owned files, then the input files."""

    priority: int
    record: Record


def dedup(settings: DedupSettings, watch: Watch) -> str:
    """Part the records that stay from those that repeat one.

    Which records stay does not depend on the order of rows in a file.

    Raises:
        DataError: an input is no record file, or there are no records.
    """
    owned = [_Row(0, record) for path in settings.against for record in read_records(path)]
    rows = [
        _Row(number, record)
        for number, path in enumerate(settings.input, 1)
        for record in read_records(path)
    ]
    if not rows:
        raise DataError(f"{settings.input[0]}: holds no records; run the step that writes it")
    with watch.task("dedup", len(rows)) as task, rejecting(settings.output) as rejected:
        fallen = _duplicates(owned, rows, settings.threshold)
        _over_cap(rows, fallen, settings.per_turn)
        for place in sorted(fallen):
            rejected.add(fallen[place])
        stay = [row.record for place, row in enumerate(rows) if place not in fallen]
        manifest = write_dataset(
            settings.output,
            stay,
            parents=settings.inputs(),
            settings=settings,
            facts={"read": len(rows), "rejected": rejected.reasons},
        )
        task.advance(len(rows))
    return f"{manifest.rows} of {len(rows)} records stay{told(rejected.reasons)}"


def _duplicates(owned: list[_Row], rows: list[_Row], threshold: float) -> dict[int, Rejected]:
    """The rows that repeat an owned or a kept one, by place in `rows`."""
    everything = owned + rows
    # By content, so that which of two equal texts stays does not hang on the order read.
    places = sorted(range(len(everything)), key=lambda place: _content_key(everything[place]))
    ordered = [everything[place] for place in places]
    matches = NearDuplicates(threshold=threshold).matches(
        [dialogue_text(row.record) for row in ordered],
        kinds=[_moves(row.record) for row in ordered],
        priorities=[row.priority for row in ordered],
        owned=len(owned),
    )
    return {
        place - len(owned): Rejected(
            reason=reason(match),
            check="dedup",
            match=ordered[match.kept].record.id,
            similarity=round(match.similarity, 4),
            record=everything[place].record,
        )
        for place, match in zip(places, matches, strict=True)
        if match is not None
    }


def _over_cap(rows: list[_Row], fallen: dict[int, Rejected], cap: int) -> None:
    """Let rows over the cap on one learner turn fall as well; moves take turns to stay."""
    if not cap:
        return
    alive = [place for place in range(len(rows)) if place not in fallen]
    turns = shingle([first_turn(rows[place].record) for place in alive], 1).whole.tolist()
    by_content = sorted(
        zip(alive, turns, strict=True), key=lambda pair: _content_key(rows[pair[0]])
    )
    seen: Counter[tuple[int, str]] = Counter()
    rounds = []
    for place, turn in by_content:
        move = _moves(rows[place].record)
        rounds.append((seen[turn, move], place, turn))
        seen[turn, move] += 1
    taken: Counter[int] = Counter()
    rounds.sort(key=lambda item: item[0])
    for _, place, turn in rounds:
        taken[turn] += 1
        if taken[turn] > cap:
            fallen[place] = Rejected(
                reason="turn-over-cap", check="dedup", record=rows[place].record
            )


def _moves(record: Record) -> str:
    return " ".join(lesson.move for lesson in record.lessons)


def _content_key(row: _Row) -> tuple[int, bytes]:
    digest = hashlib.blake2b(_encoder.encode(row.record), digest_size=16).digest()
    return row.priority, digest
