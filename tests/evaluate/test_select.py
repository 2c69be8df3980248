"""The choice follows its rule, and its sentence claims no more than the interval shows."""

from pathlib import Path

import pytest
from msgspec import structs
from scorecards import judged, write_perplexity, write_scores

from quimbot.evaluate.select import SelectSettings, select
from quimbot.exceptions import DataError, RecipeError
from quimbot.runs.scorecard import Judged, Picked, read_picked
from quimbot.runs.watch import Silent

N = 100


def _rows(address: str, right: int, *, asks: int = N, red_pen: int = 0) -> list[Judged]:
    return [
        judged(
            address,
            number,
            passed=number * 37 % N < right,
            question=number < asks,
            red_pen=number < red_pen,
        )
        for number in range(N)
    ]


def _picked(
    tmp_path: Path,
    rows: dict[str, list[Judged]],
    nats: dict[str, float] | None = None,
    *,
    measure: str = "recast",
    keep: dict[str, dict[str, list[Judged]]] | None = None,
) -> Picked:
    scores = write_scores(tmp_path / "scores", rows)
    perplexity = write_perplexity(tmp_path / "p.json", nats or dict.fromkeys(rows, 1.0))
    settings = SelectSettings(
        scores=scores,
        perplexity=perplexity,
        output=tmp_path / "picked.json",
        base="base",
        measure=measure,
        keep=tuple(
            write_scores(tmp_path / suite, own, suite=suite) for suite, own in (keep or {}).items()
        ),
    )
    select(settings, Silent())
    return read_picked(tmp_path / "picked.json")


def test_highest_rate_wins_and_the_interval_says_so(tmp_path: Path) -> None:
    rows = {
        "base": _rows("base", 2),
        "s/step-10": _rows("s/step-10", 40),
        "s/step-20": _rows("s/step-20", 70),
    }
    picked = _picked(tmp_path, rows)
    assert (picked.address, picked.step, picked.next) == ("s/step-20", 20, "s/step-10")
    assert picked.sentence.startswith(
        "step 20: verified recasts in 70% of 100 replies, higher than"
    )
    assert "+68 points" in picked.sentence
    assert picked.over_base[0] == pytest.approx(0.68)
    assert 0 < picked.over_base[1] < 0.68 < picked.over_base[2]
    assert "highest verified recast rate" in picked.rule


def test_a_tie_goes_to_lower_perplexity_then_to_the_earlier_step(tmp_path: Path) -> None:
    rows = {
        "base": _rows("base", 2),
        "step-10": _rows("step-10", 59),
        "step-20": _rows("step-20", 60),
    }
    by_surprise = _picked(tmp_path, rows, {"base": 3, "step-10": 1.2, "step-20": 1.1})
    assert by_surprise.step == 20
    assert _picked(tmp_path, rows, {"base": 3, "step-10": 1.1, "step-20": 1.2}).step == 10
    assert _picked(tmp_path, rows).step == 10


def test_no_difference_is_never_called_one(tmp_path: Path) -> None:
    rows = {
        "base": _rows("base", 59),
        "step-10": _rows("step-10", 60),
        "step-20": _rows("step-20", 60),
    }
    sentence = _picked(tmp_path, rows).sentence
    assert sentence.count("no difference to") == 2
    assert "would show" in sentence
    assert "higher" not in sentence
    assert "better" not in sentence


def test_red_pen_and_silence_disqualify(tmp_path: Path) -> None:
    rows = {
        "base": _rows("base", 2),
        "step-10": _rows("step-10", 30),
        "step-20": _rows("step-20", 80, red_pen=3),
        "step-30": _rows("step-30", 90, asks=89),
    }
    picked = _picked(tmp_path, rows)
    assert picked.step == 10
    assert picked.over_next is None
    assert picked.sentence.endswith(
        "; set aside: step 30 (a question in 89% (81-94)), step 20 (red-pen language in 3% (1-8))."
    )


def test_when_none_qualifies_the_best_is_taken_and_it_says_so(tmp_path: Path) -> None:
    rows = {"base": _rows("base", 2), "step-20": _rows("step-20", 80, red_pen=3)}
    picked = _picked(tmp_path, rows)
    assert picked.step == 20
    assert picked.over_next is None
    assert "no checkpoint keeps to the limits" in picked.sentence
    assert "set aside: step 20 (red-pen language in 3% (1-8))" in picked.sentence


CHAT = {"base": 90, "step-10": 88, "step-20": 60}
RECASTS = {"base": 2, "step-10": 40, "step-20": 70}


def _field(rates: dict[str, int]) -> dict[str, list[Judged]]:
    return {address: _rows(address, right) for address, right in rates.items()}


def test_a_checkpoint_whose_general_score_fell_is_set_aside_and_named(tmp_path: Path) -> None:
    assert _picked(tmp_path, _field(RECASTS)).step == 20
    picked = _picked(tmp_path, _field(RECASTS), keep={"general": _field(CHAT)})
    assert (picked.step, picked.over_next) == (10, None)
    assert "general not shown to have fallen (-2 points, 95% interval -5 to +0" in picked.sentence
    assert "set aside: step 20 (general fell: -30 points, 95% interval -37 to -23)" in (
        picked.sentence
    )
    assert "whose pass rate on general has not fallen" in picked.rule
    assert picked.aside == {"step-20": ("general fell: -30 points, 95% interval -37 to -23",)}


def test_when_all_have_fallen_the_best_is_taken_and_it_says_so(tmp_path: Path) -> None:
    fallen = {"general": _field({**CHAT, "step-10": 50})}
    picked = _picked(tmp_path, _field(RECASTS), keep={**fallen, "safety": _field(CHAT)})
    assert picked.step == 20
    assert "no checkpoint keeps to the limits, so this one was chosen among all" in picked.sentence
    assert "step 20 (general fell: -30 points, 95% interval -37 to -23, safety fell:" in (
        picked.sentence
    )
    assert "safety not shown" not in picked.sentence


def test_a_fall_that_may_be_chance_sets_nobody_aside(tmp_path: Path) -> None:
    picked = _picked(tmp_path, _field(RECASTS), keep={"general": _field({**CHAT, "step-20": 89})})
    assert picked.step == 20
    assert "set aside" not in picked.sentence


def test_kept_scores_without_the_base_or_a_checkpoint_are_one_line(tmp_path: Path) -> None:
    for missing in ("base", "step-10"):
        chat = {address: right for address, right in CHAT.items() if address != missing}
        with pytest.raises(DataError, match=f"general: {missing} is not among these scores"):
            _picked(tmp_path, _field(RECASTS), keep={"general": _field(chat)})


def test_the_choice_may_go_by_another_measure(tmp_path: Path) -> None:
    rows = {
        address: [structs.replace(row, check="tone", move=None) for row in own]
        for address, own in _field(RECASTS).items()
    }
    with pytest.raises(DataError, match="holds no 'recast'; measures there: tone"):
        _picked(tmp_path, rows)
    picked = _picked(tmp_path, rows, measure="tone")
    assert picked.sentence.startswith("step 20: tone verified in 70% of 100 replies, higher than")
    assert picked.measure == "tone"
    assert picked.rule.startswith("highest verified tone rate")


def test_a_base_that_was_not_scored_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the base 'base' is not among the scores"):
        _picked(tmp_path, {"step-10": _rows("step-10", 30)})


def test_nothing_to_choose_from_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="only the base is scored"):
        _picked(tmp_path, {"base": _rows("base", 30)})


def test_a_checkpoint_without_perplexity_is_one_line(tmp_path: Path) -> None:
    rows = {"base": _rows("base", 2), "step-10": _rows("step-10", 30)}
    with pytest.raises(DataError, match="step-10 is not in it"):
        _picked(tmp_path, rows, {"base": 1.0})


def test_missing_scores_name_the_command_that_writes_them(tmp_path: Path) -> None:
    settings = SelectSettings(
        scores=tmp_path, perplexity=tmp_path, output=tmp_path / "p.json", base="base"
    )
    with pytest.raises(DataError, match="`quimbot score` writes it"):
        select(settings, Silent())


def test_limits_are_shares(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="max_red_pen is 2"):
        SelectSettings(
            scores=tmp_path, perplexity=tmp_path, output=tmp_path, base="b", max_red_pen=2
        )
