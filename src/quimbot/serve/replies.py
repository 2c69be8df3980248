"""A tutor's reply once its turn has come, with every fault told as the API tells it."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager

from quimbot.exceptions import PromptTooLong, RuntimeFault
from quimbot.records.record import Message
from quimbot.runtimes.runtime import Delta, Reply, Sampling
from quimbot.serve.gate import Busy, Draining, Gate
from quimbot.serve.tutors import Tutor
from quimbot.serve.wire import ApiError

_RETRY_S = "5"
"""About one reply of a small model on a small machine."""


@asynccontextmanager
async def admitted(gate: Gate) -> AsyncIterator[None]:
    """One's turn at the gate until the block ends; what fails in it is an ApiError.

    Raises:
        ApiError: too many wait, the server stops, the talk is too long, or the model failed.
    """
    try:
        async with gate.turn():
            yield
    except Busy:
        raise ApiError(
            429,
            "queue_full",
            "too many learners are waiting; try again in a moment",
            headers={"Retry-After": _RETRY_S},
        ) from None
    except Draining:
        raise ApiError(503, "stopping", "the server is about to stop") from None
    except PromptTooLong:
        raise ApiError(
            400,
            "context_length_exceeded",
            "the conversation is too long for this model; send fewer messages",
            "messages",
        ) from None
    except RuntimeFault as fault:
        raise ApiError(502, "model_failed", f"the model did not answer ({fault})") from fault


async def replied(
    tutor: Tutor, messages: Sequence[Message], sampling: Sampling, gate: Gate
) -> AsyncGenerator[Delta, None]:
    """The reply in pieces, from when its turn has come.

    Raises:
        ApiError: as `admitted` does.
    """
    async with admitted(gate), aclosing(tutor.answer(messages, sampling)) as pieces:
        async for piece in pieces:
            yield piece


async def gathered(pieces: AsyncGenerator[Delta, None]) -> Reply:
    """The reply at once."""
    text: list[str] = []
    last = Delta()
    async with aclosing(pieces):
        async for piece in pieces:
            text.append(piece.text)
            last = piece
    return Reply(
        text="".join(text),
        finish=last.finish or "stop",
        prompt_tokens=last.prompt_tokens,
        reply_tokens=last.reply_tokens,
    )
