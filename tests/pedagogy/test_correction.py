"""Edits between learner turns and their corrections."""

import json
from importlib.resources import files

import pytest
from hypothesis import given, settings
from strategies import sentences, texts

from quimbot.pedagogy.correction import edits, edits_all, error_types
from quimbot.pedagogy.words import words


@pytest.mark.parametrize(
    ("learner", "correction", "types"),
    [
        ("Yesterday I go home.", "Yesterday I went home.", ("R:VERB:TENSE",)),
        ("i like dog", "I like dogs.", ("R:NOUN:NUM",)),
        ("I saw dog.", "I saw a dog.", ("M:DET",)),
        ("I bought a furniture.", "I bought furniture.", ("U:DET",)),
        ("My brother have it.", "My brother has it.", ("R:VERB:SVA",)),
        ("I like also tea", "I also like tea", ("R:WO",)),
        ("I am agree", "I agree", ("U:VERB:TENSE",)),
        ("it is beutiful", "it is beautiful", ("R:SPELL",)),
    ],
)
def test_errors_have_their_errant_types(
    learner: str, correction: str, types: tuple[str, ...]
) -> None:
    assert error_types(learner, correction) == types


@pytest.mark.parametrize(
    ("learner", "correction"),
    [
        ("i m fine thanks", "I'm fine, thanks."),
        ("I dont know", "I don't know!"),
        ("scifi movies", "sci-fi movies"),
        ("IT SEEMS GOOD. ILL WATCH.", "It seems good. I'll watch."),
        ("Its a dog", "It's a dog"),
        ("same text", "same text"),
        ("I like travelling", "I like traveling"),
        ("My favourite colour, pls", "My favorite color, please"),
        ("yesss, me too kkk", "Yeah, me too hahaha"),
        ("thank you ya", "Thank you."),
        ("I saw Robin hood", "I saw Robinhood."),
        ("It is amazingthis new song", "It is amazing, this new song"),
        ("", ""),
    ],
)
def test_case_spacing_and_punctuation_are_no_errors(learner: str, correction: str) -> None:
    assert error_types(learner, correction) == ()


@pytest.mark.parametrize(
    ("learner", "correction"),
    [("I no like it", "I don't like it"), ("he he likes it", "he likes it"), ("hell", "hello")],
)
def test_words_that_look_like_an_answer_or_a_laugh_are_errors(
    learner: str, correction: str
) -> None:
    assert error_types(learner, correction)


def test_places_count_the_words_of_both_texts() -> None:
    learner, correction = "Well, my sister have two dog.", "Well, my sister has two dogs."
    for edit in edits(learner, correction):
        left = words(learner)[edit.start : edit.end]
        right = words(correction)[edit.right_start : edit.right_end]
        assert tuple(word.text for word in left) == edit.wrong
        assert tuple(word.text for word in right) == edit.right


@settings(max_examples=40)
@given(texts | sentences, texts | sentences)
def test_edits_turn_the_learners_words_into_the_corrected_ones(learner: str, right: str) -> None:
    old = [word.text for word in words(learner)]
    new = [word.text for word in words(right)]
    for edit in reversed(edits(learner, right)):
        old[edit.start : edit.end] = new[edit.right_start : edit.right_end]
    assert old == new


def test_many_pairs_give_what_each_gives_alone() -> None:
    pairs = [("I go yesterday", "I went yesterday"), ("a cat", "the cat")] * 2
    assert edits_all(pairs) == [edits(*pair) for pair in pairs]


def test_real_turns_have_the_types_their_annotators_gave() -> None:
    suite = files("quimbot.verify") / "suites" / "eracond.jsonl"
    rows = [json.loads(line) for line in suite.read_text(encoding="utf-8").splitlines()]
    found = edits_all([(row["learner"], row["correction"]) for row in rows])
    same = [
        sorted({edit.type for edit in some if edit.real}) == sorted(set(row["types"]))
        for row, some in zip(rows, found, strict=True)
    ]
    assert sum(same) / len(same) > 0.75  # the rest are spacing and apostrophes, or finer types


def test_two_long_texts_without_likeness_are_one_edit() -> None:
    (edit,) = edits("a b " * 400, "c d " * 400)
    assert (edit.type, edit.start, edit.end, edit.right_end) == ("R:OTHER", 0, 800, 800)
