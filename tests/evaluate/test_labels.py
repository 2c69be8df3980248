"""What people saved is read strictly: what was edited, mixed up or given twice is one line."""

from pathlib import Path

import pytest
from labelled import save_labels, some_judged
from reviews import written

from quimbot.evaluate.criteria import Criterion
from quimbot.evaluate.labels import labelled_replies, majority, read_labels, strata
from quimbot.exceptions import DataError

REPLIES = labelled_replies(some_judged())
FIRST, SECOND = list(REPLIES)[:2]
YES: dict[Criterion, bool] = {"natural": True}


def test_labels_come_back_in_order(tmp_path: Path) -> None:
    ana = save_labels(tmp_path / "a.jsonl", "Ana", {FIRST: YES, SECOND: {"natural": False}})
    ben = save_labels(tmp_path / "b.jsonl", "Ben", {FIRST: YES}, note="odd")
    found = read_labels([ana, ben], REPLIES)
    assert [(label.reply, label.rater, label.answers, label.note) for label in found] == [
        (FIRST, "Ana", YES, ""),
        (SECOND, "Ana", {"natural": False}, ""),
        (FIRST, "Ben", YES, "odd"),
    ]


def _row(reply: str = SECOND, **changes: object) -> dict[str, object]:
    given: dict[str, object] = {
        "sheet": "5ee7",
        "rater": "Ana",
        "place": 2,
        "reply": reply,
        "answers": YES,
        "note": "",
        "seconds": 3,
    }
    return given | changes


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (_row(answers={"natrual": True}), "natrual"),
        (_row(answers={"natural": "yes"}), "Expected `bool`"),
        (_row(mood=1), "unknown field `mood`"),
        (_row("gone"), "reply 'gone' is not among these scores; name the scores that"),
        (_row(FIRST), "'Ana' has labelled this reply before (PATH:1); give two people two names"),
    ],
)
def test_a_file_that_nobody_saved_so_is_one_line_with_its_place(
    tmp_path: Path, second: dict[str, object], said: str
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(written(_row(FIRST), second))
    with pytest.raises(DataError) as fault:
        read_labels([path], REPLIES)
    assert str(fault.value).startswith(f"{path}:2: ")
    assert said.replace("PATH", str(path)) in str(fault.value)


def test_two_people_with_one_name_are_told(tmp_path: Path) -> None:
    ana = save_labels(tmp_path / "a.jsonl", "Ana", {FIRST: YES})
    other = save_labels(tmp_path / "b.jsonl", "ana", {FIRST: YES})
    with pytest.raises(DataError, match=r"b\.jsonl:1: 'ana' has .*a\.jsonl:1\); give two people"):
        read_labels([ana, other], REPLIES)
    with pytest.raises(DataError, match=r"a\.jsonl:1: 'Ana' has .*name each file once"):
        read_labels([ana, ana], REPLIES)


def test_most_people_decide_and_a_tie_decides_nothing(tmp_path: Path) -> None:
    answers: dict[str, dict[Criterion, bool]] = {
        "Ana": {"natural": True, "question": True},
        "Ben": {"natural": False, "question": True},
        "Cleo": {"natural": True},
    }
    paths = [
        save_labels(tmp_path / f"{rater}.jsonl", rater, {FIRST: own})
        for rater, own in answers.items()
    ]
    labels = read_labels(paths, REPLIES)
    assert majority(labels) == {(FIRST, "natural"): True, (FIRST, "question"): True}
    assert majority(labels[:2]) == {(FIRST, "question"): True}


def test_replies_are_parted_by_what_the_verifier_found() -> None:
    kinds = {kind: len(rows) for kind, rows in strata(REPLIES.values()).items()}
    assert kinds == {"passed": 30, "no-recast": 40, "red-pen": 20, "off-topic": 5}
