"""Two sentences laid along each other."""

from hypothesis import given
from strategies import sentences

from quimbot.verify.alongside import alongside


def test_the_stretch_that_both_share_is_found_between_words_of_their_own() -> None:
    own = ["yesterday", "you", "go", "to", "store"]
    put = ["oh", "you", "went", "to", "the", "store", "then"]
    assert alongside(own, put) == ((1, 1), (2, 2), (3, 3), (None, 4), (4, 5))


def test_sentences_with_nothing_in_common_share_no_stretch() -> None:
    assert alongside(["cats"], ["dogs"]) == ()
    assert alongside([], ["dogs"]) == ()


def test_a_sentence_too_long_to_be_said_back_is_not_compared() -> None:
    assert alongside(["go"] * 200, ["go"] * 200) == ()


@given(sentences, sentences)
def test_places_go_forward_on_both_sides_and_each_comes_once(one: str, other: str) -> None:
    steps = alongside(one.split(), other.split())
    for side in (0, 1):
        places = [at for step in steps if (at := step[side]) is not None]
        assert places == [places[0] + number for number in range(len(places))]


@given(sentences)
def test_a_sentence_is_the_same_as_itself(text: str) -> None:
    words = text.split()
    assert alongside(words, words) == tuple((at, at) for at in range(len(words)))
