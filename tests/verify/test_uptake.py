"""What a learner's next turn makes of an error, as a teacher would see it."""

import pytest
from hypothesis import given, settings
from strategies import sentences, texts

from quimbot.records.record import Lesson, Message, Move, Provenance, Record
from quimbot.verify.uptake import Uptake, uptake, uptakes

GO, WENT = "Yesterday I go to the store.", "Yesterday I went to the store."
DOGS, TWO = "my brother have two dog", "my brother has two dogs"


@pytest.mark.parametrize(
    ("learner", "correction", "answer", "expected"),
    [
        (GO, WENT, "Yes, I went to the store and bought milk.", "repair"),
        (GO, WENT, "Went!", "repair"),
        (GO, WENT, "went to the store", "repair"),
        (GO, WENT, "Some milk and bread.", "none"),
        (GO, WENT, "yes I go to the store for milk", "needs-repair"),
        (GO, WENT, "Go", "needs-repair"),
        (GO, WENT, "", "none"),
        (DOGS, TWO, "yes he has two dogs, a black and a brown", "repair"),
        (DOGS, TWO, "yes my brother has two dog", "needs-repair"),
        (DOGS, TWO, "They are very small.", "none"),
        ("I am agree with you", "I agree with you", "Yes, I agree with you", "repair"),
        ("I am agree with you", "I agree with you", "yes I am agree", "needs-repair"),
        ("same text", "same text", "same text", "none"),
    ],
)
def test_the_next_turn_is_read_as_a_teacher_would(
    learner: str, correction: str, answer: str, expected: str
) -> None:
    assert uptake(learner, [correction], answer) == expected


def test_any_acceptable_correction_counts() -> None:
    corrections = ["He explained the problem to me", "He told me about the problem"]
    answer = "Yes, he told me about the problem"
    assert uptake("He explained me the problem", corrections, answer) is Uptake.REPAIR


def test_each_lesson_has_the_uptake_of_the_turn_after_it() -> None:
    said = (GO, "Oh, you went to the store? What for?", "I went to the store for milk.", "Nice!")
    record = Record(
        messages=tuple(
            Message(role="assistant" if at % 2 else "user", content=text)
            for at, text in enumerate(said)
        ),
        lessons=tuple(
            Lesson(turn=turn, move=Move.RECAST, corrections=(WENT,)) for turn in (1, 3, 9)
        ),
        provenance=Provenance(source="test", licence="MIT"),
    )
    assert uptakes(record) == (Uptake.REPAIR, None, None)


@settings(max_examples=40)
@given(sentences, sentences, texts | sentences)
def test_any_answer_has_an_uptake(learner: str, correction: str, answer: str) -> None:
    assert uptake(learner, [correction], answer) in Uptake
