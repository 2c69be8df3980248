"""A conversation with a tutor: its turns, and what of them still fits."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from quimbot.exceptions import PromptTooLong, RecipeError
from quimbot.records.record import Message
from quimbot.runtimes.runtime import Sampling
from quimbot.serve.tutors import Tutor, open_tutors
from quimbot.serve.wire import HOTTEST


@dataclass(frozen=True, kw_only=True)
class ChatSettings:
    """Settings of `quimbot chat`."""

    address: str = field(kw_only=False)
    """Whom to talk to: a run folder, a checkpoint, a model name or the URL of a server."""
    tutor: str = ""
    """Which tutor of a run folder; empty: the one that was picked."""
    max_tokens: int = 160
    """The longest reply, in tokens; thoughts count."""
    temperature: float = 0.3
    """How freely replies are drawn; 0 always takes the most probable word."""
    seed: int = 0
    """Start of the random draws; the same seed and words give the same conversation."""

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if self.max_tokens < 1:
            raise RecipeError(f"chat: max_tokens is {self.max_tokens}; give 1 or more")
        if not 0 <= self.temperature <= HOTTEST:
            raise RecipeError(
                f"chat: temperature is {self.temperature}; give a number from 0 to {HOTTEST}"
            )

    def inputs(self) -> tuple[Path, ...]:
        """What is read."""
        path = Path(self.address)
        return (path,) if path.exists() else ()

    def outputs(self) -> tuple[Path, ...]:
        """What is written: nothing."""
        return ()


class Conversation:
    """Turns between a learner and a tutor; the oldest are forgotten when they no longer fit."""

    def __init__(self, tutor: Tutor, sampling: Sampling) -> None:
        self.tutor = tutor
        self._sampling = sampling
        self._turns: list[Message] = []

    async def say(self, text: str) -> AsyncGenerator[str, None]:
        """The tutor's reply in pieces.

        Leaving it early keeps what was said so far. When it fails before a word, it
        was not said.

        Raises:
            RuntimeFault: no reply could be had.
        """
        learner = Message(role="user", content=text)
        said: list[str] = []
        try:
            async with aclosing(self._reply(learner)) as pieces:
                async for piece in pieces:
                    said.append(piece)
                    yield piece
        finally:
            if any(said):
                reply = Message(role="assistant", content="".join(said))
                self._turns += [learner, reply]

    async def _reply(self, learner: Message) -> AsyncGenerator[str, None]:
        sampling = replace(self._sampling, seed=self._sampling.seed + len(self._turns))
        while True:
            try:
                async with aclosing(self.tutor.answer((*self._turns, learner), sampling)) as pieces:
                    async for piece in pieces:
                        yield piece.text
            except PromptTooLong:
                if not self._turns:
                    raise
                del self._turns[:2]  # the oldest exchange
            else:
                return

    def reset(self) -> None:
        """Begin a new conversation."""
        self._turns.clear()


@contextmanager
def open_conversation(settings: ChatSettings) -> Iterator[Conversation]:
    """A new conversation with the chosen tutor.

    Raises:
        RecipeError: there is no tutor of that name; those there are are listed.
        ModelError: the tutor's model cannot be found, reached or used.
    """
    with open_tutors(settings.address) as tutors:
        name = settings.tutor or next(iter(tutors))
        if name not in tutors:
            raise RecipeError(f"chat: no tutor {name!r}; choose one of {', '.join(tutors)}")
        sampling = Sampling(
            max_tokens=settings.max_tokens, temperature=settings.temperature, seed=settings.seed
        )
        yield Conversation(tutors[name], sampling)
