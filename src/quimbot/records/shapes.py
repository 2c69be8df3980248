"""The chat shapes of other tools, told apart by their columns and read as messages.

Licences and addresses are not here: they belong to the corpus, not to the shape of its rows.
"""

import reprlib
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

_COLUMN_SETS = {shape: frozenset(columns) for shape, columns in _COLUMNS.items()}

_LANGUAGE = {"language": "language", "lang": "language"}
_TAG_COLUMNS: dict[Shape, dict[str, str]] = {
    "openai": _LANGUAGE,
    "sharegpt": _LANGUAGE,
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
    "developer": "system",
    "user": "user",
    "human": "user",
    "prompter": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "ai": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "bot": "assistant",
    "model": "assistant",
}
_TOOLS = frozenset(
    {
        "tool",
        "function",
        "function_call",
        "tool_call",
        "observation",
        "function_response",
        "ipython",
    }
)
_PARTS = frozenset({"text", "input_text", "output_text"})


class Unfit(DataError):  # noqa: N818 - a finding, as the rejected rows tell it
    """A row is no chat; `reason` is a slug to count by."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text)
        self.reason = reason


class Chat(msgspec.Struct, frozen=True, kw_only=True):
    """What a row of any shape holds: its messages, and columns worth keeping."""

    messages: tuple[Message, ...]
    author: str = ""
    """The model that wrote the replies, where the row names it."""
    tags: dict[str, str] = {}


def detect_shape(row: Row) -> Shape:
    """The shape whose columns a row has.

    Raises:
        Unfit: it has those of none.
    """
    for shape, columns in _COLUMN_SETS.items():
        if columns <= row.keys():
            return shape
    if "learner" in row and ("correction" in row or "corrections" in row):
        raise Unfit(
            "is a learner's turn with its correction, not a chat; it can be a line of a suite "
            "(quimbot score --suites) or a seed (quimbot generate --own)",
            "corrected-turn",
        )
    known = "; ".join(f"{shape} ({', '.join(names)})" for shape, names in _COLUMNS.items())
    raise Unfit(
        f"no known chat shape has the columns {_names(row)}; known: {known}", "unknown-columns"
    )


def read_chat(row: Row, shape: Shape) -> Chat:
    """The messages and tags of a row of that shape.

    Raises:
        Unfit: a column is missing or holds something else than it should.
    """
    if not _COLUMN_SETS[shape] <= row.keys():
        missing = next(column for column in _COLUMNS[shape] if column not in row)
        raise Unfit(
            f"the {shape} shape needs the column {missing!r}; found: {_names(row)}",
            "unknown-columns",
        )
    tags = {
        tag: str(row[name])
        for name, tag in _TAG_COLUMNS.get(shape, {}).items()
        if row.get(name) is not None
    }
    if shape == "lmsys" and _flagged(row):
        tags["flagged"] = "true"
    messages = _READERS[shape](row)
    for number, message in enumerate(messages):
        if not _whole(message.content):
            raise Unfit(
                f"message {number}: half of a surrogate pair; mend the text", "half-surrogate"
            )
    model = row.get("model")
    return Chat(messages=messages, author=model if isinstance(model, str) else "", tags=tags)


def read_record(row: Row) -> Record:
    """A row that is a record already.

    Raises:
        Unfit: a field is missing, unknown or of another kind, or the id is not that of the chat.
    """
    try:
        return msgspec.convert(row, Record)
    except msgspec.MsgspecError as fault:
        raise Unfit(str(fault), "not-a-record") from None


def _from_record(row: Row) -> tuple[Message, ...]:
    return read_record(row).messages


def _from_openai(row: Row) -> tuple[Message, ...]:
    return _turns(row["messages"], "messages")


def _from_sharegpt(row: Row) -> tuple[Message, ...]:
    messages = _turns(row["conversations"], "conversations")
    system = row.get("system")
    if isinstance(system, str) and system and messages[0].role != "system":
        return (Message(role="system", content=system), *messages)
    return messages


def _from_lmsys(row: Row) -> tuple[Message, ...]:
    return _turns(row["conversation"], "conversation")


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


def _turns(turns: object, column: str) -> tuple[Message, ...]:
    """A list of turns as messages, in OpenAI's words or ShareGPT's."""
    if not isinstance(turns, list) or not turns:
        raise Unfit(f"{column!r} must be a list of turns; found {_seen(turns)}", "no-turns")
    messages = []
    for number, turn in enumerate(turns):
        try:
            messages.append(_turn(turn))
        except Unfit as fault:
            raise Unfit(f"{column}[{number}]{fault}", fault.reason) from None
    return tuple(messages)


def _turn(turn: object) -> Message:
    """One turn; a fault begins where the name of the turn ends."""
    if not isinstance(turn, dict):
        raise Unfit(f" must be an object; found {_seen(turn)}", "not-text")
    role_key = "role" if "role" in turn else "from"
    name = turn.get(role_key)
    role = _ROLES.get(name) if isinstance(name, str) else None
    if role is None:
        role = _odd_role(role_key, name)
    if turn.get("tool_calls") or turn.get("function_call"):
        raise Unfit(": calls a tool; a tutor has none", "tool-call")
    text_key = "content" if "content" in turn else "value" if "value" in turn else "text"
    text = turn.get(text_key)
    if not isinstance(text, str):
        text = _joined(text, text_key)
    weight = turn.get("weight")
    if weight is None:
        return Message(role=role, content=text)
    if not isinstance(weight, int | float) or weight < 0:
        raise Unfit(f": weight must be a number from 0; found {_seen(weight)}", "not-text")
    return Message(role=role, content=text, weight=weight)


def _odd_role(key: str, name: object) -> Role:
    """The role that a name spells with capitals or spaces.

    Raises:
        Unfit: it spells none that a chat has.
    """
    plain = name.strip().lower() if isinstance(name, str) else ""
    if plain in _ROLES:
        return _ROLES[plain]
    if plain in _TOOLS:
        raise Unfit(f": {key} {name!r} is a tool's turn; a tutor has none", "tool-call")
    raise Unfit(f": {key} {_seen(name)} is none of {', '.join(_ROLES)}", "unknown-role")


def _joined(parts: object, key: str) -> str:
    """The text of content given in parts, a line each.

    Raises:
        Unfit: there are no parts, or one is no text.
    """
    if not isinstance(parts, list) or not parts:
        raise Unfit(f": {key} must be text; found {_seen(parts)}", "not-text")
    texts = []
    for part in parts:
        text = part.get("text") if isinstance(part, dict) and part.get("type") in _PARTS else None
        if not isinstance(text, str):
            raise Unfit(f": {key} holds a part that is no text: {_seen(part)}", "not-text")
        texts.append(text)
    return "\n".join(texts)


def _text(row: Row, column: str) -> str:
    value = row[column]
    if not isinstance(value, str):
        raise Unfit(f"{column!r} must be text; found {_seen(value)}", "not-text")
    return value


def _whole(text: str) -> bool:
    """No half of a surrogate pair is in it, which no file could hold."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _flagged(row: Row) -> bool:
    marks = row.get("openai_moderation")
    return isinstance(marks, list) and any(
        isinstance(mark, dict) and mark.get("flagged") is True for mark in marks
    )


def _names(row: Row) -> str:
    """The columns of a row as an error message shows them: not too many, not too long."""
    return textwrap.shorten(", ".join(map(str, row)) or "(none)", 200, placeholder="...")


def _seen(value: object) -> str:
    """A value as an error message shows it: short, however long or deep it is."""
    return textwrap.shorten(reprlib.repr(value), 40, placeholder="...")
