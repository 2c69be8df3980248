"""The tokens of a reply as they were drawn, with their log-probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A token of a reply and its log-probability (nats) before temperature and top_p.

    Where several tokens make one character, the last of them may stand for all.
    """

    text: str
    data: bytes
    """The text in UTF-8; of half a character, its bytes."""
    logprob: float
    likeliest: tuple["Drawn", ...] = ()
    """What was most probable in its place, in order."""


class _Told(msgspec.Struct, frozen=True):
    """A token as OpenAI's format has it."""

    token: str
    logprob: float
    bytes: list[int] | None = None
    top_logprobs: tuple["_Told", ...] = ()


def drawn_tokens(content: object, likeliest: int) -> tuple[Drawn, ...]:
    """The tokens that a server tells of as `logprobs.content`, each with so many alternatives.

    Raises:
        msgspec.ValidationError: they are not in OpenAI's format.
    """
    told = msgspec.convert(content, tuple[_Told, ...])
    # the end of turn is a token without text, and no part of the reply
    return tuple(_drawn(one, likeliest) for one in told if one.token or one.bytes)


def told_tokens(drawn: Sequence[Drawn]) -> list[dict[str, Any]]:
    """Tokens in OpenAI's format, which gives alternatives none of their own."""
    return [
        _written(one) | {"top_logprobs": [_written(other) for other in one.likeliest]}
        for one in drawn
    ]


def _drawn(told: _Told, likeliest: int) -> Drawn:
    return Drawn(
        text=told.token,
        data=told.token.encode() if told.bytes is None else bytes(told.bytes),
        logprob=told.logprob,
        likeliest=tuple(_drawn(other, 0) for other in told.top_logprobs[:likeliest]),
    )


def _written(drawn: Drawn) -> dict[str, Any]:
    return {"token": drawn.text, "logprob": drawn.logprob, "bytes": list(drawn.data)}
