"""The page says how the verifier and people compare, from how many labels, and about what."""

from pathlib import Path

import msgspec
import pytest
from labelled import save_labels, some_judged
from scorecards import ATTACK, attacking, write_scores

from quimbot.evaluate.criteria import Criterion
from quimbot.evaluate.label.open import LabelOpenSettings, Opened, label_open
from quimbot.exceptions import DataError, RecipeError
from quimbot.runs.scorecard import Judged
from quimbot.runs.watch import Silent


def _opened(
    tmp_path: Path,
    people: dict[str, int],
    *,
    criterion: Criterion = "recast",
    rows: list[Judged] | None = None,
    note: str = "",
) -> tuple[Opened, str]:
    """Rater -> how many replies they label, all as the verifier does but the first two."""
    rows = rows or some_judged()
    scores = write_scores(tmp_path / "scores", {"secret-model": rows})
    exports: list[Path] = []
    for rater, count in people.items():
        answers: dict[str, dict[Criterion, bool]] = {
            row.record.id: {criterion: row.verified ^ (number < 2)}
            for number, row in enumerate(rows[-1 : -count - 1 : -1])
        }
        exports.append(save_labels(tmp_path / f"{len(exports)}.jsonl", rater, answers, note))
    settings = LabelOpenSettings(
        exports=tuple(exports), scores=scores, output=tmp_path / "opened.html"
    )
    told = label_open(settings, Silent())
    opened = msgspec.json.decode((tmp_path / "opened.json").read_bytes(), type=Opened)
    assert told == f"{opened.verdict} {opened.enough}"
    return opened, settings.output.read_text()


def test_one_sentence_tells_how_far_they_agree(tmp_path: Path) -> None:
    opened, page = _opened(tmp_path, {"Ana": 95})
    assert opened.verdict.startswith(
        "On recast, the verifier says the same as Ana about 93 of 95 replies (kappa 0.95, 95% "
    )
    assert opened.enough == "Everybody labelled at least 50 replies."
    assert "all 95 replies in the scores" in opened.about
    assert opened.people == ()
    assert len(opened.disputes) == 2
    assert opened.verdict in page


def test_fewer_than_fifty_labels_are_said_to_be_few(tmp_path: Path) -> None:
    opened, page = _opened(tmp_path, {"Ana": 95, "Ben": 49})
    assert opened.enough == "Fewer than 50 labels (Ben 49): too few to trust any one number."
    assert opened.enough in page
    assert " and Ben about 47 of 49 replies" in opened.verdict
    assert [one.agreement.n for one in opened.people] == [49]


def test_three_people_are_summed_up_as_most_of_them(tmp_path: Path) -> None:
    opened, _ = _opened(tmp_path, {"Ana": 60, "Ben": 60, "Cleo": 60})
    assert "the same as most people about 58 of 60" in opened.verdict
    assert opened.raters == {"Ana": 60, "Ben": 60, "Cleo": 60}


def test_a_question_that_the_verifier_cannot_answer_compares_only_people(tmp_path: Path) -> None:
    opened, page = _opened(tmp_path, {"Ana": 60, "Ben": 60}, criterion="natural")
    assert opened.verdict == "The verifier has no answer of its own to what was asked."
    assert opened.verifier == ()
    assert [one.agreement.value for one in opened.people] == [1]
    assert "People among each other" in page


def test_texts_of_models_and_raters_stay_texts(tmp_path: Path) -> None:
    rows = [attacking(row) for row in some_judged(0, (1,))]
    opened, page = _opened(tmp_path, {"<i>Ana</i>": 1}, rows=rows, note=ATTACK)
    assert opened.disputes[0].text == opened.disputes[0].notes["<i>Ana</i>"] == ATTACK
    assert "<script>" not in page
    assert "<i>Ana" not in page


def test_labels_of_other_scores_are_one_line(tmp_path: Path) -> None:
    _opened(tmp_path, {"Ana": 5})
    others = write_scores(tmp_path / "others", {"m": some_judged(3, ())})
    settings = LabelOpenSettings(
        exports=(tmp_path / "0.jsonl",), scores=others, output=tmp_path / "b.html"
    )
    with pytest.raises(DataError, match=r"0\.jsonl:1: reply .* is not among these scores"):
        label_open(settings, Silent())
    assert not settings.output.exists()


def test_nothing_to_open_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="exports is empty"):
        LabelOpenSettings(exports=(), scores=tmp_path, output=tmp_path)
