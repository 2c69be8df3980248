"""Tutors that follow a script: the best and the worst there can be, for tests and dry runs."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Literal, get_args

from quimbot.exceptions import ModelError, RuntimeFault
from quimbot.records.record import Message
from quimbot.runtimes.runtime import Delta, Sampling

Part = Literal["perfect", "hopeless", "echo"]

_UNRELATED = "The moon is far away."


class ScriptedRuntime:
    """Answers every chat by rule, a word a piece."""

    def __init__(self, part: str, corrections: Mapping[str, str] | None = None) -> None:
        """`corrections` (learner turn → corrected turn) is what the perfect tutor knows.

        Raises:
            ModelError: there is no such part, or the perfect tutor is given nothing to know.
        """
        if part not in get_args(Part):
            raise ModelError(
                f"scripted:{part}: no such part; expected one of {', '.join(get_args(Part))}"
            )
        if part == "perfect" and corrections is None:
            raise ModelError("scripted:perfect: needs the corrections of the learner turns")
        self.name = f"scripted:{part}"
        self._part = part
        self._corrections = corrections or {}

    async def stream(self, messages: Sequence[Message], sampling: Sampling) -> AsyncIterator[Delta]:
        """The reply in pieces, cut at `max_tokens` words.

        Raises:
            RuntimeFault: the perfect tutor was not given the correction of this learner turn.
        """
        words = self._reply(messages[-1].content).split(" ")
        said = words[: sampling.max_tokens]
        for i, word in enumerate(said):
            yield Delta(text=f" {word}" if i else word)
        yield Delta(
            finish="stop" if len(said) == len(words) else "length",
            prompt_tokens=sum(len(message.content.split(" ")) for message in messages),
            reply_tokens=len(said),
        )

    def _reply(self, learner: str) -> str:
        match self._part:
            case "perfect":
                if learner not in self._corrections:
                    raise RuntimeFault(f"{self.name}: no correction is known for {learner!r}")
                correction = self._corrections[learner].strip()
                end = "" if correction.endswith((".", "!", "?")) else "."
                return f"I see: {correction}{end} What happened next?"
            case "hopeless":
                return _UNRELATED
            case _:
                return learner
