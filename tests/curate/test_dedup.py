"""Dedup drops what repeats, keeps the four moves, and does not depend on the order of rows."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import records, sentences

from quimbot.curate.dedup import DedupSettings, dedup
from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import read_records, read_rows, write_rows
from quimbot.records.record import Lesson, Message, Move, Provenance, Record
from quimbot.records.rejected import Rejected, rejected_path
from quimbot.runs.watch import Silent

TURN = "Last summer I go to Italy with my whole family and we visit many old churches in Rome."


def chat(learner: str, reply: str, move: Move | None = None) -> Record:
    return Record(
        messages=(
            Message(role="user", content=learner),
            Message(role="assistant", content=reply),
        ),
        lessons=(Lesson(turn=1, move=move, corrections=(learner,)),) if move else (),
        provenance=Provenance(source="test", licence="MIT"),
    )


def run(folder: Path, rows: list[Record], **more: object) -> tuple[list[Record], list[Rejected]]:
    write_rows(folder / "in.jsonl", rows)
    output = folder / "out.jsonl"
    dedup(DedupSettings(input=(folder / "in.jsonl",), output=output, **more), Silent())  # type: ignore[arg-type] # settings by name
    return list(read_records(output)), list(read_rows(rejected_path(output), Rejected))


@given(st.lists(records(sentences), min_size=1, max_size=15), st.randoms(use_true_random=False))
@settings(max_examples=15)
def test_the_same_records_stay_in_whatever_order(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Record], chance: random.Random
) -> None:
    folder = tmp_path_factory.mktemp("dedup")
    stay, fallen = run(folder, rows)
    assert len(stay) + len(fallen) == len(rows)
    shuffled = rows.copy()
    chance.shuffle(shuffled)
    stay_shuffled, _ = run(folder, shuffled)
    assert sorted(map(repr, stay)) == sorted(map(repr, stay_shuffled))
    again, none = run(folder, stay)
    assert again == stay
    assert not none


def test_four_moves_on_one_long_turn_stay(tmp_path: Path) -> None:
    replies = ["You went there?", "Where exactly?", "Rome is lovely!", "Look at the verb."]
    rows = [chat(TURN, reply, move) for reply, move in zip(replies, Move, strict=True)]
    near = chat(TURN, "You went there, really?", Move.RECAST)
    stay, fallen = run(tmp_path, [*rows, near])
    assert {row.lessons[0].move for row in stay} == set(Move)
    assert [row.reason for row in fallen] == ["near-duplicate"]
    assert fallen[0].match in {row.id for row in stay}
    assert fallen[0].similarity is not None
    assert fallen[0].similarity >= 0.5


def test_a_file_already_owned_makes_its_repeats_fall(tmp_path: Path) -> None:
    write_rows(tmp_path / "owned.jsonl", [chat("Hello there.", "Hi! How are you today?")])
    rows = [chat("hello there", "Hi, how are you today?"), chat("Bye.", "See you tomorrow!")]
    stay, fallen = run(tmp_path, rows, against=(tmp_path / "owned.jsonl",))
    assert stay == rows[1:]
    assert [row.reason for row in fallen] == ["exact-duplicate"]


def test_earlier_files_win(tmp_path: Path) -> None:
    one, two = chat("Hello there.", "Hi!"), chat("hello there", "Hi!")
    for first, second in ((one, two), (two, one)):
        write_rows(tmp_path / "a.jsonl", [first])
        write_rows(tmp_path / "b.jsonl", [second])
        dedup(
            DedupSettings(
                input=(tmp_path / "a.jsonl", tmp_path / "b.jsonl"), output=tmp_path / "o.jsonl"
            ),
            Silent(),
        )
        assert list(read_records(tmp_path / "o.jsonl")) == [first]


def test_the_cap_on_a_turn_takes_moves_in_turns(tmp_path: Path) -> None:
    rows = [
        chat("I has a dog.", f"{word} is what number {place} has to say about it.", move)
        for place, move in enumerate(Move)
        for word in ("This", "Another thing entirely, unlike the first,", "A third one")
    ]
    stay, fallen = run(tmp_path, rows, per_turn=4, threshold=1.0)
    assert {row.lessons[0].move for row in stay} == set(Move)
    assert len(stay) == 4
    assert {row.reason for row in fallen} == {"turn-over-cap"}


def test_bad_settings_and_empty_files_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"threshold 1.5 must be"):
        DedupSettings(input=(tmp_path,), output=tmp_path, threshold=1.5)
    with pytest.raises(RecipeError, match="per_turn -1 is negative"):
        DedupSettings(input=(tmp_path,), output=tmp_path, per_turn=-1)
    with pytest.raises(RecipeError, match="input names no file"):
        DedupSettings(input=(), output=tmp_path)
    with pytest.raises(DataError, match=r"in.jsonl: holds no records"):
        run(tmp_path, [])
