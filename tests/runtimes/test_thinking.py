"""Hidden thinking stays hidden, however the reply is cut into pieces."""

import re

from hypothesis import given
from hypothesis import strategies as st

from quimbot.runtimes.drawn import Drawn
from quimbot.runtimes.runtime import Delta
from quimbot.runtimes.thinking import Thinking, hiding

PARTS = ("<think>", "</think>", "<", ">", "<th", "ink>", "</", "think", "Hi", " ", "\n\n", "a < b")


def shown(pieces: list[str]) -> str:
    thinking = Thinking()
    return "".join(thinking.shown(piece) for piece in pieces) + thinking.shown("", last=True)


def plain(text: str) -> str:
    """The same by one look at the whole text."""
    return re.sub(r"<think>.*?(</think>|\Z)", "", text, flags=re.DOTALL).lstrip()


@given(st.lists(st.sampled_from(PARTS), max_size=12).map("".join))
def test_a_reply_may_begin_within_a_block(text: str) -> None:
    deltas = [*(Delta(text=letter) for letter in text), Delta(finish="stop", reply_tokens=9)]
    heard = list(map(hiding("qwen3-thinking-only"), deltas))
    assert "".join(delta.text for delta in heard) == plain(f"<think>{text}")
    assert heard[-1].reply_tokens == 9
    assert list(map(hiding("qwen3"), deltas)) == deltas


@given(st.lists(st.sampled_from(PARTS), max_size=12), st.data())
def test_any_cutting_shows_what_the_whole_text_shows(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert shown(pieces) == plain(text)


@given(st.lists(st.sampled_from(PARTS[:2] + PARTS[8:]), max_size=12), st.integers(1, 4))
def test_tokens_are_heard_with_their_text_and_thoughts_have_none(
    parts: list[str], together: int
) -> None:
    letters = [Drawn(text=x, data=x.encode(), logprob=-1.0) for x in "".join(parts)]
    groups = [letters[at : at + together] for at in range(0, len(letters), together)]
    deltas = [Delta(text="".join(d.text for d in group), drawn=tuple(group)) for group in groups]
    thinking = Thinking()
    heard = [thinking.heard(delta) for delta in (*deltas, Delta(finish="stop"))]
    said = "".join(delta.text for delta in heard)
    assert said == plain("".join(parts))
    assert "".join(one.text for delta in heard for one in delta.drawn) == said
    assert all(delta.text or not delta.drawn for delta in heard)


def test_tokens_of_a_stop_string_are_never_heard() -> None:
    thinking = Thinking()
    one, stop = (Drawn(text=text, data=text.encode(), logprob=-1.0) for text in ("One", " Two"))
    pieces = [
        Delta(text="One", drawn=(one,)),
        Delta(drawn=(stop,)),  # held back by a runtime that has a stop string to look for
        Delta(finish="stop"),
    ]
    assert [drawn for piece in pieces for drawn in thinking.heard(piece).drawn] == [one]


def test_text_is_shown_as_soon_as_it_cannot_be_a_tag() -> None:
    thinking = Thinking()
    assert thinking.shown("You went ") == "You went "
    assert thinking.shown("<th") == ""
    assert thinking.shown("ere") == "<there"


def test_a_block_that_never_ends_hides_the_rest() -> None:
    assert shown(["Oh! ", "<think>he means", " went"]) == "Oh! "
