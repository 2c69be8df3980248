"""Tutors that follow a script: the best and the worst there can be, for tests and dry runs."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Literal, get_args

from quimbot.exceptions import ModelError, RuntimeFault
from quimbot.records.record import Message
from quimbot.runtimes.runtime import Delta, Sampling

Part = Literal["perfect", "hopeless", "echo"]

Script = Mapping[tuple[Message, ...], str]
"""Chat → the best reply to it."""

_UNRELATED = "The moon is far away."


class ScriptedRuntime:
    """Answers every chat by rule, a word a piece."""

    def __init__(self, part: str, script: Script | None = None) -> None:
        """`script` is what the perfect tutor answers.

        Raises:
            ModelError: there is no such part, or the perfect tutor is given no script.
        """
        if part not in get_args(Part):
            raise ModelError(
                f"scripted:{part}: no such part; expected one of {', '.join(get_args(Part))}"
            )
        if part == "perfect" and script is None:
            raise ModelError("scripted:perfect: follows the script of a suite; use it to score one")
        self.name = f"scripted:{part}"
        self._part = part
        self._script = script or {}

    async def stream(self, messages: Sequence[Message], sampling: Sampling) -> AsyncIterator[Delta]:
        """The reply in pieces, cut at `max_tokens` words.

        Raises:
            RuntimeFault: the perfect tutor's script has no reply to this chat.
        """
        words = self._reply(tuple(messages)).split(" ")
        said = words[: sampling.max_tokens]
        for i, word in enumerate(said):
            yield Delta(text=f" {word}" if i else word)
        yield Delta(
            finish="stop" if len(said) == len(words) else "length",
            prompt_tokens=sum(len(message.content.split(" ")) for message in messages),
            reply_tokens=len(said),
        )

    def _reply(self, chat: tuple[Message, ...]) -> str:
        match self._part:
            case "perfect":
                if not self._script.get(chat):
                    raise RuntimeFault(f"{self.name}: no reply to {chat[-1].content!r} is known")
                return self._script[chat]
            case "hopeless":
                return _UNRELATED
            case _:
                return chat[-1].content
