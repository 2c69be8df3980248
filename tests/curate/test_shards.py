"""A job in shards gives what it gives in one piece, whatever is cut off on the way."""

import fcntl
import itertools
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import records

from quimbot.curate.shards import Job, Line, Marker, Plan, do_shard, merged, with_outcomes
from quimbot.exceptions import DataError, OutputError
from quimbot.records.jsonl import read_lines, write_json, write_rows
from quimbot.records.record import Message, Provenance, Record, Strict

SHARDS = st.integers(1, 9)


class Length(Strict, frozen=True, kw_only=True):
    characters: int


@dataclass(frozen=True, kw_only=True)
class Measuring:
    input: tuple[Path, ...]
    output: Path

    def inputs(self) -> tuple[Path, ...]:
        return self.input

    def outputs(self) -> tuple[Path, ...]:
        return (self.output,)


judged: list[Line] = []
"""Every line that was ever judged here."""


def measure(_: Measuring, lines: Iterable[Line]) -> Iterator[Length]:
    """Reads three lines ahead, as batches do."""
    rows = iter(lines)
    while batch := list(itertools.islice(rows, 3)):
        judged.extend(batch)
        yield from (Length(characters=len(record.messages[0].content)) for _, record in batch)


def measuring(folder: Path, *files: list[Record]) -> Job[Length]:
    paths = tuple(folder / f"{number}.jsonl" for number in range(len(files)))
    for path, rows in zip(paths, files, strict=True):
        write_rows(path, rows)
    chosen = Measuring(input=paths, output=folder / "out.jsonl")
    return Job(settings=chosen, files=paths, judge=measure, outcome=Length)


def in_one_piece(job: Job[Length]) -> list[tuple[Line, Length]]:
    lines = (line for file in job.settings.inputs() for line in read_lines(file))
    return list(with_outcomes(job, lines))


def chats(count: int) -> list[Record]:
    return [
        Record(
            messages=(Message(role="user", content=f"Hello {number}"),),
            provenance=Provenance(source="test", licence="MIT"),
        )
        for number in range(count)
    ]


@given(st.lists(st.lists(records(), max_size=8), min_size=1, max_size=2), SHARDS, st.randoms())
@settings(max_examples=20)
def test_shards_in_any_order_give_the_rows_in_theirs(
    files: list[list[Record]], shards: int, chance: Random
) -> None:
    with TemporaryDirectory() as folder:
        job = measuring(Path(folder), *files)
        plan = Plan.of(job, shards)
        for shard in chance.sample(range(shards), shards):
            do_shard(plan, shard, job)
        assert list(merged(plan, Length)) == in_one_piece(job)


@given(st.lists(records(), min_size=1, max_size=8), SHARDS, st.data())
@settings(max_examples=20)
def test_a_ledger_cut_anywhere_is_continued_at_its_last_whole_row(
    rows: list[Record], shards: int, data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        job = measuring(Path(folder), rows)
        plan = Plan.of(job, shards)
        for shard in range(shards):
            do_shard(plan, shard, job)
        shard = data.draw(st.sampled_from(range(shards)))
        whole = plan.ledger(shard).read_bytes()
        kept = whole[: data.draw(st.integers(0, len(whole)))]
        plan.ledger(shard).write_bytes(kept)
        plan.marker(shard).unlink()
        judged.clear()
        for each in range(shards):
            do_shard(plan, each, job)
        assert plan.ledger(shard).read_bytes() == whole
        assert len(judged) == whole.count(b"\n") - kept.count(b"\n")
        assert list(merged(plan, Length)) == in_one_piece(job)


@given(st.lists(records(), max_size=6), st.lists(records(), max_size=6), SHARDS)
@settings(max_examples=20)
def test_the_shard_of_a_row_does_not_depend_on_others(
    rows: list[Record], others: list[Record], shards: int
) -> None:
    with TemporaryDirectory() as folder:
        alone = Plan.of(measuring(Path(folder), rows), shards)
        among = Plan.of(measuring(Path(folder), others + rows + others), shards)
        for line in map(msgspec.json.encode, rows):
            assert alone.shard(line) == among.shard(line)


def test_a_merge_without_all_shards_names_those_that_are_missing(tmp_path: Path) -> None:
    job = measuring(tmp_path, chats(20))
    plan = Plan.of(job, 4)
    do_shard(plan, 1, job)
    do_shard(plan, 3, job)
    with pytest.raises(DataError, match=r"out.jsonl: 2 of 4 shards are not finished \(0, 2\); run"):
        next(merged(plan, Length))


def done(folder: Path) -> tuple[Plan, Job[Length]]:
    job = measuring(folder, chats(20))
    plan = Plan.of(job, 4)
    for shard in range(4):
        do_shard(plan, shard, job)
    return plan, job


def test_a_merge_refuses_what_is_not_what_its_marker_says(tmp_path: Path) -> None:
    plan, _ = done(tmp_path)
    text = plan.ledger(2).read_bytes()
    plan.ledger(2).write_bytes(text.replace(b'"characters":7', b'"characters":9', 1))
    with pytest.raises(DataError, match=r"00002.jsonl: changed since 00002.done.json was written"):
        list(merged(plan, Length))
    plan.ledger(2).write_bytes(text)
    plan.marker(2).write_bytes(plan.marker(1).read_bytes())
    with pytest.raises(DataError, match=r"00002.done.json: is of shard 1 of plan .*; remove it"):
        list(merged(plan, Length))
    plan.marker(2).write_bytes(b"{}")
    with pytest.raises(DataError, match=r"00002.done.json: .* missing required field .*; remove"):
        list(merged(plan, Length))


def test_a_merge_refuses_markers_of_another_plan(tmp_path: Path) -> None:
    plan, _ = done(tmp_path)
    other = replace(plan, hash="0123456789ab")
    other.folder.mkdir()
    for file in plan.folder.iterdir():
        (other.folder / file.name).write_bytes(file.read_bytes())
    with pytest.raises(DataError, match=rf"is of shard 0 of plan {plan.hash}, not of 0 of 012345"):
        list(merged(other, Length))


def test_a_merge_refuses_counts_that_do_not_add_up(tmp_path: Path) -> None:
    plan, _ = done(tmp_path)
    marker = msgspec.json.decode(plan.marker(0).read_bytes(), type=Marker)
    write_json(plan.marker(0), msgspec.structs.replace(marker, rows=marker.rows - 1))
    with pytest.raises(DataError, match="its shards hold 19 rows, the inputs 20; remove that"):
        list(merged(plan, Length))


@pytest.mark.parametrize("where", [0, 19])
def test_a_row_changed_under_the_run_is_found_when_merged(tmp_path: Path, where: int) -> None:
    plan, job = done(tmp_path)
    rows = chats(20)
    rows[where] = chats(100)[-1]
    write_rows(job.settings.inputs()[0], rows)
    with pytest.raises(DataError, match="does not hold the rows of its shard, an input has chang"):
        list(merged(plan, Length))


def test_a_row_changed_before_a_shard_continues_is_found(tmp_path: Path) -> None:
    plan, job = done(tmp_path)
    first = next(read_lines(job.settings.inputs()[0]))[0]
    shard = plan.shard(first)
    plan.marker(shard).unlink()
    write_rows(job.settings.inputs()[0], chats(20)[1:])
    with pytest.raises(DataError, match="does not hold the rows of its shard"):
        do_shard(plan, shard, job)


def test_shards_of_other_settings_are_not_mixed_in(tmp_path: Path) -> None:
    plan, job = done(tmp_path)
    with pytest.raises(OutputError, match=rf"{plan.hash}.shards: shards of other inputs, settings"):
        Plan.of(job, 5)
    write_rows(job.settings.inputs()[0], chats(21))
    with pytest.raises(OutputError, match="remove that folder, or give another --output"):
        Plan.of(job, 4)


def test_a_marker_without_its_ledger_is_no_finished_shard(tmp_path: Path) -> None:
    plan, job = done(tmp_path)
    plan.ledger(3).unlink()
    assert plan.unfinished() == [3]
    do_shard(plan, 3, job)
    assert list(merged(plan, Length)) == in_one_piece(job)


def test_what_a_kill_left_of_merged_shards_is_taken_away(tmp_path: Path) -> None:
    plan, job = done(tmp_path)
    plan.folder.rename(plan.folder.with_suffix(".merged"))
    assert Plan.of(job, 4).unfinished() == [0, 1, 2, 3]
    assert not list(tmp_path.glob(".out.*"))


def test_an_output_whose_name_begins_alike_is_another(tmp_path: Path) -> None:
    done(tmp_path)
    job = measuring(tmp_path, chats(20))
    shorter = Measuring(input=job.files, output=tmp_path / "o.jsonl")
    (tmp_path / ".o.out.0123456789ab.shards").mkdir()
    assert Plan.of(replace(job, settings=shorter), 4).unfinished() == [0, 1, 2, 3]


def test_a_machine_with_other_versions_does_not_take_part(tmp_path: Path) -> None:
    job = measuring(tmp_path, chats(3))
    plan = Plan.of(job, 1)
    other = replace(plan, versions=plan.versions | {"spacy": "1.0"})
    with pytest.raises(DataError, match=r"this machine has spacy 3.*made with 1.0; give all machi"):
        do_shard(other, 0, job)


def test_two_processes_do_not_write_one_ledger(tmp_path: Path) -> None:
    job = measuring(tmp_path, chats(3))
    plan = Plan.of(job, 1)
    plan.folder.mkdir()
    with plan.ledger(0).open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(OutputError, match=r"00000.jsonl: another process works on this shard"):
            do_shard(plan, 0, job)
    do_shard(plan, 0, job)
    assert len(list(merged(plan, Length))) == 3


def test_the_ledger_notes_the_line_that_an_outcome_is_about(tmp_path: Path) -> None:
    job = measuring(tmp_path, chats(1))
    plan = Plan.of(job, 1)
    do_shard(plan, 0, job)
    line = job.settings.inputs()[0].read_bytes().strip()
    noted = msgspec.json.decode(plan.ledger(0).read_bytes())
    assert noted == {"line": zlib.crc32(line), "outcome": {"characters": 7}}
