"""The words that differ, found and marked."""

from hypothesis import given
from hypothesis import strategies as st

from quimbot.serve.marks import Piece, marked


def shown(pieces: tuple[Piece, ...]) -> str:
    return "".join(f"[{piece.text}]" if piece.differs else piece.text for piece in pieces)


def test_whole_words_are_marked_on_both_sides() -> None:
    said, better = marked("Yesterday I go to the market.", "Yesterday I went to the market.")
    assert shown(said) == "Yesterday I [go] to the market."
    assert shown(better) == "Yesterday I [went] to the market."


def test_a_word_that_is_missing_or_too_many_is_marked_where_it_stands() -> None:
    said, better = marked("I bought new coat in the Monday.", "I bought a new coat on Monday.")
    assert shown(said) == "I bought new coat [in the] Monday."
    assert shown(better) == "I bought [a] new coat [on] Monday."


def test_equal_sentences_have_no_mark() -> None:
    assert shown(marked("It's fine.", "It's fine.")[0]) == "It's fine."


@given(st.text(), st.text())
def test_the_pieces_are_the_sentences(said: str, better: str) -> None:
    ours, theirs = marked(said, better)
    assert "".join(piece.text for piece in ours) == said
    assert "".join(piece.text for piece in theirs) == better
    assert all(piece.text for piece in (*ours, *theirs))
