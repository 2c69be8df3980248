"""The chat shapes of other tools, told apart by their columns and read as messages.

Licences and addresses are not here: they belong to the corpus, not to the shape of its rows.
"""

import textwrap
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

import msgspec

from quimbot.exceptions import DataError
from quimbot.records.record import Message, Record, Role

Row = Mapping[str, Any]
Shape = Literal["record", "openai", "sharegpt", "alpaca", "lmsys", "magpie", "prosocial"]
SHAPES: tuple[Shape, ...] = get_args(Shape)

_COLUMNS: dict[Shape, tuple[str, ...]] = {
    # Narrow shapes first: a Magpie row has the columns of ShareGPT too.
    "record": ("messages", "provenance"),
    "openai": ("messages",),
    "magpie": ("conversations", "instruction", "response"),
    "sharegpt": ("conversations",),
    "lmsys": ("conversation",),
    "prosocial": ("context", "response", "safety_label"),
    "alpaca": ("instruction", "output"),
}

_TAG_COLUMNS: dict[Shape, dict[str, str]] = {
    "lmsys": {"language": "language", "redacted": "redacted"},
    "magpie": {
        "language": "language",
        "input_quality": "quality",
        "difficulty": "difficulty",
        "task_category": "category",
    },
    "prosocial": {"safety_label": "safety", "dialogue_id": "family"},
}

_ROLES: dict[str, Role] = {
    "system": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
}


class Chat(msgspec.Struct, frozen=True, kw_only=True):
    """What a row of any shape holds: its messages, and columns worth keeping."""

    messages: tuple[Message, ...]
    author: str = ""
    """The model that wrote the replies, where the row names it."""
    tags: dict[str, str] = {}


def detect_shape(row: Row) -> Shape:
    """The shape whose columns a row has.

    Raises:
        DataError: it has those of none.
    """
    for shape, columns in _COLUMNS.items():
        if all(column in row for column in columns):
            return shape
    known = "; ".join(f"{shape} ({', '.join(names)})" for shape, names in _COLUMNS.items())
    raise DataError(
        f"no known chat shape has the columns {', '.join(map(str, row)) or '(none)'}; "
        f"known: {known}"
    )


def read_chat(row: Row, shape: Shape) -> Chat:
    """The messages and tags of a row of that shape.

    Raises:
        DataError: a column is missing or holds something else than it should.
    """
    missing = [column for column in _COLUMNS[shape] if column not in row]
    if missing:
        raise DataError(
            f"the {shape} shape needs the column {missing[0]!r}; found: {', '.join(map(str, row))}"
        )
    columns = _TAG_COLUMNS.get(shape, {})
    tags = {tag: str(row[name]) for name, tag in columns.items() if row.get(name) is not None}
    if shape == "lmsys" and _flagged(row):
        tags["flagged"] = "true"
    messages = _READERS[shape](row)
    for number, message in enumerate(messages):
        try:
            message.content.encode()
        except UnicodeEncodeError:
            raise DataError(f"message {number}: half of a surrogate pair; mend the text") from None
    model = row.get("model")
    return Chat(messages=messages, author=model if isinstance(model, str) else "", tags=tags)


def _from_record(row: Row) -> tuple[Message, ...]:
    try:
        return msgspec.convert(row, Record).messages
    except msgspec.MsgspecError as fault:
        raise DataError(str(fault)) from None


def _from_openai(row: Row) -> tuple[Message, ...]:
    return _turns(row["messages"], "messages", "role", "content")


def _from_sharegpt(row: Row) -> tuple[Message, ...]:
    system = row.get("system")
    head = (Message(role="system", content=system),) if isinstance(system, str) and system else ()
    turns = row["conversations"]
    first = turns[0] if isinstance(turns, list) and turns else None
    as_openai = isinstance(first, dict) and "role" in first
    keys = ("role", "content") if as_openai else ("from", "value")
    return head + _turns(turns, "conversations", *keys)


def _from_lmsys(row: Row) -> tuple[Message, ...]:
    return _turns(row["conversation"], "conversation", "role", "content")


def _from_alpaca(row: Row) -> tuple[Message, ...]:
    asked, given = _text(row, "instruction"), _text(row, "input") if row.get("input") else ""
    return (
        Message(role="user", content=f"{asked}\n\n{given}" if given else asked),
        Message(role="assistant", content=_text(row, "output")),
    )


def _from_prosocial(row: Row) -> tuple[Message, ...]:
    return (
        Message(role="user", content=_text(row, "context")),
        Message(role="assistant", content=_text(row, "response")),
    )


_READERS: dict[Shape, Callable[[Row], tuple[Message, ...]]] = {
    "record": _from_record,
    "openai": _from_openai,
    "sharegpt": _from_sharegpt,
    "magpie": _from_sharegpt,
    "lmsys": _from_lmsys,
    "alpaca": _from_alpaca,
    "prosocial": _from_prosocial,
}


def _turns(turns: object, column: str, role_key: str, text_key: str) -> tuple[Message, ...]:
    """A list of turns as messages; the role and the text stand under the keys given."""
    if not isinstance(turns, list) or not turns:
        raise DataError(f"{column!r} must be a list of turns; found {_seen(turns)}")
    messages = []
    for number, turn in enumerate(turns):
        where = f"{column}[{number}]"
        if not isinstance(turn, dict):
            raise DataError(f"{where} must be an object; found {_seen(turn)}")
        role, text = turn.get(role_key), turn.get(text_key)
        if not isinstance(role, str) or role.lower() not in _ROLES:
            raise DataError(f"{where}: {role_key} {role!r} is none of {', '.join(_ROLES)}")
        if not isinstance(text, str):
            raise DataError(f"{where}: {text_key} must be text; found {_seen(text)}")
        messages.append(Message(role=_ROLES[role.lower()], content=text))
    return tuple(messages)


def _text(row: Row, column: str) -> str:
    value = row[column]
    if not isinstance(value, str):
        raise DataError(f"{column!r} must be text; found {_seen(value)}")
    return value


def _flagged(row: Row) -> bool:
    marks = row.get("openai_moderation")
    return isinstance(marks, list) and any(
        isinstance(mark, dict) and mark.get("flagged") is True for mark in marks
    )


def _seen(value: object) -> str:
    """A value as an error message shows it: short."""
    return textwrap.shorten(repr(value), 40, placeholder="...")
