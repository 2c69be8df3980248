"""Forms that a turn needed and got right."""

from hypothesis import given, settings
from strategies import sentences, texts

from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.occasions import used

TURN = "Yesterday I went to the store because my sister needs two apples."


def test_a_turn_shows_the_forms_that_it_needed() -> None:
    found = dict(used(TURN, ()))
    assert found[Kind.TENSE] == "went"
    assert found[Kind.AGREEMENT] == "sister needs"
    assert found[Kind.ARTICLE] == "the store"
    assert found[Kind.NOUN_NUMBER] == "two apples"


def test_a_kind_that_was_wrong_in_the_turn_is_not_used_right() -> None:
    assert Kind.TENSE not in dict(used(TURN, [Kind.TENSE]))


@settings(max_examples=40)
@given(texts | sentences)
def test_any_text_is_read_and_each_kind_comes_once(text: str) -> None:
    found = [kind for kind, _ in used(text, ())]
    assert len(found) == len(set(found))
