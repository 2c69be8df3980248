"""A tutor's reply once its turn has come, with every fault told as the API tells it."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager

from quimbot.exceptions import PromptTooLong, RuntimeFault
from quimbot.records.record import Message
from quimbot.runtimes.runtime import Delta, Reply, Sampling, whole
from quimbot.serve.gate import Busy, Draining, Gate
from quimbot.serve.leaks import leaks
from quimbot.serve.tutors import Tutor
from quimbot.serve.wire import ApiError, too_long

_LOG = logging.getLogger(__name__)


@asynccontextmanager
async def admitted(
    gate: Gate, learner: str = "", *, background: bool = False
) -> AsyncIterator[None]:
    """A learner's turn at the gate until the block ends; what fails in it is an ApiError.

    Raises:
        ApiError: too many wait, the server stops, the talk is too long, or the model failed.
    """
    try:
        async with gate.turn(learner, background=background):
            yield
    except Busy as busy:
        raise ApiError(
            429,
            "queue_full",
            f"too many learners are waiting; try again in {busy.wait_s} s",
            headers={"Retry-After": str(busy.wait_s)},
        ) from None
    except Draining:
        raise ApiError(503, "stopping", "the server is about to stop") from None
    except PromptTooLong:
        raise too_long() from None
    except RuntimeFault as fault:
        # what a server says may hold its address, or what the learner said: neither goes further
        _LOG.warning("a model did not answer (%s)", fault.kind)
        raise ApiError(502, "model_failed", f"the model did not answer ({fault.kind})") from fault


async def replied(
    tutor: Tutor,
    messages: Sequence[Message],
    sampling: Sampling,
    gate: Gate,
    learner: str = "",
    *,
    background: bool = False,
) -> AsyncGenerator[Delta, None]:
    """The reply in pieces, from when its turn has come.

    One that begins to say back what an instructor wrote to the tutor ends there.

    Raises:
        ApiError: as `admitted` does; or probabilities are asked for that the tutor does not tell.
    """
    async with (
        admitted(gate, learner, background=background),
        aclosing(tutor.answer(messages, sampling)) as pieces,
    ):
        said = ""
        async for piece in pieces:
            said += piece.text
            if tutor.role and leaks(said, tutor.role):
                yield Delta(finish="stop")
                return
            if sampling.likeliest is not None and piece.text and not piece.drawn:
                raise untold(tutor)
            yield piece


def untold(tutor: Tutor) -> ApiError:
    """Probabilities are asked for, and there are none."""
    return ApiError(
        400,
        "logprobs_unavailable",
        f"what runs the tutor {tutor.name!r} tells no log-probabilities",
        "logprobs",
    )


async def gathered(pieces: AsyncGenerator[Delta, None]) -> Reply:
    """The reply at once."""
    async with aclosing(pieces):
        return await whole(pieces)
