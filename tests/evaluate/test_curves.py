"""Curves: what there are numbers for, every training a line of its own, long ones thinned."""

from pathlib import Path

import pytest
from scorecards import judged, write_perplexity, write_scores

from quimbot.evaluate.curves import all_charts, over_steps, trade, training
from quimbot.evaluate.table import Row, names, rows
from quimbot.records.jsonl import write_rows
from quimbot.runs.scorecard import read_judged, read_perplexities, read_scorecard


def _rows(folder: Path, passes: dict[str, int], *, measured: bool = True) -> list[Row]:
    write_scores(
        folder,
        {name: [judged(name, i, passed=i < n) for i in range(20)] for name, n in passes.items()},
    )
    surprise = read_perplexities(write_perplexity(folder / "p.json", dict.fromkeys(passes, 1.5)))
    card = read_scorecard(folder)
    return rows(
        card,
        card.measure,
        list(read_judged(folder)),
        surprise if measured else None,
        base="base",
        picked="one/step-000020",
        short=names(list(passes)),
    )


STEPS = {"base": 1, "one/step-000010": 8, "one/step-000020": 12, "two/step-000005": 9}


def test_behaviour_and_perplexity_share_their_steps(tmp_path: Path) -> None:
    chart = over_steps(_rows(tmp_path, STEPS))
    assert chart
    assert chart.svg.count(">20</text>") == 2
    assert "one step 20: verified 60% (27 to 86), perplexity 4.48" in chart.says
    assert chart.rows[0][0] == "base"
    assert [row[0] for row in chart.rows[1:]] == ["one step 10", "one step 20", "two step 5"]


def test_two_trainings_are_two_lines(tmp_path: Path) -> None:
    both = over_steps(_rows(tmp_path, STEPS))
    one = over_steps(_rows(tmp_path, {name: n for name, n in STEPS.items() if "two" not in name}))
    assert both
    assert one
    lines = 'stroke="var(--ours)" stroke-width="2"'
    assert both.svg.count(lines) == one.svg.count(lines) + 2  # one in each panel


def test_the_base_model_stands_in_the_trade(tmp_path: Path) -> None:
    chart = trade(_rows(tmp_path, STEPS))
    assert chart
    assert ">base</text>" in chart.svg
    assert len(chart.rows) == len(STEPS)


def test_labels_of_near_points_give_way_to_the_picked_the_base_and_the_last(
    tmp_path: Path,
) -> None:
    crowd = {"base": 1} | {f"one/step-{step:06d}": 9 for step in (10, 20, 30, 40, 50)}
    chart = trade(_rows(tmp_path, crowd))
    assert chart
    labels = [
        tag for tag in ("base", "10", "20", "30", "40", "50") if f">{tag}</text>" in chart.svg
    ]
    assert labels == ["base", "20"]
    assert len(chart.rows) == len(crowd)


def test_without_perplexity_there_is_no_trade_but_behaviour(tmp_path: Path) -> None:
    shown = _rows(tmp_path, STEPS, measured=False)
    assert trade(shown) is None
    chart = over_steps(shown)
    assert chart
    assert "perplexity a token" not in chart.svg
    assert chart.title == "Behaviour over the steps"


def test_one_checkpoint_is_no_curve(tmp_path: Path) -> None:
    shown = _rows(tmp_path, {"base": 1, "one/step-000010": 8}, measured=False)
    assert all_charts(shown, []) == []


@pytest.mark.parametrize("steps", [1, 149, 150, 1000])
def test_a_long_training_is_thinned_by_means(tmp_path: Path, steps: int) -> None:
    write_rows(tmp_path / "m.jsonl", [{"step": i, "loss": 3 / i} for i in range(1, steps + 1)])
    chart = training(tmp_path / "m.jsonl", "stage1")
    assert chart
    (line,) = [part for part in chart.svg.split("<path") if "var(--faint)" in part]
    assert line.count("L") + 1 <= 149
    assert ("mean of every" in chart.about) == (steps >= 150)


def test_metrics_without_losses_are_no_chart(tmp_path: Path) -> None:
    write_rows(tmp_path / "m.jsonl", [{"step": 1, "note": "x"}])
    assert training(tmp_path / "m.jsonl", "m") is None
