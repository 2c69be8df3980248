"""What a reply costs in tokens, whoever asked for it and however it ended."""

import math
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial

from quimbot.records.record import Message
from quimbot.runtimes.runtime import Delta
from quimbot.serve.limits import Limits
from quimbot.serve.metrics import Metrics

_TOKEN = 4
"""Characters of a token, about: a model tells its own count only with the last piece."""


@dataclass(kw_only=True)
class Tokens:
    """What was spent so far."""

    prompt: int = 0
    """Read."""
    reply: int = 0
    """Written."""


Spend = Callable[[Tokens], None]
"""Called once a turn or reply with what it took."""


class Spending:
    """Lets callers in as long as they are within their limits, and counts what they take."""

    def __init__(self, limits: Limits, metrics: Metrics) -> None:
        self._limits = limits
        self._metrics = metrics

    def admit(self, caller: str) -> Spend:
        """One more request of a caller; gives what is to be told its tokens.

        Raises:
            ApiError: it comes too early; the answer says when it would not.
        """
        self._limits.admit(caller)
        return partial(self._spent, caller)

    def _spent(self, caller: str, tokens: Tokens) -> None:
        self._limits.spend(caller, tokens.prompt + tokens.reply)
        self._metrics.spent(tokens.prompt, tokens.reply)


async def counted(
    pieces: AsyncGenerator[Delta, None], messages: Sequence[Message], tokens: Tokens
) -> AsyncGenerator[Delta, None]:
    """A model's pieces, whose tokens are added when they end.

    Of a reply that is left before its end the pieces count, and its prompt by its length; one that
    never began costs nothing.
    """
    prompt, reply = 0, 0
    try:
        async with aclosing(pieces):
            async for piece in pieces:
                prompt = prompt or estimate(sum(len(message.content) for message in messages))
                reply += 1
                if piece.finish is not None:
                    prompt = piece.prompt_tokens or prompt
                    reply = piece.reply_tokens or reply
                yield piece
    finally:
        tokens.prompt += prompt
        tokens.reply += reply


def estimate(characters: int) -> int:
    """Tokens of a text of that length, about."""
    return math.ceil(characters / _TOKEN)
