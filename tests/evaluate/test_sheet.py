"""The numbers for programs are those of the page, whatever a model is called."""

import csv
import html
import io
import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scorecards import with_suites

from quimbot.evaluate.report import report
from quimbot.evaluate.sheet import FIELDS, as_csv
from quimbot.runs.watch import Silent


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r")), max_size=4)
)
def test_any_name_comes_back_whole(names: list[str]) -> None:
    rows = [dict.fromkeys(FIELDS) | {"model": name, "n": 3} for name in names]
    read = list(csv.DictReader(io.StringIO(as_csv(rows), newline="")))
    assert [(row["model"], row["n"], row["perplexity"]) for row in read] == [
        (name, "3", "") for name in names
    ]


def test_numbers_stand_beside_the_page_for_programs(tmp_path: Path) -> None:
    settings = with_suites(tmp_path)
    report(settings, Silent())
    with (tmp_path / "report.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    one = {"address": "stage1/step-000020", "suite": "scaffolding", "turns": "60"}
    (row,) = [row for row in rows if row.items() >= {**one, "counted": "verified"}.items()]
    assert (row["n"], row["passed"], row["rate"]) == ("60", "30", "0.5")
    assert float(row["low"]) < 0.5 < float(row["high"])
    assert (row["role"], row["step"], row["standing"]) == ("picked", "20", "best")
    assert float(row["perplexity"]) == pytest.approx(math.exp(0.5 + 18 / 9))
    assert {row["measure"] for row in rows} == {"recast", "tone", "answer"}
    told = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert told["verdict"] in html.unescape(settings.output.read_text("utf-8"))
    assert len(told["scores"]) == len(rows)
    assert [len(part["gained"]) for part in told["flips"]] == [29, 10]
    assert [part["theirs"] for part in told["flips"]] == ["base", "stage1 step 10"]
    first = {"ours": "stage1 step 20", "theirs": "base", "both": 1, "neither": 30}
    assert told["pairs"][0] == {**first, "lost": 0, "gained": 29}
    assert told["charts"][0]["rows"][0][0] == "base"
    assert told["picked"]["address"] == "stage1/step-000020"
