"""Words of learners' and tutors' turns."""

from itertools import pairwise

import pytest
from hypothesis import given
from strategies import texts

from quimbot.pedagogy.words import is_content, stem, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I'm fine, thanks.", "I am fine , thanks ."),
        ("i m fine", "I am fine"),
        ("Im fine", "I am fine"),
        ("I\u00b4m fine", "I am fine"),
        ("dont you know? It doesn't", "do not you know ? It does not"),
        ("did nt", "did not"),
        ("I can\u2019t, he won't", "I can not , he will not"),
        ("Its a dog and its tail", "It is a dog and its tail"),
        ("my friend's house", "my friend 's house"),
        ("it's late", "it is late"),
        ("ILL WATCH. Are you ill?", "I will WATCH . Are you ill ?"),
        ('the "sci-fi" film', "the sci fi film"),
        ("u want ur bag", "you want your bag"),
        ("kids' room", "kids room"),
    ],
)
def test_contractions_are_split_and_apostrophes_put_back(text: str, expected: str) -> None:
    assert " ".join(word.text for word in words(text)) == expected


@given(texts)
def test_words_stand_in_order_in_the_text(text: str) -> None:
    found = words(text)
    assert all(0 <= word.start < word.end <= len(text) for word in found)
    assert all(one.start <= other.start for one, other in pairwise(found))


@given(texts)
def test_a_word_left_whole_is_what_the_text_says_there(text: str) -> None:
    plain = [w for w in words(text) if w.spoken and text[w.start : w.end] == w.text]
    assert all(text[w.start : w.end].strip() for w in plain)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("likes", "like"),
        ("loving", "loved"),
        ("studies", "study"),
        ("stopped", "stop"),
        ("movies", "movie"),
        ("watches", "watching"),
    ],
)
def test_forms_of_a_word_share_a_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_function_words_carry_no_content() -> None:
    assert not is_content("the")
    assert not is_content("2049")
    assert is_content("like")


def test_no_word_is_empty_however_a_negation_is_torn_off() -> None:
    assert [word.text for word in words("I n't know, n't")] == ["I", "not", "know", ",", "not"]
