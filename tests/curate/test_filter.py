"""Filter keeps what passes, writes why the rest fell, and stores each lesson's proof."""

from pathlib import Path

import msgspec
import pytest

from quimbot.curate.filter import FilterSettings, filter_records
from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import read_records, read_rows, write_rows
from quimbot.records.manifest import read_manifest
from quimbot.records.record import Lesson, Message, Move, Provenance, Record
from quimbot.records.rejected import Rejected, rejected_path
from quimbot.runs.watch import Silent

LEARNER, CORRECTION = "Yesterday I go to the store.", "Yesterday I went to the store."
RECAST = "Oh, you went to the store yesterday! What did you buy there?"
PEN = "You should say: Yesterday I went to the store."


def chat(*turns: str, moves: tuple[Move, ...] = ()) -> Record:
    messages = tuple(
        Message(role="assistant" if place % 2 else "user", content=turn)
        for place, turn in enumerate(turns)
    )
    lessons = tuple(
        Lesson(turn=2 * place + 1, move=move, corrections=(CORRECTION,))
        for place, move in enumerate(moves)
    )
    return Record(
        messages=messages,
        lessons=lessons,
        provenance=Provenance(source="test", licence="MIT"),
    )


def settle(folder: Path, rows: list[Record], *checks: str) -> FilterSettings:
    write_rows(folder / "in.jsonl", rows)
    return FilterSettings(
        input=(folder / "in.jsonl",), output=folder / "out.jsonl", checks=checks or ("structure",)
    )


def test_every_row_is_kept_or_rejected_with_a_reason(tmp_path: Path) -> None:
    good, empty, half = chat("Hi", "Hello!"), chat("Hi", " "), chat("Hi")
    settings = settle(tmp_path, [good, empty, half])
    summary = filter_records(settings, Silent())
    assert summary == "1 of 3 records passed structure, 1 empty-turn, 1 no-last-reply"
    assert list(read_records(settings.output)) == [good]
    fallen = list(read_rows(rejected_path(settings.output), Rejected))
    assert [(row.reason, row.check) for row in fallen] == [
        ("empty-turn", "structure"),
        ("no-last-reply", "structure"),
    ]
    assert [msgspec.convert(row.record, Record) for row in fallen] == [empty, half]
    facts = read_manifest(settings.output).facts
    assert facts["funnel"] == {
        "read": 3,
        "steps": [
            {
                "check": "structure",
                "in": 3,
                "out": 1,
                "reasons": {"empty-turn": 1, "no-last-reply": 1},
            }
        ],
        "sources": {"test": [3, 1]},
    }
    assert all(path.exists() for path in settings.outputs())


def test_lessons_carry_their_proof(tmp_path: Path) -> None:
    good = chat(LEARNER, RECAST, moves=(Move.RECAST,))
    bad = chat(LEARNER, PEN, moves=(Move.RECAST,))
    half = chat(LEARNER, RECAST, LEARNER, PEN, moves=(Move.RECAST, Move.RECAST))
    settings = settle(tmp_path, [good, bad, half], "structure", "scaffolding")
    filter_records(settings, Silent())
    (kept,) = read_records(settings.output)
    assert kept.lessons[0].verdict is not None
    assert kept.lessons[0].verdict.level == "recast"
    fallen = [
        msgspec.convert(row.record, Record)
        for row in read_rows(rejected_path(settings.output), Rejected)
    ]
    proofs = [[lesson.verdict and lesson.verdict.passed for lesson in r.lessons] for r in fallen]
    assert proofs == [[False], [True, False]]


def test_a_file_with_nothing_left_is_an_error_that_says_why(tmp_path: Path) -> None:
    settings = settle(tmp_path, [chat("Hi", ""), chat("Hi")])
    with pytest.raises(DataError, match=r"no record passed, 1 .*; see .*out.rejected.jsonl"):
        filter_records(settings, Silent())
    assert len(list(read_rows(rejected_path(settings.output), Rejected))) == 2
    assert not settings.output.exists()


def test_unknown_checks_are_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="unknown check 'grammer'"):
        settle(tmp_path, [], "grammer")
    with pytest.raises(RecipeError, match="input names no file"):
        FilterSettings(input=(), output=tmp_path / "x.jsonl")


def test_a_row_that_no_check_changes_is_copied_as_it_was_written(tmp_path: Path) -> None:
    good, bad = chat("Hi", "Hello!"), chat("Hi", "")
    line = msgspec.json.format(msgspec.json.encode(good), indent=0).replace(b"\n", b" ")
    (tmp_path / "in.jsonl").write_bytes(line + b"\n" + msgspec.json.encode(bad) + b"\n")
    settings = FilterSettings(
        input=(tmp_path / "in.jsonl",),
        output=tmp_path / "out.jsonl",
        checks=("structure", "scaffolding"),
    )
    filter_records(settings, Silent())
    assert settings.output.read_bytes() == line + b"\n"
