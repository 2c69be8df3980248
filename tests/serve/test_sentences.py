"""A reply as sentences, however it arrives."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quimbot.runtimes.runtime import Delta, Finish
from quimbot.serve.leaks import leaks
from quimbot.serve.sentences import opening, sentences


async def pieces(parts: Sequence[str], finish: Finish = "stop") -> AsyncGenerator[Delta, None]:
    for part in parts:
        yield Delta(text=part)
    yield Delta(finish=finish)


def parted(parts: Sequence[str]) -> list[str]:
    async def all_of() -> list[str]:
        return [sentence async for sentence in sentences(pieces(parts))]

    return asyncio.run(all_of())


@given(st.lists(st.text(alphabet='aB .!?\n\u2026")', max_size=12), max_size=12))
def test_the_sentences_together_are_the_reply(parts: list[str]) -> None:
    whole = "".join(parts)
    found = "".join(parted(parts))
    assert whole.startswith(found)
    assert not whole[len(found) :].strip()


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ("You went? What did you buy?", ["You went? ", "What did you buy?"]),
        ("It costs 3.50 euros. Nice!", ["It costs 3.50 euros. ", "Nice!"]),
        ('He said "Hi!" Then?', ['He said "Hi!" ', "Then?"]),
        ("One line\nAnother", ["One line\n", "Another"]),
        ("  ", []),
    ],
)
def test_a_sentence_ends_where_a_reader_stops(reply: str, found: list[str]) -> None:
    assert parted(list(reply)) == found


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ("You went? What did", ["You went? "]),
        ("You went? What then?", ["You went? ", "What then?"]),
        ("You went to", ["You went to"]),
    ],
)
def test_a_sentence_that_the_limit_cut_off_is_left_out(reply: str, found: list[str]) -> None:
    async def all_of() -> list[str]:
        return [sentence async for sentence in sentences(pieces([reply], "length"))]

    assert asyncio.run(all_of()) == found


def test_a_sentence_that_never_ends_is_let_go() -> None:
    assert len(parted(["word " * 200])[0]) > 600


@pytest.mark.parametrize(
    ("reply", "first"),
    [
        ("Oh! You went home. And then?", "Oh! You went home. "),
        ("You went home. And then?", "You went home. "),
        ("Oh!", "Oh!"),
        ("", ""),
    ],
)
def test_short_words_open_the_next_sentence(reply: str, first: str) -> None:
    async def begun() -> str:
        return await opening(sentences(pieces([reply])))

    assert asyncio.run(begun()) == first


def test_eight_words_of_the_prompt_are_a_leak_and_seven_are_none() -> None:
    prompt = "You are a friendly tutor. Say the sentence back correctly inside a reply."
    assert leaks("It says: SAY the sentence back, correctly, inside a reply", prompt)
    assert not leaks("It says: the sentence back correctly inside a reply", prompt)
    assert not leaks("", prompt)
