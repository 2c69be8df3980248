"""What is known about single words."""

import pytest

from quimbot.pedagogy.lexicon import confused, irregular_verb, is_word, lexemes


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("go", "went"),
        ("goed", "went"),
        ("child", "children"),
        ("good", "better"),
        ("like", "likes"),
    ],
)
def test_forms_of_a_word_share_a_lexeme(one: str, other: str) -> None:
    assert lexemes(one) & lexemes(other)


def test_other_words_share_none() -> None:
    assert not lexemes("go") & lexemes("come")


def test_a_misspelt_word_is_none() -> None:
    assert is_word("stressful")
    assert not is_word("stresful")


def test_irregular_forms_and_confused_words_are_known() -> None:
    assert irregular_verb("taught")
    assert not irregular_verb("teach")
    assert ("said", "told") in confused()
