"""A learner turn and a move become a reply: what every teacher does, and one that asks a model."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Protocol

from quimbot.pedagogy.moves import tutor_prompt
from quimbot.pedagogy.seed import Seed
from quimbot.records.record import Message, Move, Strict
from quimbot.runtimes.runtime import Reply, Runtime, Sampling, reply, session


class Cell(Strict, frozen=True, kw_only=True):
    """One row of a plan: what is asked of the teacher, known before the first call."""

    index: int
    seed: Seed
    move: Move
    prompt: Message
    """The system message of the row."""
    l1: str = ""
    """First language that the whole campaign is for; empty for any."""


class Teacher(Protocol):
    """Writes the tutor's reply for a cell."""

    name: str
    at_once: int
    """Cells that may be asked at the same time."""

    def session(self) -> AbstractAsyncContextManager[None]:
        """Entered around many cells, so that connections may be used again."""
        ...

    async def answer(self, cell: Cell, refused: Sequence[str]) -> Reply:
        """A reply; `refused` are the reasons why earlier ones for this cell did not pass.

        Raises:
            RuntimeFault: no reply could be had.
        """
        ...


AT_ONCE = 4
"""Answers that a model is asked for at the same time."""
_SAMPLING = Sampling(max_tokens=96, temperature=0.8, top_p=0.95)
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
}


class RuntimeTeacher:
    """Asks anything that answers a chat, and tells it why an earlier reply did not pass."""

    def __init__(self, runtime: Runtime, *, seed: int = 0, at_once: int = AT_ONCE) -> None:
        self.name = runtime.name
        self.at_once = at_once
        self._runtime = runtime
        self._seed = seed

    def session(self) -> AbstractAsyncContextManager[None]:
        """A session of the model."""
        return session(self._runtime)

    async def answer(self, cell: Cell, refused: Sequence[str]) -> Reply:
        """The model's reply to the learner, the correction whispered in the system message."""
        messages = (brief(cell, refused), Message(role="user", content=cell.seed.learner))
        draw = (self._seed * 1_000_003 + cell.index * 31 + len(refused)) % 2**31
        sampling = Sampling(
            max_tokens=_SAMPLING.max_tokens,
            temperature=_SAMPLING.temperature,
            top_p=_SAMPLING.top_p,
            seed=draw,
        )
        said = await reply(self._runtime, messages, sampling)
        return replace(said, text=said.text.strip())


def brief(cell: Cell, refused: Sequence[str]) -> Message:
    """What a model is told: the row's own prompt, the correction, the faults of earlier replies."""
    lines = [tutor_prompt(cell.move, cell.seed.l1).content]
    if cell.seed.corrections:
        lines.append(f'Correctly, the learner\'s turn is: "{cell.seed.corrections[0]}".')
    else:
        lines.append("The learner's turn is correct: just chat, and ask a question.")
    lines.append("Answer in at most two short sentences.")
    lines += [_REASONS.get(reason, reason) for reason in dict.fromkeys(refused)]
    return Message(role="system", content=" ".join(lines))
