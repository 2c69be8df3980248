"""What a table is called, what it compares, and how all stand side by side."""

from pathlib import Path

from msgspec import structs
from scorecards import as_check, choice, judged, write_scores

from quimbot.evaluate.measured import Measured, against, measured, overview
from quimbot.evaluate.table import names
from quimbot.runs.scorecard import Judged, read_scorecard

PICKED = choice("a")


def _tables(folder: Path, rows: dict[str, list[Judged]], suite: str) -> list[Measured]:
    write_scores(folder, rows, suite=suite)
    return measured(read_scorecard(folder), folder, None, PICKED, names(list(rows)))


def _tones(address: str) -> list[Judged]:
    return [as_check(judged(address, i, passed=i < 5), "tone") for i in range(6)]


def test_a_suite_with_one_check_gives_its_name_and_a_move_its_own(tmp_path: Path) -> None:
    (tone,) = _tables(tmp_path / "t", {"base": _tones("base")}, "my/small_talk.jsonl")
    assert (tone.name, tone.title) == ("Small talk", "Small talk, 6 of the 233 turns")
    rows = {"base": [judged("base", 1, passed=True)]}
    (recast,) = _tables(tmp_path / "r", rows, "scaffolding")
    assert (recast.name, recast.on) == ("Recast", "scaffolding, 1 turns")


def test_a_suite_of_several_checks_has_a_table_for_each(tmp_path: Path) -> None:
    mixed = {"a": [*_tones("a"), judged("a", 9, passed=True)], "base": _tones("base")}
    tone, recast = _tables(tmp_path, mixed, "mine.jsonl")
    assert (tone.name, recast.name) == ("Tone", "Recast")
    assert [row.address for row in recast.rows] == ["a"]
    assert len(tone.judged) == 12


def test_the_overview_has_base_and_picked_first_and_gaps(tmp_path: Path) -> None:
    tone = _tables(tmp_path / "t", {name: _tones(name) for name in ("c", "a", "base")}, "tone")
    recast = _tables(tmp_path / "r", {"b": [judged("b", 1, passed=True)]}, "scaffolding")
    lines = overview([*tone, *recast])
    assert [line.address for line in lines] == ["base", "a", "c", "b"]
    assert [[cell is None for cell in line.cells] for line in lines] == [
        *([[False, True]] * 3),
        [True, False],
    ]


def test_only_turns_that_count_and_both_answered_are_compared() -> None:
    ours = [judged("a", i, passed=True) for i in range(8)]
    theirs = [judged("base", i, passed=False) for i in range(4, 12)]
    fine = judged("base", 2, passed=True)
    fine = structs.replace(fine, verdict=structs.replace(fine.verdict, score=None))
    result = against([*ours, *theirs, fine], "a", "base")
    assert result
    assert (result.n, result.wins, result.losses) == (4, 4, 0)
    assert against(ours, "a", "base") is None


def test_failing_replies_are_the_picked_ones(tmp_path: Path) -> None:
    (tone,) = _tables(tmp_path, {name: _tones(name) for name in ("a", "base")}, "tone")
    assert [(row.address, row.verified) for row in tone.failed] == [("a", False)]
