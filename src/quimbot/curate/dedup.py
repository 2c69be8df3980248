"""`dedup`: of chats that say the same or nearly the same, one stays.

What is compared is the whole dialogue, learner and tutor, and near ones only where they teach the
same moves: four moves on one learner turn are four records worth having. A corpus is read for its
texts, of which only hashes are kept, and once more to copy the lines that stay.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from quimbot.curate.corpus import Corpus
from quimbot.curate.groups import largest
from quimbot.curate.preference import Preference
from quimbot.curate.semantic import embedded, meanings
from quimbot.exceptions import DataError, RecipeError
from quimbot.records.manifest import manifest_path, write_lines
from quimbot.records.record import Record
from quimbot.records.rejected import Rejected, RejectedFile, rejected_path, rejecting, told
from quimbot.records.texts import first_turn
from quimbot.runs.watch import Task, Watch
from quimbot.verify.near_duplicates import Link, NearDuplicates
from quimbot.verify.shingles import shingle

_LONGEST_RUN = 8
_TOLD_EVERY = 1 << 13


@dataclass(frozen=True, kw_only=True)
class DedupSettings:
    """What counts as a duplicate."""

    input: tuple[Path, ...]
    """Record files; of two duplicates the one in the earlier file stays."""
    output: Path
    """Records that stay (.jsonl), in the order read; the others go to `<output>.rejected.jsonl`."""
    against: tuple[Path, ...] = ()
    """Record files already owned: what repeats them falls, they themselves are not written."""
    prefer: tuple[str, ...] = ()
    """What stays rather than the earlier file's, as `key=value`: a tag (`quality=excellent`), or
    the `source`, `licence` or `author`; the first condition weighs more than all after it."""
    threshold: float = 0.5
    """Overlap of word runs (Jaccard) from which two dialogues are near; 1 for the same runs."""
    words: int = 2
    """Words in a run that is compared; 3 is stricter on rewording, 1 looks at words alone."""
    link: Link = "representative"
    """What falls: what is near a kept record, or (`components`) near one that falls, and so on."""
    per_turn: int = 0
    """Keep at most this many records on one first learner turn; 0 for any number."""
    semantic: str = ""
    """Model2vec folder or hub name: of what stays then, what means the same falls as well."""
    cosine: float = 0.9
    """Cosine of two dialogues' vectors from which `semantic` takes them to mean the same."""
    show_groups: int = 0
    """Show so many of the largest groups: what stayed, and how what fell differs from it."""

    def __post_init__(self) -> None:
        """Check the values."""
        if not self.input:
            raise RecipeError("input names no file; give at least one .jsonl of records")
        Preference(self.prefer)
        for name in ("threshold", "cosine"):
            if not 0 < getattr(self, name) <= 1:
                raise RecipeError(f"{name} {getattr(self, name)} must be above 0 and at most 1")
        if not 1 <= self.words <= _LONGEST_RUN:
            raise RecipeError(f"words {self.words} must be from 1 to {_LONGEST_RUN}")
        for name in ("per_turn", "show_groups"):
            if getattr(self, name) < 0:
                raise RecipeError(f"{name} {getattr(self, name)} is negative; give 0 for none")

    def inputs(self) -> tuple[Path, ...]:
        """The record files, to dedup and owned, and the model where it is a folder."""
        model = (Path(self.semantic),) if self.semantic and Path(self.semantic).exists() else ()
        return (*self.input, *self.against, *model)

    def outputs(self) -> tuple[Path, ...]:
        """Records that stay, their manifest, and the rejected rows."""
        return (self.output, manifest_path(self.output), rejected_path(self.output))


class _Reason(IntEnum):
    """Why a row falls; its name is the slug."""

    STAYS = 0
    EXACT_DUPLICATE = 1
    NEAR_DUPLICATE = 2
    SEMANTIC_DUPLICATE = 3
    TURN_OVER_CAP = 4

    @property
    def slug(self) -> str:
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class _Fate:
    """What becomes of each row, as columns."""

    reason: npt.NDArray[np.uint8]
    kept: npt.NDArray[np.int64]
    """The row that stays instead; -1 where there is none."""
    by_way_of: npt.NDArray[np.int64]
    """The row that it repeats, where that one fell for the kept one later; else -1."""
    similarity: npt.NDArray[np.float32]
    crowded: int
    """Rows that had more candidates than they were compared with."""


def dedup(settings: DedupSettings, watch: Watch) -> str:
    """Part the records that stay from those that repeat one.

    Which records stay does not depend on the order of rows in a file.

    Raises:
        DataError: an input is no record file, or there are no records.
        ModelError: `semantic` names no model.
    """
    corpus = Corpus(settings.against, settings.input, Preference(settings.prefer))
    fate = _fate(corpus, settings, watch)
    count = len(corpus) - corpus.owned
    if settings.show_groups:
        for line in largest(corpus, fate.kept, fate.similarity, settings.show_groups):
            watch.say(line)
    with watch.task("dedup", count) as task, rejecting(settings.output) as rejected:
        manifest = write_lines(
            settings.output,
            _stay(corpus, fate, rejected, task),
            parents=(*settings.input, *settings.against),
            settings=settings,
            facts={"read": count, "crowded": fate.crowded, "rejected": rejected.reasons},
        )
        task.advance(count % _TOLD_EVERY)
    return f"{manifest.rows} of {count} records stay{told(rejected.reasons)}"


def _fate(corpus: Corpus, settings: DedupSettings, watch: Watch) -> _Fate:
    """Exact and near duplicates, then those of meaning among what stays, then what is too many."""
    sets = shingle(corpus.texts(watch), settings.words)
    if len(corpus) == corpus.owned:
        raise DataError(f"{settings.input[0]}: holds no records; run the step that writes it")
    found = NearDuplicates(threshold=settings.threshold, words=settings.words).among(
        sets,
        kinds=corpus.kinds,
        priorities=corpus.priorities,
        ties=corpus.ties,
        owned=corpus.owned,
        link=settings.link,
    )
    order = np.lexsort((corpus.ties, sets.whole, corpus.priorities))
    del sets
    near = np.where(found.copy, _Reason.EXACT_DUPLICATE, _Reason.NEAR_DUPLICATE)
    fate = _Fate(
        reason=np.where(found.kept < 0, _Reason.STAYS, near).astype(np.uint8),
        kept=found.kept,
        by_way_of=np.full(len(corpus), -1, np.int64),
        similarity=found.similarity,
        crowded=found.crowded,
    )
    if settings.semantic:
        _let_fall_by_meaning(fate, corpus, settings, order)
    if settings.per_turn:
        _let_fall_over_cap(fate, corpus, settings.per_turn, order)
    return fate


def _let_fall_by_meaning(
    fate: _Fate, corpus: Corpus, settings: DedupSettings, order: npt.NDArray[np.int64]
) -> None:
    """Of the rows that stay, those fall that mean the same; who fell for them follows."""
    stays = fate.reason == _Reason.STAYS
    rows = np.flatnonzero(stays)
    rank = np.empty(len(corpus), np.int64)
    rank[order] = np.arange(len(corpus))
    to, cosine = meanings(
        embedded(settings.semantic, corpus.texts_of(stays), len(rows)),
        kinds=corpus.kinds[rows],
        rank=rank[rows],
        owned=corpus.owned,  # owned rows never fall, so they are the first rows here as well
        threshold=settings.cosine,
    )
    fallen, to, cosine = rows[to >= 0], rows[to[to >= 0]], cosine[to >= 0]
    fate.reason[fallen] = _Reason.SEMANTIC_DUPLICATE
    fate.kept[fallen], fate.similarity[fallen] = to, cosine
    onward = np.flatnonzero((fate.kept >= 0) & ~stays)
    onward = onward[fate.kept[fate.kept[onward]] >= 0]
    between = fate.kept[onward]
    fate.by_way_of[onward] = between
    fate.kept[onward] = fate.kept[between]
    fate.similarity[onward] = np.minimum(fate.similarity[onward], fate.similarity[between])


def _let_fall_over_cap(fate: _Fate, corpus: Corpus, cap: int, order: npt.NDArray[np.int64]) -> None:
    """Rows over the cap on one learner turn fall as well; moves take turns to stay."""
    turns = shingle((first_turn(record) for _, _, record in corpus.again()), 1).whole
    order = order[(fate.reason[order] == _Reason.STAYS) & (order >= corpus.owned)]
    rounds = _place_among_same(turns[order], corpus.kinds[order])
    by_round = order[np.argsort(rounds, kind="stable")]
    over = by_round[_place_among_same(turns[by_round]) >= cap]
    fate.reason[over] = _Reason.TURN_OVER_CAP


def _place_among_same(*labels: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """For each row how many before it have the same labels."""
    count = len(labels[0])
    grouped = np.lexsort(labels)
    change = np.zeros(count, np.bool_)
    change[:1] = True
    for label in labels:
        change[1:] |= label[grouped][1:] != label[grouped][:-1]
    starts = np.flatnonzero(change)
    place = np.empty(count, np.int64)
    place[grouped] = np.arange(count) - np.repeat(starts, np.diff(starts, append=count))
    return place


def _stay(
    corpus: Corpus, fate: _Fate, rejected: RejectedFile, task: Task
) -> Iterator[tuple[bytes, Record]]:
    """The lines that stay; the other rows are written as rejected on the way."""
    stays = (fate.reason == _Reason.STAYS).tobytes()  # far quicker to ask row by row
    for done, (row, line, record) in enumerate(corpus.again(owned=False), 1):
        if stays[row]:
            yield line, record
        else:
            rejected.add(_rejected(corpus, fate, row, record))
        if done % _TOLD_EVERY == 0:
            task.advance(_TOLD_EVERY)


def _rejected(corpus: Corpus, fate: _Fate, row: int, record: Record) -> Rejected:
    reason, kept, between = _Reason(fate.reason[row]), int(fate.kept[row]), int(fate.by_way_of[row])
    if kept < 0:
        return Rejected(reason=reason.slug, check="dedup", record=record)
    similarity = round(float(fate.similarity[row]), 4)
    detail = ""
    if fate.reason[kept] == _Reason.TURN_OVER_CAP:
        detail = "which is over the cap on its turn"
    elif between >= 0:
        detail = f"by way of {corpus.place(between)}"
    elif reason is _Reason.EXACT_DUPLICATE and similarity < 1:
        detail = "a copy of one that fell for this"
    return Rejected(
        reason=reason.slug,
        check="dedup",
        detail=detail,
        match=corpus.id(kept),
        match_at=corpus.place(kept),
        similarity=similarity,
        record=record,
    )
