"""Suites: the shipped one, a user's own, and a stated subset."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import write_rows
from quimbot.verify.suite import LearnerTurn, load_suite, subset, suite_hash


def test_shipped_suite_is_whole_and_names_its_dialogues() -> None:
    turns = load_suite("scaffolding")
    assert len(turns) == 233
    assert {turn.licence for turn in turns} == {"MIT"}
    assert 60 <= len({turn.group for turn in turns}) < 233
    assert all(turn.error_types for turn in turns)


def test_a_users_suite_is_read_as_written(tmp_path: Path) -> None:
    turn = LearnerTurn(id="a", learner="I goes", corrections=("I go",), l1="es", group="g")
    write_rows(tmp_path / "mine.jsonl", [turn])
    assert load_suite(str(tmp_path / "mine.jsonl")) == (turn,)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('{"id":"a","learner":"x","corrections":["y"]}\n{"id":"b"}', (":2:", "learner")),
        ('{"id":"a","learner":"x","corrections":[]}', (":1:", "corrections")),
        ('{"id":"a","learner":" ","corrections":["y"]}', (":1:", "learner")),
        ('{"id":"a","learner":"x","corrections":["y"],"lerner":1}', (":1:", "lerner")),
        (
            '{"id":"a","learner":"x","corrections":["y"],"move":"praise"}',
            (":1:", "praise", "expansion, hint"),
        ),
        ('{"id":"a","learner":"x","corrections":["y"]}\n\n' * 2, (":3:", "'a'", "line 1")),
        ('{"id":"a","learner":"x","corrections":["x"]}', (":1:", "own sentence")),
        ('{"id":"a","learner":"x","check":"tone","move":"recast"}', (":1:", "`move`")),
        ('{"id":"a","learner":"x","check":"answer","avoids":[" "]}', (":1:", "empty phrase")),
        ('{"id":"a",\n"learner":"x"}', (":1:", "one JSON object")),
        ('{"id":"a","learner":"x","corrections":["y"],}', (":1:", "trailing comma")),
        ('{"id":"a","learner":"x","check":"answer"}', (":1:", "says")),
        ('{"id":"a","learner":"x","check":"answer","says":[[]]}', (":1:", "empty group")),
        ('{"id":"a","learner":"x","check":"no_error","corrections":["y"]}', (":1:", "no_error")),
        ('{"id":"a","learner":"x","check":"kindness"}', (":1:", "kindness", "no_error, answer")),
        (
            '{"id":"a","learner":"x","check":"tone","history":[{"role":"user","content":"y"}]}',
            (":1:", "history", "assistant"),
        ),
        ("\n", ("no learner turns",)),
    ],
)
def test_a_bad_suite_is_one_line_that_says_where(
    tmp_path: Path, lines: str, words: tuple[str, ...]
) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(lines)
    with pytest.raises(DataError) as fault:
        load_suite(str(path))
    assert str(fault.value).startswith(str(path))
    assert "\n" not in str(fault.value)
    assert all(word in str(fault.value) for word in words)


def test_an_unknown_suite_lists_the_known_ones() -> None:
    with pytest.raises(RecipeError, match=r"'grammer'.*shipped suites are scaffolding, grammar"):
        load_suite("grammer")


@given(small=st.integers(1, 233), more=st.integers(0, 100))
def test_a_subset_has_its_size_and_lies_in_every_larger_one(small: int, more: int) -> None:
    turns = load_suite("scaffolding")
    chosen = subset(turns, small)
    assert len(chosen) == small
    assert set(chosen) <= set(subset(turns, small + more))
    assert list(chosen) == [turn for turn in turns if turn in set(chosen)]


def test_no_limit_takes_all_and_the_hash_follows_the_turns() -> None:
    turns = load_suite("scaffolding")
    assert subset(turns, 0) == subset(turns, 999) == turns
    assert suite_hash(turns) != suite_hash(turns[1:])


def test_notice_names_the_authors_of_the_shipped_turns() -> None:
    import quimbot.verify as package  # noqa: PLC0415 - only its folder is wanted

    notice = (Path(package.__path__[0]) / "suites" / "NOTICE").read_text()
    assert "Copyright (c) 2022 YUAN Xun" in notice
    assert "MIT License" in notice


def test_a_turn_survives_its_line() -> None:
    turn = LearnerTurn(id="a", learner="I goes", corrections=("I go", "I went"), l1="ko")
    assert msgspec.json.decode(msgspec.json.encode(turn), type=LearnerTurn) == turn
