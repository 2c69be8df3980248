"""`bank` lists what it is asked for, checks it, and draws turns to a file."""

from pathlib import Path

import pytest

from quimbot.exceptions import RecipeError
from quimbot.pedagogy.bank.browse import BankSettings, bank
from quimbot.pedagogy.correction import error_types
from quimbot.pedagogy.seed import Seed
from quimbot.records.jsonl import read_rows
from quimbot.runs.watch import Silent


def test_seeds_are_listed_with_an_example_and_checked() -> None:
    lines = bank(BankSettings(category="past-tense", l1="ko"), Silent()).splitlines()
    assert lines[0].split()[:3] == ["category", "seed", "level"]
    assert all(line.startswith("past-tense ") and " → " in line for line in lines[1:-1])
    assert lines[-1] == f"seeds: {len(lines) - 2}, kinds of error: 1; all as declared"


def test_turns_are_written_and_show_their_errors(tmp_path: Path) -> None:
    output = tmp_path / "turns.jsonl"
    settings = BankSettings(error_type="M:DET", expand=40, output=output, long=0.0, seed=3)
    assert bank(settings, Silent()).startswith("40 learner turns from ")
    turns = list(read_rows(output, Seed))
    assert len({turn.learner for turn in turns}) == 40
    for turn in turns:
        assert "M:DET" in error_types(turn.learner, turn.corrections[0]), turn
    bank(settings, Silent())
    assert list(read_rows(output, Seed)) == turns


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"expand": 5}, "expand and output go together"),
        ({"output": Path("x.jsonl")}, "expand and output go together"),
        ({"expand": -1}, "expand -1"),
        ({"long": 2.0}, "long 2.0 must be between 0 and 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object], fault: str) -> None:
    with pytest.raises(RecipeError, match=fault):
        BankSettings(**wrong)  # type: ignore[arg-type] # that is the point
