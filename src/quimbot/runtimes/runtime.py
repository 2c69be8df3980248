"""Anything that answers a chat, whatever stands behind it, and how to ask it many things."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from quimbot.exceptions import QuimbotError
from quimbot.records.record import Message
from quimbot.runtimes.drawn import Drawn

Finish = Literal["stop", "length"]


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How a reply is drawn; temperature 0 is greedy."""

    max_tokens: int = 64
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    likeliest: int | None = None
    """How many of the likeliest tokens to tell with each that is drawn, where a runtime can say how
    probable they were; None tells no probabilities at all."""


@dataclass(frozen=True, kw_only=True)
class Delta:
    """A piece of a reply; the last piece says why it ended, what was counted and who answered."""

    text: str = ""
    drawn: tuple[Drawn, ...] = ()
    """The tokens of the text where they were asked for; they may come a piece before it."""
    finish: Finish | None = None
    prompt_tokens: int = 0
    reply_tokens: int = 0
    model: str = ""
    """The model that answered, as a server names it."""
    provider: str = ""
    """Who ran the model, where a server passes chats on."""
    cost: float | None = None
    """Money, as the server reports it."""


@dataclass(frozen=True, kw_only=True)
class TokenLogprob:
    """One token of a reply and its log-probability (nats) given all before it."""

    token: int
    text: str
    logprob: float


class Runtime(Protocol):
    """Answers chats."""

    name: str

    def stream(self, messages: Sequence[Message], sampling: Sampling) -> AsyncIterator[Delta]:
        """The reply in pieces; leaving the iterator early stops the work behind it.

        Raises:
            RuntimeFault: no reply could be had.
        """
        ...


@runtime_checkable
class Connected(Protocol):
    """A runtime that holds connections."""

    def session(self) -> AbstractAsyncContextManager[None]:
        """Inside it, connections of this event loop are used again; at its end they are closed."""
        ...


def session(runtime: Runtime) -> AbstractAsyncContextManager[None]:
    """A session of a runtime that holds connections, or nothing at all for any other."""
    return runtime.session() if isinstance(runtime, Connected) else nullcontext()


@runtime_checkable
class Measured(Protocol):
    """A runtime that knows how long a chat is and may be."""

    context: int
    """Tokens of a chat, its reply included."""

    def tokens(self, messages: Sequence[Message]) -> int:
        """How many a chat takes before its reply begins."""
        ...


class ScoringRuntime(Runtime, Protocol):
    """A runtime that can also say how probable a given reply is."""

    def logprobs(self, dialogues: Sequence[Sequence[Message]]) -> list[list[TokenLogprob]]:
        """For each dialogue, its assistant tokens (end-of-turn included) with log-probabilities."""
        ...


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A finished reply."""

    text: str
    drawn: tuple[Drawn, ...] = ()
    finish: Finish = "stop"
    prompt_tokens: int = 0
    reply_tokens: int = 0
    model: str = ""
    provider: str = ""
    cost: float | None = None


async def reply(runtime: Runtime, messages: Sequence[Message], sampling: Sampling) -> Reply:
    """The whole reply at once."""
    return await whole(runtime.stream(messages, sampling))


async def whole(pieces: AsyncIterator[Delta]) -> Reply:
    """The reply that some pieces make."""
    parts: list[str] = []
    drawn: list[Drawn] = []
    last = Delta()
    async for delta in pieces:
        parts.append(delta.text)
        drawn += delta.drawn
        last = delta
    return Reply(
        text="".join(parts),
        drawn=tuple(drawn),
        finish=last.finish or "stop",
        prompt_tokens=last.prompt_tokens,
        reply_tokens=last.reply_tokens,
        model=last.model,
        provider=last.provider,
        cost=last.cost,
    )


async def ask_all(
    runtime: Runtime,
    chats: Sequence[Sequence[Message]],
    sampling: Sampling,
    *,
    at_once: int = 4,
    done: Callable[[int, Reply | QuimbotError], None] | None = None,
) -> list[Reply | QuimbotError]:
    """One outcome a chat, in order, `at_once` in flight; a failure is an outcome, never a reply.

    `done(index, outcome)` is called as each one ends.
    """
    gate = asyncio.Semaphore(at_once)
    outcomes: list[Reply | QuimbotError] = [Reply(text="")] * len(chats)

    async def one(index: int) -> None:
        async with gate:
            try:
                outcomes[index] = await reply(runtime, chats[index], sampling)
            except QuimbotError as fault:
                outcomes[index] = fault
        if done is not None:
            done(index, outcomes[index])

    async with session(runtime), asyncio.TaskGroup() as group:
        for index in range(len(chats)):
            group.create_task(one(index))
    return outcomes
