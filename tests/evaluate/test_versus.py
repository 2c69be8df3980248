"""`better` is said only where the interval says so, and only the same turns are compared."""

import csv
import itertools
from pathlib import Path

import msgspec
import pytest
from msgspec import structs
from scorecards import judged, write_scores

from quimbot.evaluate.pairs import Pairs
from quimbot.evaluate.versus import CompareSettings, compare_tutors
from quimbot.exceptions import DataError, RecipeError
from quimbot.runs.scorecard import SCORES, Judged, read_scorecard
from quimbot.runs.watch import Silent

N = 100


def _rows(address: str, right: int) -> list[Judged]:
    return [judged(address, number, passed=number * 37 % N < right) for number in range(N)]


def _field(**rates: int) -> dict[str, list[Judged]]:
    return {address: _rows(address, right) for address, right in rates.items()}


def _compared(
    tmp_path: Path,
    *scores: Path,
    runtimes: tuple[str, ...] = (),
    against: str = "",
    measure: str = "",
) -> tuple[Pairs, str]:
    settings = CompareSettings(
        scores=scores,
        output=tmp_path / "pairs.json",
        csv=tmp_path / "pairs.csv",
        runtimes=runtimes,
        against=against,
        measure=measure,
    )
    summary = compare_tutors(settings, Silent())
    return msgspec.json.decode((tmp_path / "pairs.json").read_bytes(), type=Pairs), summary


def test_a_pair_says_everything_once(tmp_path: Path) -> None:
    scores = write_scores(tmp_path / "s", _field(base=40, tuned=70))
    found, summary = _compared(tmp_path, scores)
    (pair,) = found.pairs
    assert (pair.ours, pair.theirs, pair.verdict) == ("tuned", "base", "better")
    assert (pair.n, pair.wins, pair.losses) == (100, 30, 0)
    assert pair.difference == pytest.approx(0.3)
    assert 0.2 < pair.low < 0.3 < pair.high < 0.4
    assert (pair.ours_low, pair.ours_high) == pytest.approx((0.604, 0.781), abs=1e-3)
    assert pair.p_holm == pair.p == pytest.approx(2 * 0.5**30)
    assert found.sentences[0].startswith(
        "tuned better than base: recast 70% (60-78) against 40% (31-50), +30 points "
        "(95% interval +22 to +37), 30 won and 0 lost of 100 turns, p <0.001; "
        "these turns would show 10 points."
    )
    assert summary == "compared 2 tutors by recast on scaffolding: tuned better than base"
    assert (len(pair.won), pair.lost) == (30, ())
    assert pair.won[:3] == ("turn-4", "turn-7", "turn-12")


def test_better_is_never_said_where_zero_is_possible(tmp_path: Path) -> None:
    scores = write_scores(tmp_path / "s", _field(base=40, one=41, two=38, three=75))
    found, summary = _compared(tmp_path, scores)
    assert len(found.pairs) == 6
    for pair, sentence in zip(found.pairs, found.sentences, strict=True):
        open_ = pair.low <= 0 <= pair.high
        assert (pair.verdict == "no difference shown") == open_
        assert ("better" in sentence or "worse" in sentence) != open_
        assert "these turns would show" in sentence
    assert "one and base, no difference shown" in summary
    assert "turns would show 5." in found.sentences[0]


def test_p_values_are_adjusted_over_all_pairs(tmp_path: Path) -> None:
    scores = write_scores(tmp_path / "s", _field(base=40, one=48, two=50))
    found, _ = _compared(tmp_path, scores)
    assert all(pair.p <= pair.p_holm <= 3 * pair.p for pair in found.pairs)
    assert min(pair.p for pair in found.pairs) * 3 == min(pair.p_holm for pair in found.pairs)
    assert " by Holm over 3 pairs)" in found.sentences[0]


def test_what_the_test_does_not_bear_out_is_no_difference_shown(tmp_path: Path) -> None:
    names = {f"t{number}": 40 for number in range(11)}
    scores = write_scores(tmp_path / "s", _field(base=40, good=47, **names))
    found, summary = _compared(tmp_path, scores)
    pair = found.pairs[0]
    assert pair.low > 0
    assert pair.p < 0.05 < pair.p_holm
    assert pair.verdict == "no difference shown"
    assert found.sentences[0].endswith(
        "; the interval leaves out zero, but the test does not bear it out: score more turns."
    )
    assert "better" not in summary + found.sentences[0]
    alone, _ = _compared(tmp_path, scores, runtimes=("base", "good"))
    assert alone.pairs[0].verdict == "better"


def test_more_than_four_are_compared_with_the_first_or_the_one_named(tmp_path: Path) -> None:
    scores = write_scores(tmp_path / "s", _field(a=10, b=20, c=30, d=40, e=50))
    found, _ = _compared(tmp_path, scores)
    assert [(pair.ours, pair.theirs) for pair in found.pairs] == [(x, "a") for x in "bcde"]
    found, _ = _compared(tmp_path, scores, against="c")
    assert [(pair.ours, pair.theirs) for pair in found.pairs] == [(x, "c") for x in "abde"]
    assert [pair.verdict for pair in found.pairs] == ["worse", "worse", "better", "better"]
    found, _ = _compared(tmp_path, scores, runtimes=("e", "b"), against="c")
    assert [(pair.ours, pair.theirs) for pair in found.pairs] == [("e", "c"), ("b", "c")]
    found, _ = _compared(tmp_path, scores, runtimes=tuple("cab"))
    assert [(pair.ours, pair.theirs) for pair in found.pairs] == [
        (later, earlier) for earlier, later in itertools.combinations("cab", 2)
    ]


def test_the_csv_holds_the_same_numbers(tmp_path: Path) -> None:
    found, _ = _compared(tmp_path, write_scores(tmp_path / "s", _field(a=10, b=20, c=21)))
    with (tmp_path / "pairs.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["ours"], row["theirs"], row["verdict"]) for row in rows] == [
        (pair.ours, pair.theirs, pair.verdict) for pair in found.pairs
    ]
    assert [float(row["p_holm"]) for row in rows] == [pair.p_holm for pair in found.pairs]


def test_folders_over_the_same_turns_are_read_together(tmp_path: Path) -> None:
    one = write_scores(tmp_path / "one", _field(base=40, x=50))
    two = write_scores(tmp_path / "two", _field(base=40, y=60))
    together = write_scores(tmp_path / "all", _field(base=40, x=50, y=60))
    assert _compared(tmp_path, one, two) == _compared(tmp_path, together)


def test_folders_over_other_turns_or_drawn_otherwise_are_refused(tmp_path: Path) -> None:
    one = write_scores(tmp_path / "one", _field(base=40, x=50))
    subset = write_scores(tmp_path / "two", {"base": _rows("base", 40)[:60]})
    other = write_scores(tmp_path / "three", _field(y=60), suite="tone")
    longer = write_scores(tmp_path / "four", _field(y=60), max_tokens=96)
    with pytest.raises(DataError, match=r"two: scored on 60 of 233 .*one on 100 of 233"):
        _compared(tmp_path, one, subset)
    with pytest.raises(DataError, match=r"three: scored on 100 of 233 turns of tone"):
        _compared(tmp_path, one, other)
    with pytest.raises(DataError, match=r"four: scored with max_tokens 96.*one with max_tokens 48"):
        _compared(tmp_path, one, longer)
    assert not (tmp_path / "pairs.json").exists()


def test_an_address_that_was_trained_anew_between_is_refused(tmp_path: Path) -> None:
    one = write_scores(tmp_path / "one", _field(base=40, x=50))
    two = write_scores(tmp_path / "two", _field(x=60))
    card = read_scorecard(two)
    anew = structs.replace(card, scores=(structs.replace(card.scores[0], adapter="f" * 64),))
    (two / SCORES).write_bytes(msgspec.json.encode(anew))
    with pytest.raises(DataError, match=r"two: x had other weights than in .*one"):
        _compared(tmp_path, one, two)


def test_unknown_names_list_the_known_ones(tmp_path: Path) -> None:
    scores = write_scores(tmp_path / "s", _field(base=40, tuned=50))
    with pytest.raises(
        DataError, match=r"'tined' is not among .*base, tuned; did you mean 'tuned'"
    ):
        _compared(tmp_path, scores, runtimes=("base", "tined"))
    with pytest.raises(DataError, match="'bose' is not among"):
        _compared(tmp_path, scores, against="bose")
    with pytest.raises(DataError, match="no measure 'tone'; allowed: recast"):
        _compared(tmp_path, scores, measure="tone")
    with pytest.raises(DataError, match="only base to compare; name two"):
        _compared(tmp_path, scores, runtimes=("base",))
    with pytest.raises(RecipeError, match="scores is empty"):
        CompareSettings(scores=(), output=tmp_path / "x")


def test_a_turn_or_two_show_nothing_and_no_number_of_turns_is_made_up(tmp_path: Path) -> None:
    for n in (1, 2):
        rows: dict[str, list[Judged]] = {"base": [], "tuned": []}
        for number in range(n):
            rows["base"].append(judged("base", number, passed=False))
            rows["tuned"].append(judged("tuned", number, passed=True))
        found, _ = _compared(tmp_path, write_scores(tmp_path / str(n), rows))
        assert found.sentences[0].startswith("tuned and base, no difference shown")
        assert found.sentences[0].endswith("; so few turns show nothing.")


def test_without_a_turn_in_common_it_is_one_line(tmp_path: Path) -> None:
    ours, theirs = _rows("ours", 40)[:50], _rows("theirs", 50)[50:]
    scores = write_scores(tmp_path / "s", {"ours": ours, "theirs": theirs})
    with pytest.raises(DataError, match="theirs and ours answered no turn in common"):
        _compared(tmp_path, scores)


def test_the_measure_of_a_suite_is_taken_where_no_recast_was_asked(tmp_path: Path) -> None:
    rows = {
        address: [structs.replace(row, check="tone", move=None) for row in own]
        for address, own in _field(base=40, tuned=70).items()
    }
    found, summary = _compared(tmp_path, write_scores(tmp_path / "s", rows, suite="my/tone.jsonl"))
    assert found.measure == "tone"
    assert summary == "compared 2 tutors by tone on tone: tuned better than base"
