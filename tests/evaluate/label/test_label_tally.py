"""What is counted is what was labelled; what is estimated is about all replies."""

from collections.abc import Callable
from pathlib import Path

import pytest
from labelled import save_labels, some_judged

from quimbot.evaluate.criteria import Criterion, verifier_says
from quimbot.evaluate.label import tally
from quimbot.evaluate.labels import Label, labelled_replies, read_labels
from quimbot.runs.scorecard import Judged

REPLIES = labelled_replies(some_judged())


def _labels(
    tmp_path: Path, rater: str, rows: list[Judged], says: Callable[[Judged], bool], note: str = ""
) -> list[Label]:
    answers: dict[str, dict[Criterion, bool]] = {
        row.record.id: {"recast": says(row)} for row in rows
    }
    path = save_labels(tmp_path / f"{rater}.jsonl", rater, answers, note)
    return read_labels([path], REPLIES)


def _number(row: Judged) -> int:
    return int(row.item.removeprefix("turn-"))


def strict(row: Judged) -> bool:
    """A person who sees a third of the passed as no recast, and finds one in ten of the failed."""
    return _number(row) % 3 > 0 if row.verified else _number(row) % 10 == 0


def test_labels_of_everything_give_the_plain_shares(tmp_path: Path) -> None:
    rows = list(REPLIES.values())
    found = next(iter(tally.checked(_labels(tmp_path, "Ana", rows, strict), REPLIES)))
    held = found.labelled
    assert (held.both_yes, held.only_machine, held.only_people, held.both_no) == (20, 10, 7, 58)
    whole = found.whole
    assert whole.of == len(REPLIES)
    for share, value in (
        (whole.precision, 20 / 30),
        (whole.recall, 20 / 27),
        (whole.f1, 2 * 20 / (30 + 27)),
    ):
        assert share is not None
        assert (share.value, share.low, share.high) == pytest.approx((value,) * 3)


def test_a_kind_that_nobody_labelled_is_left_out_and_said(tmp_path: Path) -> None:
    passed = [row for row in REPLIES.values() if row.verified]
    found = next(iter(tally.checked(_labels(tmp_path, "Ana", passed, strict), REPLIES)))
    assert (found.whole.of, len(REPLIES)) == (30, 95)


def test_several_people_are_also_taken_together(tmp_path: Path) -> None:
    rows = list(REPLIES.values())[:30]
    people: dict[str, Callable[[Judged], bool]] = {
        "Ana": strict,
        "Ben": strict,
        "Cleo": lambda row: not strict(row),
    }
    labels = [
        label for rater, says in people.items() for label in _labels(tmp_path, rater, rows, says)
    ]
    most, ana, _, cleo = tally.checked(labels, REPLIES)
    assert (most.rater, ana.rater, cleo.rater) == (tally.MOST, "Ana", "Cleo")
    assert most.labelled == ana.labelled
    first, second, _ = tally.between(labels)
    assert (first.first, first.second, first.agreement.value) == ("Ana", "Ben", 1)
    assert second.agreement.observed == 0
    assert second.first_yes + second.second_yes == 30


def test_disputes_hold_every_answer_that_differs(tmp_path: Path) -> None:
    rows = list(REPLIES.values())
    labels = _labels(tmp_path, "Ana", rows, strict, note="hm ")
    found = list(tally.disputes(labels, REPLIES))
    assert len(found) == 10 + 7
    one = next(dispute for dispute in found if not dispute.verifier)
    assert (one.people, one.notes) == ({"Ana": True}, {"Ana": "hm"})
    assert one.check in {"no-recast", "red-pen", "off-topic"}
    assert one.right.startswith("Yesterday I went")


@pytest.mark.parametrize("criterion", ["recast", "red_pen", "error", "question", "natural"])
def test_the_verifier_answers_all_questions_but_one(criterion: Criterion) -> None:
    answers = {verifier_says(criterion, row) for row in REPLIES.values()}
    assert (
        answers
        == {
            "recast": {True, False},
            "red_pen": {True, False},
            "error": {False},
            "question": {True},
            "natural": {None},
        }[criterion]
    )
