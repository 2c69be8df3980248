"""The sheet shows both sides of the verifier evenly, and gives nothing away."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from labelled import REASONS, some_judged
from msgspec import structs
from scorecards import attacking, write_scores

from quimbot.evaluate.label.make import LabelMakeSettings, draw, label_make
from quimbot.evaluate.labels import labelled_replies
from quimbot.exceptions import DataError, RecipeError
from quimbot.runs.scorecard import Judged
from quimbot.runs.watch import Silent


def _drawn(rows: list[Judged], count: int, seed: int = 0) -> list[Judged]:
    return draw(labelled_replies(rows).values(), count, seed)


def test_half_is_passed_and_every_failing_check_has_its_share() -> None:
    drawn = _drawn(some_judged(), 40)
    assert sum(row.verified for row in drawn) == 20
    assert Counter(row.verdict.reason for row in drawn if not row.verified) == {
        "no-recast": 8,
        "red-pen": 7,
        "off-topic": 5,  # all there are
    }


def test_the_other_kind_fills_what_one_lacks() -> None:
    assert sum(row.verified for row in _drawn(some_judged(passed=4), 40)) == 4
    assert sum(row.verified for row in _drawn(some_judged(failures=(3,)), 30)) == 27
    assert sum(row.verified for row in _drawn(some_judged(passed=0), 10)) == 0


@given(
    passed=st.integers(0, 9),
    failures=st.lists(st.integers(0, 9), max_size=len(REASONS)).map(tuple),
    data=st.data(),
)
def test_as_many_as_asked_for_each_once_and_the_same_again(
    passed: int, failures: tuple[int, ...], data: st.DataObject
) -> None:
    rows = some_judged(passed, failures)
    count, seed = data.draw(st.integers(0, len(rows))), data.draw(st.integers(0, 99))
    drawn = _drawn(rows, count, seed)
    ids = [row.record.id for row in drawn]
    assert len(set(ids)) == count
    assert ids == [row.record.id for row in _drawn(rows[::-1], count, seed)]


def test_within_a_kind_every_reply_is_as_likely() -> None:
    rows = some_judged(8, (8,))
    seen = Counter(row.record.id for seed in range(400) for row in _drawn(rows, 8, seed))
    assert set(seen) == {row.record.id for row in rows}
    assert 150 < min(seen.values()) <= max(seen.values()) < 250  # 200 each, five deviations


def test_the_page_knows_no_model_and_no_verdict(tmp_path: Path) -> None:
    rows = [attacking(row) if n % 5 == 0 else row for n, row in enumerate(some_judged())]
    scores = write_scores(tmp_path / "scores", {"secret-model": rows})
    settings = LabelMakeSettings(scores=scores, output=tmp_path / "sheet.html")
    told = label_make(settings, Silent())
    assert "60 replies, 30 that the verifier passes and 30 that it fails, 5 questions" in told
    page = settings.output.read_text()
    for secret in ("secret-model", *REASONS, "verdict", "passed", "Be a tutor"):
        assert secret not in page
    assert "<script>alert(1)" not in page


def test_too_few_replies_say_how_many_there_are(tmp_path: Path) -> None:
    scores = write_scores(tmp_path / "scores", {"m": some_judged(3, (4,))})
    settings = LabelMakeSettings(scores=scores, output=tmp_path / "sheet.html")
    with pytest.raises(DataError, match="60 replies are asked for, but only 7 different ones"):
        label_make(settings, Silent())
    assert not settings.output.exists()


def test_scores_without_errors_are_told_what_to_do(tmp_path: Path) -> None:
    rows = [
        structs.replace(row, verdict=structs.replace(row.verdict, score=None))
        for row in some_judged(3, ())
    ]
    assert not any(row.erroneous for row in rows)
    scores = write_scores(tmp_path / "scores", {"m": rows})
    settings = LabelMakeSettings(scores=scores, output=tmp_path / "sheet.html")
    with pytest.raises(DataError, match="no reply answers a turn with an error") as fault:
        label_make(settings, Silent())
    assert "--count" not in str(fault.value)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"count": 0}, "count is 0"),
        ({"criteria": ()}, "criteria is empty; name at least one of recast"),
        ({"raters": ("Ana", "ana")}, "raters must be names, each once"),
        ({}, "a; it must end in .html or .htm"),
    ],
)
def test_settings_that_make_no_sheet_are_refused(
    tmp_path: Path, changes: dict[str, object], fault: str
) -> None:
    with pytest.raises(RecipeError, match=fault):
        LabelMakeSettings(scores=tmp_path, output=tmp_path / "a", **changes)  # type: ignore[arg-type] # wrong on purpose
