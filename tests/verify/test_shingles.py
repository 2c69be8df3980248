"""Words are told apart in one way, hashed or not."""

from hypothesis import given
from hypothesis import strategies as st
from strategies import texts

from quimbot.verify.shingles import shingle, words_of


@given(st.lists(texts, min_size=1))
def test_words_are_those_that_are_hashed(several: list[str]) -> None:
    whole = shingle(several, 1).whole
    again = shingle([" ".join(words_of(text)) for text in several], 1).whole
    for text, one, other in zip(several, whole, again, strict=True):
        if words_of(text):
            assert one == other
        else:
            assert not any(word.isascii() and word.isalnum() for word in text.split())
