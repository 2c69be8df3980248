"""A learner turn and a move become a reply: what every teacher does, and how a model is asked."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from quimbot.exceptions import RuntimeFault
from quimbot.generate.prompts import Prompts, fill_prompt
from quimbot.pedagogy.seed import Seed
from quimbot.records.record import Message, Move, Strict
from quimbot.runtimes.runtime import Sampling


class Cell(Strict, frozen=True, kw_only=True):
    """One row of a plan: what is asked of the teacher, known before the first call."""

    index: int
    seed: Seed
    move: Move
    prompt: Message
    """The system message of the row."""
    l1: str = ""
    """First language that the whole campaign is for; empty for any."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a teacher said, who it was and what it cost."""

    text: str
    author: str
    provider: str = ""
    """Who ran the model, where its server passes chats on."""
    prompt_tokens: int = 0
    reply_tokens: int = 0
    cost: float = 0.0


class Teacher(Protocol):
    """Writes the tutor's reply for a cell."""

    at_once: int
    """Cells that may ever be asked at the same time."""
    given_up: RuntimeFault | None
    """Why nothing more is to be had of it."""

    def session(self) -> AbstractAsyncContextManager[None]:
        """Entered around many cells, so that connections may be used again."""
        ...

    def ready(self) -> bool:
        """Whether one more cell may be asked now."""
        ...

    def rest(self) -> float | None:
        """Seconds after which it may be ready by itself; none when only an answer can change it."""
        ...

    async def answer(self, cell: Cell, refused: Sequence[str]) -> Answer:
        """A reply; `refused` are the reasons why earlier ones for this cell did not pass.

        Raises:
            Busy: not now, or not here; the cell may be asked again.
            RuntimeFault: this time no reply could be had.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Brief:
    """How a model is asked for each move."""

    prompts: Prompts
    samplings: dict[Move, Sampling]
    seed: int = 0

    def messages(self, cell: Cell, refused: Sequence[str] = ()) -> tuple[Message, Message]:
        """The prompt with the correction and the faults of earlier replies, and the turn."""
        told = [fill_prompt(self.prompts, cell.move, cell.seed)]
        told += [_REASONS.get(reason, reason) for reason in dict.fromkeys(refused)]
        return (
            Message(role="system", content="\n".join(told)),
            Message(role="user", content=cell.seed.learner),
        )

    def sampling(self, cell: Cell, refused: Sequence[str]) -> Sampling:
        """How the reply is drawn: another draw for each try, the same when a run goes on."""
        known = self.samplings[cell.move]
        return Sampling(
            max_tokens=known.max_tokens,
            temperature=known.temperature,
            top_p=known.top_p,
            seed=(self.seed * 1_000_003 + cell.index * 31 + len(refused)) % 2**31,
        )


_REASONS = {
    "no-recast": "The corrected words were not said back.",
    "form-only": "Say the learner's whole clause back correctly, not one word of it.",
    "repeats-error": "The learner's error was repeated.",
    "red-pen": "The reply corrected openly; let the right form stand in it without comment.",
    "grammar-term": "The reply spoke about grammar.",
    "leak": "The reply gave the correct form away.",
    "no-elicitation": "The learner was not asked to say it again.",
    "no-hint": "No grammar term was given as a hint.",
    "nothing-new": "The reply added nothing new to the learner's idea.",
    "no-question": "The reply did not end with a question.",
    "off-topic": "The reply left the learner's topic.",
    "too-long": "The reply was longer than 45 words.",
    "empty": "There was no reply at all.",
    "worn-out": "That reply has been used too often; answer in other words.",
}
