"""Lengths are those of a plain count of words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import records

from quimbot.records.record import Message, Provenance, Record
from quimbot.verify.length import Length


def chat(*turns: str) -> Record:
    messages = tuple(
        Message(role="assistant" if place % 2 else "user", content=turn)
        for place, turn in enumerate(turns)
    )
    return Record(messages=messages, provenance=Provenance(source="s", licence="MIT"))


@pytest.mark.parametrize(
    ("ranges", "reason", "detail"),
    [
        (("3-400",), "", ""),
        (("9-400",), "chat-too-short", "8 words, at least 9"),
        (("-7",), "chat-too-long", "8 words, at most 7"),
        (("reply=2-",), "reply-too-short", "reply 2: 1 words, at least 2"),
        (("learner=-2",), "learner-too-long", "learner turn 1: 3 words, at most 2"),
        (("learner=1-3", "reply=1-4"), "", ""),
    ],
)
def test_the_range_that_a_chat_leaves_is_named(
    ranges: tuple[str, ...], reason: str, detail: str
) -> None:
    (verdict,) = Length(*ranges).check([chat("I go home", "You went there?", "Yes", "Nice!")])
    assert (verdict.reason, verdict.detail) == (reason, detail)


@given(records(st.text("ab  \n", max_size=30)), st.integers(0, 12), st.integers(0, 12))
def test_it_counts_as_a_plain_count_does(record: Record, low: int, more: int) -> None:
    words = sum(len(turn.content.split()) for turn in record.messages if turn.role != "system")
    (verdict,) = Length(f"{low}-{low + more}").check([record])
    assert verdict.passed is (low <= words <= low + more)
    replies = [len(turn.content.split()) for turn in record.messages if turn.role == "assistant"]
    (verdict,) = Length(f"reply={low}-{low + more}").check([record])
    assert verdict.passed is all(low <= count <= low + more for count in replies)
