"""How a chat is written for a model: the one place for training, evaluation and serving.

Both families use ChatML. They differ in two points of their published templates: SmolLM2 puts a
default system message before a chat that has none; Qwen3, with thinking off, opens the reply
under way (and no earlier one) with an empty think block. Qwen3-Instruct never thinks and writes no
such block. A tutor answers at once, so thoughts that a reply in the data begins with are left out,
as the templates do with earlier turns; a model that can only think first is refused.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import Tokenizer as FastTokenizer

from quimbot.exceptions import DataError, ModelError
from quimbot.records.record import Message

Style = Literal["smollm2", "qwen3", "qwen3-instruct"]

END_OF_TURN = "<|im_end|>"

_DEFAULT_SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
_EMPTY_THINKING = "<think>\n\n</think>\n\n"

_CONTROL = re.compile(
    r"<(?=\|\w+\|>|/?(?:think|tool_call|tool_response|tools)>"
    r"|(?:reponame|repo_name|file_sep|filename|gh_stars|empty_output)>"
    r"|(?:issue|jupyter)_\w+>)"
)
"""The `<` of every string that a tokenizer of these families reads as one control token."""

_THOUGHTS = re.compile(r"\s*<think>.*?</think>", re.DOTALL)


class Span(NamedTuple):
    """Characters of a reply, as its message holds them, whose tokens count so many times."""

    turn: int
    """Index of the message."""
    start: int
    end: int
    weight: float


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


def style_of(architecture: Literal["llama", "qwen3"], template: str = "") -> Style:
    """How chats are written for an architecture; its own template tells whether it thinks.

    Raises:
        ModelError: it always thinks before it answers.
    """
    if architecture == "llama":
        return "smollm2"
    match _opening(template) if template else _EMPTY_THINKING:
        case "":
            return "qwen3-instruct"
        case opening if opening.startswith(_EMPTY_THINKING):
            return "qwen3"
    raise ModelError("this model thinks before each answer; take one that can do without")


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
    if style == "smollm2":
        if not messages or messages[0].role != "system":
            turns = _turn(Message(role="system", content=_DEFAULT_SYSTEM)) + turns
        return f"{turns}<|im_start|>assistant\n"
    return f"{turns}<|im_start|>assistant\n{_EMPTY_THINKING if style == 'qwen3' else ''}"


def _turn(message: Message) -> str:
    return f"<|im_start|>{message.role}\n{content_text(message)}{END_OF_TURN}\n"


def content_text(message: Message) -> str:
    """What a message says, unable to open or close a turn.

    A control string gets a space after its `<`. Replies are stripped, so that the border between
    prompt and reply is also a border between tokens.
    """
    text = _CONTROL.sub("< ", _spoken(message))
    return text.strip() if message.role == "assistant" else text


def _spoken(message: Message) -> str:
    """What a message says aloud."""
    thoughts = _THOUGHTS.match(message.content) if message.role == "assistant" else None
    return message.content[thoughts.end() :] if thoughts else message.content


def examples(
    messages: Sequence[Message], style: Style, tokenizer: Tokenizer, spans: Sequence[Span] = ()
) -> list[tuple[tuple[int, ...], tuple[float, ...]]]:
    """The chat as (tokens, weights): a reply's tokens and its end of turn weigh what it weighs.

    All others weigh 0. A token that touches one of the `spans` counts as often as the first says.
    One sequence, but for Qwen3 one a reply, because a reply under way begins with a think
    block that it loses when it becomes history; the sequences share their beginnings.
    The tokens before the first weight 1 of a reply are those of `prompt_text` at that point.

    Raises:
        DataError: no message is a reply.
    """
    replies = [i for i, message in enumerate(messages) if message.role == "assistant"]
    if not replies:
        raise DataError("no assistant message: nothing to learn from this chat")
    tokens: list[int] = []
    weights: list[float] = []
    sequences = []
    text = ""
    for turn in replies:
        prompt = prompt_text(messages[:turn], style)
        if style == "qwen3":
            tokens, weights, text = [], [], ""
        before = tokenizer.encode(prompt.removeprefix(text), add_special_tokens=False)
        reply = content_text(messages[turn]) + END_OF_TURN
        after = tokenizer.encode(reply, add_special_tokens=False)
        tokens += before + after
        weights += [0.0] * len(before)
        weights += _weights(messages[turn], reply, tokenizer, [s for s in spans if s.turn == turn])
        text = prompt + reply
        if style == "qwen3" or turn == replies[-1]:
            sequences.append((tuple(tokens), tuple(weights)))
    return sequences


def _weights(
    message: Message, reply: str, tokenizer: Tokenizer, spans: Sequence[Span]
) -> list[float]:
    """What each token of a written reply counts."""
    written = [
        (_written(message, span.start), _written(message, span.end), span.weight) for span in spans
    ]
    weights = []
    for start, end in tokenizer.places(reply):
        first = end - len(reply[start:end].lstrip())  # a word's token begins with the space before
        touched = (weight for begin, stop, weight in written if first < stop and begin < end)
        weights.append(message.weight * next(touched, 1.0))
    return weights


def _written(message: Message, place: int) -> int:
    """Where a character of a reply stands once the reply is written by `content_text`."""
    spoken = _spoken(message)
    place -= len(message.content) - len(spoken)
    opened = sum(found.start() < place for found in _CONTROL.finditer(spoken))
    stripped = len(spoken) - len(spoken.lstrip())
    return min(place + opened - stripped, len(content_text(message)))
