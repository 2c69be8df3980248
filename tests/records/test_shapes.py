"""Rows of other tools are told apart by their columns and read as the same messages."""

from typing import Any

import msgspec
import pytest

from quimbot.exceptions import DataError
from quimbot.records.record import Message, Provenance, Record
from quimbot.records.shapes import Row, Shape, Unfit, detect_shape, read_chat

HI = (Message(role="user", content="Hi"), Message(role="assistant", content="Hello!"))
OPENAI = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}]
SHAREGPT = [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello!"}]
RECORD: dict[str, Any] = msgspec.to_builtins(
    Record(messages=HI, provenance=Provenance(source="s", licence="MIT"))
)

ROWS: list[tuple[Shape, Row]] = [
    ("record", RECORD),
    ("openai", {"messages": OPENAI, "index": 3}),
    ("sharegpt", {"id": "identity_0", "conversations": SHAREGPT}),
    ("sharegpt", {"conversations": OPENAI}),
    ("lmsys", {"conversation_id": "1", "conversation": OPENAI, "language": "English"}),
    (
        "magpie",
        {"conversations": SHAREGPT, "instruction": "Hi", "response": "Hello!", "language": "EN"},
    ),
    ("prosocial", {"context": "Hi", "response": "Hello!", "safety_label": "__casual__"}),
    ("alpaca", {"instruction": "Hi", "input": "", "output": "Hello!"}),
]


@pytest.mark.parametrize(("shape", "row"), ROWS)
def test_every_shape_is_told_and_read(shape: Shape, row: Row) -> None:
    assert detect_shape(row) == shape
    assert read_chat(row, shape).messages == HI


def test_alpaca_input_follows_the_instruction() -> None:
    row = {"instruction": "Sort these.", "input": "b, a", "output": "a, b"}
    assert read_chat(row, "alpaca").messages[0].content == "Sort these.\n\nb, a"


def test_a_sharegpt_system_column_comes_first() -> None:
    chat = read_chat({"system": "Be kind.", "conversations": SHAREGPT}, "sharegpt")
    assert chat.messages == (Message(role="system", content="Be kind."), *HI)


def test_columns_that_filters_need_become_tags() -> None:
    moderation = [{"flagged": False}, {"flagged": True}]
    lmsys = {
        "conversation": OPENAI,
        "model": "vicuna-13b",
        "language": "English",
        "redacted": True,
        "openai_moderation": moderation,
    }
    chat = read_chat(lmsys, "lmsys")
    assert chat.tags == {"language": "English", "redacted": "True", "flagged": "true"}
    assert chat.author == "vicuna-13b"
    prosocial = {"context": "a", "response": "b", "safety_label": "__casual__", "dialogue_id": 7}
    assert read_chat(prosocial, "prosocial").tags == {"safety": "__casual__", "family": "7"}
    magpie = {**ROWS[5][1], "input_quality": "good", "task_category": "Advice seeking"}
    assert read_chat(magpie, "magpie").tags == {
        "language": "EN",
        "quality": "good",
        "category": "Advice seeking",
    }


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"messages": []}, "'messages' must be a list of turns"),
        ({"messages": "Hi"}, "'messages' must be a list of turns; found 'Hi'"),
        ({"messages": ["Hi"]}, r"messages\[0\] must be an object"),
        ({"messages": [{"role": "tool", "content": ""}]}, "role 'tool' is a tool's turn"),
        ({"messages": [{"role": "narrator", "content": ""}]}, "'narrator' is none of system, dev"),
        ({"messages": [{"role": ["user"], "content": ""}]}, r"role \['user'\] is none of system"),
        ({"messages": [{"role": "user"}]}, r"messages\[0\]: text must be text; found None"),
        ({"messages": [{"role": "user", "content": []}]}, r"content must be text; found \[\]"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "content holds a part that is no text: {'type': 'image_url'}",
        ),
        (
            {"messages": [{"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}]},
            r"messages\[0\]: calls a tool; a tutor has none",
        ),
        (
            {"messages": [{"role": "user", "content": "", "weight": -1}]},
            "weight must be a number from 0; found -1",
        ),
        ({"conversations": [{"from": "observation", "value": "4"}]}, "'observation' is a tool's"),
        ({"messages": [{"role": "user", "content": None}]}, "content must be text; found None"),
        ({"conversations": [["Hi"]]}, r"conversations\[0\] must be an object"),
        ({"conversations": [7]}, r"conversations\[0\] must be an object"),
        ({"instruction": 1, "output": ""}, "'instruction' must be text; found 1"),
    ],
)
def test_what_is_wrong_with_a_row_is_said(row: Row, says: str) -> None:
    with pytest.raises(DataError, match=says):
        read_chat(row, detect_shape(row))


PARTS = [{"type": "text", "text": "One."}, {"type": "input_text", "text": "Two."}]


@pytest.mark.parametrize(
    ("turn", "message"),
    [
        ({"role": "user", "content": PARTS}, Message(role="user", content="One.\nTwo.")),
        ({"role": "developer", "content": "x"}, Message(role="system", content="x")),
        (
            {"role": "assistant", "content": "x", "weight": 0, "name": "t", "tool_calls": []},
            Message(role="assistant", content="x", weight=0),
        ),
        ({"from": "Human ", "value": "x"}, Message(role="user", content="x")),
        ({"from": "bing", "text": "x"}, Message(role="assistant", content="x")),
        ({"role": "prompter", "value": "x"}, Message(role="user", content="x")),
    ],
)
def test_turns_in_other_words_are_the_same_turns(turn: Row, message: Message) -> None:
    for column in ("messages", "conversations", "conversation"):
        row = {column: [turn]}
        assert read_chat(row, detect_shape(row)).messages == (message,)


def test_the_language_is_kept_whatever_its_column() -> None:
    assert read_chat({"messages": OPENAI, "lang": "es"}, "openai").tags == {"language": "es"}
    row = {"conversations": SHAREGPT, "language": "en"}
    assert read_chat(row, "sharegpt").tags == {"language": "en"}


@pytest.mark.parametrize("column", ["correction", "corrections"])
def test_a_corrected_turn_is_told_from_a_chat(column: str) -> None:
    with pytest.raises(Unfit, match=r"can be a line of a suite .*--suites") as caught:
        detect_shape({"id": "1", "learner": "I am agree.", column: "I agree."})
    assert caught.value.reason == "corrected-turn"


def test_a_deep_or_long_value_is_shown_short() -> None:
    deep: list[object] = []
    for _ in range(900):
        deep = [deep]
    for value in (deep, "x" * 10**6, [{"role": "user", "content": "y" * 10**6}] * 10**4):
        with pytest.raises(Unfit) as caught:
            read_chat({"messages": [value]}, "openai")
        assert len(str(caught.value)) < 120


def test_unknown_columns_list_the_known_shapes() -> None:
    with pytest.raises(DataError, match=r"columns learner, reply; known: record .*alpaca"):
        detect_shape({"learner": "", "reply": ""})
    with pytest.raises(DataError, match="the alpaca shape needs the column 'instruction'"):
        read_chat({"messages": OPENAI}, "alpaca")
