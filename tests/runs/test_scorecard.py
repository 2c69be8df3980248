"""What evaluation leaves behind is read back as written, or refused in one line."""

from pathlib import Path

import pytest
from scorecards import judged, write_perplexity, write_scores

from quimbot.exceptions import DataError
from quimbot.runs.scorecard import (
    Rate,
    read_judged,
    read_perplexities,
    read_picked,
    read_scorecard,
    score_folders,
)


def test_scores_and_replies_are_read_back(tmp_path: Path) -> None:
    rows = [judged("m", number, passed=number % 2 == 0) for number in range(6)]
    write_scores(tmp_path, {"m": rows})
    assert list(read_judged(tmp_path)) == rows
    (score,) = read_scorecard(tmp_path).scores
    assert (score.verified.passed, score.verified.n, score.verified.value) == (3, 6, 0.5)


def test_perplexities_are_read_back(tmp_path: Path) -> None:
    result = read_perplexities(write_perplexity(tmp_path / "p.json", {"m": 1.0}))
    assert result.runtimes[0].overall.perplexity == pytest.approx(2.718281828)


def test_a_judged_reply_shows_what_was_found() -> None:
    good, bad = judged("m", 1, passed=True), judged("m", 2, passed=False, red_pen=True)
    assert (good.verified, good.recast, good.recast_any, good.form_only) == (
        True,
        True,
        True,
        False,
    )
    assert (bad.verified, bad.recast, bad.recast_any) == (False, False, False)
    assert bad.shows("red_pen")
    assert not good.shows("red_pen")
    assert good.learner.startswith("Yesterday I go")
    assert good.reply.startswith("Oh, you went")


def test_nothing_of_nothing_is_zero() -> None:
    assert Rate(passed=0, n=0, low=0, high=1).value == 0


def test_damage_is_one_line_that_names_file_and_remedy(tmp_path: Path) -> None:
    (tmp_path / "picked.json").write_text('{"address": 3}')
    with pytest.raises(DataError, match=r"picked\.json: .*`quimbot select` writes it anew"):
        read_picked(tmp_path / "picked.json")
    with pytest.raises(DataError, match=r"scores\.json: no such file; `quimbot score` writes it"):
        read_scorecard(tmp_path)


def test_a_folder_of_several_suites_stands_for_each(tmp_path: Path) -> None:
    rows = {"m": [judged("m", 1, passed=True)]}
    one = write_scores(tmp_path / "one", rows)
    assert score_folders(one) == [one]
    both = [write_scores(tmp_path / "many" / name, rows) for name in ("a", "b")]
    assert score_folders(tmp_path / "many") == both
    assert score_folders(tmp_path / "none") == [tmp_path / "none"]
