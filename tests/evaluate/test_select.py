"""The choice follows its rule, and its sentence claims no more than the interval shows."""

from pathlib import Path

import pytest
from msgspec import structs
from scorecards import judged, write_perplexity, write_scores

from quimbot.evaluate.select import SelectSettings, select
from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import write_json
from quimbot.runs.scorecard import SCORES, Judged, Picked, read_picked, read_scorecard
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


def test_the_sentence_says_what_decided_a_tie(tmp_path: Path) -> None:
    """The highest is named, also where it is not the next choice."""
    rates = {"base": 2, "step-10": 60, "step-20": 58, "step-30": 57}
    rows = {address: _rows(address, right) for address, right in rates.items()}
    nats = {"base": 3, "step-10": 1.3, "step-20": 1.1, "step-30": 1.2}
    picked = _picked(tmp_path, rows, nats)
    assert (picked.step, picked.next) == (20, "step-30")
    assert (
        "step 10 has 60%, within one standard error, so the lower held-out perplexity decided "
        "(3.00 against 3.67)"
    ) in picked.sentence
    assert "the earlier step decided (held-out perplexity 2.72 for both)" in (
        _picked(
            tmp_path,
            {"base": rows["base"], "step-1": _rows("step-1", 58), "step-10": rows["step-10"]},
        ).sentence
    )
    assert "decided" not in _picked(tmp_path, rows, nats | {"step-10": 1}).sentence


def test_the_best_of_many_is_told_as_such(tmp_path: Path) -> None:
    """Its interval holds for all at once, and the sentence says what picking does."""
    two = {address: _rows(address, right) for address, right in (("base", 30), ("step-1", 45))}
    many = two | {f"step-{step}": _rows(f"step-{step}", 20) for step in range(2, 9)}
    alone, best = _picked(tmp_path / "two", two), _picked(tmp_path / "many", many)
    assert alone.address == best.address == "step-1"
    assert alone.over_base[0] == best.over_base[0]
    assert best.over_base[1] < alone.over_base[1]
    assert "95% interval for 8 at once +" in best.sentence
    assert best.sentence.endswith(
        "; picked from 8 on these turns, so expect somewhat less of it on others."
    )
    assert "at once" not in alone.sentence
    assert "expect" not in alone.sentence


def test_requests_without_a_reply_are_told(tmp_path: Path) -> None:
    rows = {"base": _rows("base", 2), "step-10": _rows("step-10", 60)}
    scores = write_scores(tmp_path / "scores", rows)
    card = read_scorecard(scores)
    lost = tuple(structs.replace(score, asked=120, failed=20) for score in card.scores)
    write_json(scores / SCORES, structs.replace(card, scores=lost))
    settings = SelectSettings(
        scores=scores,
        perplexity=write_perplexity(tmp_path / "p.json", dict.fromkeys(rows, 1.0)),
        output=tmp_path / "picked.json",
        base="base",
    )
    select(settings, Silent())
    sentence = read_picked(settings.output).sentence
    assert "20 of 120 requests got no reply and are left out" in sentence


def test_turns_that_do_not_count_leave_nothing_to_choose_by(tmp_path: Path) -> None:
    rows = {
        address: [
            structs.replace(row, verdict=structs.replace(row.verdict, score=None))
            for row in _rows(address, 30)
        ]
        for address in ("base", "step-10")
    }
    with pytest.raises(DataError, match="no turn in common that counts for recast; score both"):
        _picked(tmp_path, rows)


def test_a_typo_is_told_the_name_that_was_meant(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no 'recsat'; .*did you mean 'recast'\?"):
        _picked(tmp_path, _field(RECASTS), measure="recsat")


def test_a_suite_named_twice_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"keep names .*general twice"):
        SelectSettings(
            scores=tmp_path,
            perplexity=tmp_path,
            output=tmp_path,
            base="b",
            keep=(tmp_path / "general", tmp_path / "general"),
        )


def test_no_difference_is_never_called_one(tmp_path: Path) -> None:
    rows = {
        "base": _rows("base", 59),
        "step-10": _rows("step-10", 60),
        "step-20": _rows("step-20", 60),
    }
    sentence = _picked(tmp_path, rows).sentence
    assert sentence.count("no difference shown to") == 2
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
    assert (
        "; set aside: step 30 (a question in 89% (77-95)), step 20 (red-pen language in 3% (1-11));"
    ) in picked.sentence


def test_when_none_qualifies_the_best_is_taken_and_it_says_so(tmp_path: Path) -> None:
    rows = {"base": _rows("base", 2), "step-20": _rows("step-20", 80, red_pen=3)}
    picked = _picked(tmp_path, rows)
    assert picked.step == 20
    assert picked.over_next is None
    assert picked.sentence.startswith(
        "No checkpoint keeps to the limits; of all, step 20: verified"
    )
    assert "out of limits: step 20 (red-pen language in 3% (1-11))" in picked.sentence


CHAT = {"base": 90, "step-10": 88, "step-20": 60}
RECASTS = {"base": 2, "step-10": 40, "step-20": 70}


def _field(rates: dict[str, int]) -> dict[str, list[Judged]]:
    return {address: _rows(address, right) for address, right in rates.items()}


def test_a_checkpoint_whose_general_score_fell_is_set_aside_and_named(tmp_path: Path) -> None:
    assert _picked(tmp_path, _field(RECASTS)).step == 20
    picked = _picked(tmp_path, _field(RECASTS), keep={"general": _field(CHAT)})
    assert (picked.step, picked.over_next) == (10, None)
    assert "general not shown to have fallen (-2 points, 95% interval -6 to +2" in picked.sentence
    assert "set aside: step 20 (general fell: -30 points, 95% interval -37 to -22)" in (
        picked.sentence
    )
    assert "whose pass rate on general has not fallen" in picked.rule
    assert picked.aside == {"step-20": ("general fell: -30 points, 95% interval -37 to -22",)}


def test_when_all_have_fallen_the_best_is_taken_and_it_says_so(tmp_path: Path) -> None:
    fallen = {"general": _field({**CHAT, "step-10": 50})}
    picked = _picked(tmp_path, _field(RECASTS), keep={**fallen, "safety": _field(CHAT)})
    assert picked.step == 20
    assert picked.sentence.startswith(
        "No checkpoint keeps to the limits; of all, step 20: verified"
    )
    assert "step 20 (general fell: -30 points, 95% interval -37 to -22, safety fell:" in (
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
