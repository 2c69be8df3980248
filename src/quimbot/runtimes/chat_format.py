"""How a chat is written for a model: the one place for training, evaluation and serving.

Both families use ChatML. They differ in two points of their published templates: SmolLM2 puts a
default system message before a chat that has none; Qwen3 puts a think block before the reply under
way, and takes it out of every earlier one. The block is

- `qwen3`: empty, and part of the prompt: thinking is off, thoughts in the data are left out;
- `qwen3-instruct`: not there, for models that never think; thoughts in the data are left out;
- `qwen3-thinking`: written by the model, so its thoughts are learnt, and an empty block for a reply
  that has none;
- `qwen3-thinking-only`: the same for models that always think; the prompt opens the block.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

import msgspec
from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import Tokenizer as FastTokenizer

from quimbot.exceptions import DataError, ModelError
from quimbot.records.record import Message

Style = Literal["smollm2", "qwen3", "qwen3-instruct", "qwen3-thinking", "qwen3-thinking-only"]
Thoughts = Literal["strip", "keep"]

CHAT = "chat.json"
"""File of a checkpoint, or of a model folder made from one, that tells its style."""
END_OF_TURN = "<|im_end|>"

_DEFAULT_SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
_BLOCK = "<think>\n{}\n</think>\n\n"
_OPENING: dict[Style, str] = {
    "smollm2": "",
    "qwen3": _BLOCK.format(""),
    "qwen3-instruct": "",
    "qwen3-thinking": "",
    "qwen3-thinking-only": "<think>\n",
}
"""What a prompt ends with, after the role of the reply under way."""

_CONTROL = re.compile(
    r"<(?=\|\w+\|>|/?(?:think|tool_call|tool_response|tools)>"
    r"|(?:reponame|repo_name|file_sep|filename|gh_stars|empty_output)>"
    r"|(?:issue|jupyter)_\w+>)"
)
"""The `<` of every string that a tokenizer of these families reads as one control token."""

_THOUGHTS = re.compile(r"\s*<think>(.*?)</think>\s*", re.DOTALL)


class Chat(msgspec.Struct, frozen=True, kw_only=True):
    """What `chat.json` holds."""

    style: Style


class Span(NamedTuple):
    """Characters of a reply, as its message holds them, whose tokens count so many times."""

    turn: int
    """Index of the message."""
    start: int
    end: int
    weight: float


class Tokenized(NamedTuple):
    """A chat as tokens, and what learning each of them counts, 0 for not learnt."""

    tokens: tuple[int, ...]
    weights: tuple[float, ...]


class Tokenizer(Protocol):
    """Text to tokens and back."""

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        """The tokens of a text; control strings become control tokens."""
        ...

    def places(self, text: str) -> list[tuple[int, int]]:
        """The characters, from and to, that each token of a text stands for."""
        ...

    def decode(self, tokens: Sequence[int], *, control: bool = False) -> str:
        """The text of tokens, control tokens left out or written, too."""
        ...


class _FolderTokenizer:
    def __init__(self, path: Path) -> None:
        self._fast = FastTokenizer.from_file(str(path))

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        ids: list[int] = self._fast.encode(text, add_special_tokens=add_special_tokens).ids
        return ids

    def places(self, text: str) -> list[tuple[int, int]]:
        places: list[tuple[int, int]] = self._fast.encode(text, add_special_tokens=False).offsets
        return places

    def decode(self, tokens: Sequence[int], *, control: bool = False) -> str:
        return self._fast.decode(list(tokens), skip_special_tokens=not control)


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a model folder."""
    return _FolderTokenizer(folder / "tokenizer.json")


def read_style(folder: Path) -> Style | None:
    """What the `chat.json` of a folder tells; none where there is no such file.

    Raises:
        ModelError: it is damaged.
    """
    path = folder / CHAT
    if not path.is_file():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=Chat).style
    except msgspec.MsgspecError as fault:
        raise ModelError(f"{path}: {fault}; take the file from the checkpoint again") from None


def style_of(architecture: Literal["llama", "qwen3"], template: str = "") -> Style:
    """How a model writes chats unless told otherwise; its own template tells whether it thinks.

    Raises:
        ModelError: the template opens a reply in a way of its own.
    """
    if architecture == "llama":
        return "smollm2"
    match _opening(template) if template else _OPENING["qwen3"]:
        case "":
            return "qwen3-instruct"
        case "<think>\n":
            return "qwen3-thinking-only"
        case opening if opening.startswith(_OPENING["qwen3"]):
            return "qwen3"
        case opening:
            raise ModelError(
                f"this model's template opens a reply with {opening[:40]!r}; expected nothing, "
                "<think> or an empty think block; take a model of the Qwen3 family"
            )


def learnt_style(own: Style, thinking: Thoughts) -> Style:
    """How chats are written for a model that learns replies with or without their thoughts.

    Raises:
        ModelError: it can only do the other.
    """
    if own in {"qwen3", "qwen3-thinking"}:
        return "qwen3-thinking" if thinking == "keep" else "qwen3"
    if thinking == "keep" and not thinks(own):
        raise ModelError("thinking is 'keep', and this model has no thoughts; give 'strip'")
    if thinking == "strip" and thinks(own):
        raise ModelError(
            "this model thinks before each answer; keep its thoughts (thinking = 'keep'), or take "
            "one that can do without"
        )
    return own


def thinks(style: Style) -> bool:
    """Whether a reply begins with thoughts that the model writes."""
    return style in {"qwen3-thinking", "qwen3-thinking-only"}


def _opening(template: str) -> str:
    """What a template writes between the role of a reply under way and its first word."""
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    text = environment.from_string(template).render(
        messages=[{"role": "user", "content": "Hi"}],
        add_generation_prompt=True,
        enable_thinking=False,
    )
    return text.rpartition("<|im_start|>assistant\n")[2]


def prompt_text(messages: Sequence[Message], style: Style) -> str:
    """The chat so far and the opening of the reply that the model is to write."""
    turns = "".join(_turn(message) for message in messages)
    if style == "smollm2" and (not messages or messages[0].role != "system"):
        turns = _turn(Message(role="system", content=_DEFAULT_SYSTEM)) + turns
    return f"{turns}<|im_start|>assistant\n{_OPENING[style]}"


def _turn(message: Message) -> str:
    return f"<|im_start|>{message.role}\n{content_text(message)}{END_OF_TURN}\n"


def content_text(message: Message) -> str:
    """What a message says, unable to open or close a turn.

    A control string gets a space after its `<`. Replies are stripped, so that the border between
    prompt and reply is also a border between tokens.
    """
    text = _CONTROL.sub("< ", spoken(message))
    return text.strip() if message.role == "assistant" else text


def spoken(message: Message) -> str:
    """What a message says aloud: all but the thoughts that a reply begins with."""
    thoughts = _THOUGHTS.match(message.content) if message.role == "assistant" else None
    return message.content[thoughts.end() :] if thoughts else message.content


def _thoughts(reply: Message, style: Style) -> str:
    """What the model writes before the words of a reply: its thoughts, or that it has none."""
    if not thinks(style):
        return ""
    found = _THOUGHTS.match(reply.content)
    block = _BLOCK.format(_CONTROL.sub("< ", found[1]).strip() if found else "")
    return block.removeprefix(_OPENING[style])


def examples(
    messages: Sequence[Message],
    style: Style,
    tokenizer: Tokenizer,
    spans: Sequence[Span] = (),
    *,
    thoughts: bool = True,
) -> list[Tokenized]:
    """The chat as tokens and weights: a reply's tokens and its end of turn weigh what it weighs.

    All others weigh 0, and thoughts where they are not asked for. A token that touches one of the
    `spans` counts as often as the first says. One sequence, but one a reply where it begins with a
    think block, which it loses when it becomes history; the sequences share their beginnings.
    The tokens before the first of a reply are those of `prompt_text` at that point.

    Raises:
        DataError: no message is a reply.
    """
    replies = [i for i, message in enumerate(messages) if message.role == "assistant"]
    if not replies:
        raise DataError("no assistant message: nothing to learn from this chat")
    tokens: list[int] = []
    weights: list[float] = []
    sequences = []
    alone = thinks(style) or bool(_OPENING[style])
    text = ""
    for turn in replies:
        prompt = prompt_text(messages[:turn], style)
        if alone:
            tokens, weights, text = [], [], ""
        before = tokenizer.encode(prompt.removeprefix(text), add_special_tokens=False)
        thought = _thoughts(messages[turn], style)
        reply = thought + content_text(messages[turn]) + END_OF_TURN
        after = tokenizer.encode(reply, add_special_tokens=False)
        tokens += before + after
        written = [_written(messages[turn], s, len(thought)) for s in spans if s.turn == turn]
        silent = 0 if thoughts else len(thought)
        weights += [0.0] * len(before)
        if written or silent:
            weights += _weights(reply, tokenizer.places(reply), written, silent, messages[turn])
        else:  # all alike: to find their places would cost as much as the tokens
            weights += [messages[turn].weight] * len(after)
        text = prompt + reply
        if alone or turn == replies[-1]:
            sequences.append(Tokenized(tuple(tokens), tuple(weights)))
    return sequences


def _weights(
    reply: str,
    places: Sequence[tuple[int, int]],
    spans: Sequence[Span],
    silent: int,
    message: Message,
) -> list[float]:
    """What each token of a written reply counts: nothing in its first `silent` characters."""
    weights = []
    for start, end in places:
        first = end - len(reply[start:end].lstrip())  # a word's token begins with the space before
        touched = (span.weight for span in spans if first < span.end and span.start < end)
        weights.append(0.0 if end <= silent else message.weight * next(touched, 1.0))
    return weights


def _written(message: Message, span: Span, before: int) -> Span:
    """Where a span stands once the reply is written by `content_text` after so many characters."""
    aloud = spoken(message)
    unsaid = len(message.content) - len(aloud)
    stripped = len(aloud) - len(aloud.lstrip())
    length = len(content_text(message))

    def moved(place: int) -> int:
        opened = sum(found.start() < place - unsaid for found in _CONTROL.finditer(aloud))
        return before + max(0, min(place - unsaid + opened - stripped, length))

    return span._replace(start=moved(span.start), end=moved(span.end))
