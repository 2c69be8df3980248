"""What is shown of the replies: whole, marked, and drawn without looking at the result."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from scorecards import judged

from quimbot.evaluate.gallery import best, mended, pairs, pieces, worst
from quimbot.records.record import Evidence
from quimbot.runs.scorecard import Judged

labels = st.sampled_from(["recast", "question", "error", "red_pen", "form"])
spans = st.lists(
    st.builds(Evidence, start=st.integers(0, 60), end=st.integers(0, 60), label=labels), max_size=6
)


def _with(evidence: list[Evidence]) -> Judged:
    row = judged("m", 1, passed=True)
    return structs.replace(row, verdict=structs.replace(row.verdict, evidence=tuple(evidence)))


@given(spans)
def test_pieces_put_together_are_the_reply(evidence: list[Evidence]) -> None:
    row = _with(evidence)
    assert "".join(piece.text for piece in pieces(row)) == row.reply
    assert all(piece.text for piece in pieces(row))


def test_a_reply_without_end_is_cut_and_says_so() -> None:
    row = _with([Evidence(start=2, end=4, label="error")])
    said = structs.replace(row.record.messages[-1], content="a" * 10_000)
    record = structs.replace(row.record, messages=(*row.record.messages[:-1], said), id="")
    shown = pieces(structs.replace(row, record=record))
    assert [piece.text for piece in shown] == [
        *("aa", "aa", "a" * 1196, " … (8,800 more characters)")
    ]


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_correction_stays_whole_when_its_words_are_marked(learner: str, right: str) -> None:
    assert "".join(piece.text for piece in mended(learner, right)) == right


def test_only_the_words_that_were_put_right_are_marked() -> None:
    shown = mended("yesterday i go to store.", "Yesterday I went to the store.")
    assert [piece.text for piece in shown if piece.label] == ["went ", "the "]


def test_an_error_inside_a_question_stays_visible() -> None:
    shown = pieces(
        _with(
            [
                Evidence(start=4, end=12, label="error"),
                Evidence(start=0, end=20, label="question"),
            ]
        )
    )
    assert [piece.label for piece in shown] == ["question", "error", "question", ""]


def test_best_are_verified_and_worst_are_not_and_no_turn_comes_twice() -> None:
    rows = [judged("m", number % 20, passed=number % 3 == 0) for number in range(40)]
    good, bad = best(rows, 5), worst(rows, 5)
    assert all(row.verified for row in good)
    assert not any(row.verified for row in bad)
    for shown in (good, bad):
        assert len({row.learner for row in shown}) == 5


def test_worst_begins_with_red_pen_and_shows_every_reason() -> None:
    rows = [judged("m", number, passed=False, red_pen=number == 7) for number in range(20)]
    shown = worst(rows, 4)
    assert shown[0].verdict.reason == "red-pen"
    assert {row.verdict.reason for row in shown} == {"red-pen", "no-recast"}


def test_pairs_are_the_same_turns_whatever_the_tutors_said() -> None:
    def drawn(*, passed: bool) -> list[str]:
        rows = [judged(name, i, passed=passed) for name in ("a", "b") for i in range(30)]
        return [pair.learner for pair in pairs(rows, ("a", "b"))]

    assert drawn(passed=True) == drawn(passed=False)
    assert len(drawn(passed=True)) == 30


def test_pairs_need_an_answer_of_everybody() -> None:
    rows = [judged("a", i, passed=True) for i in range(4)] + [judged("b", 2, passed=False)]
    (pair,) = pairs(rows, ("b", "a"))
    assert [row.address for row in pair.replies] == ["b", "a"]
