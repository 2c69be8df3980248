"""The table marks the best, and whoever cannot be told apart from it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from scorecards import judged, write_perplexity, write_scores

from quimbot.evaluate.table import COLUMNS, columns, names, rows, scores_table
from quimbot.runs.scorecard import read_judged, read_perplexities, read_scorecard

VERIFIED, FORM = 0, 3


def _standings(tmp_path: Path, right: dict[str, int], n: int = 60) -> dict[str, list[str]]:
    write_scores(
        tmp_path,
        {
            address: [judged(address, i, passed=i * 37 % n < passes) for i in range(n)]
            for address, passes in right.items()
        },
    )
    shown = rows(
        read_scorecard(tmp_path),
        "recast",
        list(read_judged(tmp_path)),
        None,
        base="base",
        picked="b",
        short=names(list(right)),
    )
    return {row.address: [cell.standing for cell in row.cells] for row in shown}


def test_best_is_marked_and_near_is_tied_and_far_is_neither(tmp_path: Path) -> None:
    marks = _standings(tmp_path, {"base": 2, "a": 39, "b": 40})
    assert [marks[address][VERIFIED] for address in ("base", "a", "b")] == ["", "tied", "best"]


def test_nothing_is_marked_where_nobody_stands_out(tmp_path: Path) -> None:
    marks = _standings(tmp_path, {"base": 40, "a": 40})
    assert {mark for own in marks.values() for mark in own} == {""}


def test_a_column_without_a_better_side_is_never_marked(tmp_path: Path) -> None:
    assert COLUMNS[FORM].better is None
    marks = _standings(tmp_path, {"base": 2, "b": 40})
    assert {own[FORM] for own in marks.values()} == {""}


def test_terminal_rows_hold_every_number_as_text(tmp_path: Path) -> None:
    write_scores(tmp_path / "s", {"m": [judged("m", i, passed=i < 3) for i in range(4)]})
    perplexities = read_perplexities(write_perplexity(tmp_path / "p.json", {"m": 1.0}))
    (row,) = scores_table(read_scorecard(tmp_path / "s"), perplexities)
    assert row["model"] == "m"
    assert row["verified"] == "75% (12-99)"
    assert (row["perplexity"], row["n"], row["failed"]) == ("2.72", "4", "0")
    assert all(isinstance(cell, str) for cell in row.values())


@pytest.mark.parametrize(
    ("addresses", "short"),
    [
        (
            [
                "smollm2-135m",
                "runs/d/s1/checkpoints/step-000030",
                "runs/d/es/checkpoints/step-000040",
            ],
            ["smollm2-135m", "s1 step 30", "es step 40"],
        ),
        (["m", "runs/d/s1/checkpoints/step-000030"], ["m", "step 30"]),
        (["http://host/v1#m", "a/b", "a/c"], ["http://host/v1#m", "b", "c"]),
        (["/x/model"], ["model"]),
        (
            ["Qwen/Qwen3-8B", "r/s1/step-000030", "r/s1/step-000040"],
            ["Qwen3-8B", "step 30", "step 40"],
        ),
    ],
)
def test_names_are_short_and_tell_apart(addresses: list[str], short: list[str]) -> None:
    assert list(names(addresses).values()) == short


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join), max_size=5))
def test_different_addresses_never_share_a_name(addresses: list[str]) -> None:
    short = names(addresses)
    assert len(set(short.values())) == len(set(addresses))


def test_a_measure_shows_the_columns_that_tell_something() -> None:
    assert columns("recast") == COLUMNS
    assert [column.head for column in columns("hint")] == [
        *("verified", "repeats", "red pen", "question")
    ]
    assert [column.head for column in columns("tone")] == ["verified", "red pen", "question"]
    assert [column.head for column in columns("answer")] == ["verified"]


def test_a_rate_of_some_turns_is_compared_on_those_alone(tmp_path: Path) -> None:
    right = [judged("a", i, passed=i < 24) for i in range(30)]
    wrong = [judged("b", i, passed=i < 3) for i in range(30)]
    unscored = [
        structs.replace(row, item=f"fine-{i}", verdict=structs.replace(row.verdict, score=None))
        for address in ("a", "b")
        for i, row in enumerate(judged(address, n, passed=True) for n in range(200))
    ]
    own = {"a": [*right, *unscored[:200]], "b": [*wrong, *unscored[200:]]}
    write_scores(tmp_path, own)
    shown = rows(
        read_scorecard(tmp_path),
        "recast",
        list(read_judged(tmp_path)),
        None,
        base="b",
        picked="a",
        short=names(["a", "b"]),
    )
    assert [row.cells[VERIFIED].rate.n for row in shown] == [30, 30]
    assert [row.cells[VERIFIED].standing for row in shown] == ["best", ""]
