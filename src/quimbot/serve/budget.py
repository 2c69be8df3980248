"""How much an instructor may tell a tutor: what it is told stands before every turn."""

from dataclasses import dataclass

from quimbot.records.record import Message
from quimbot.runtimes.runtime import Measured, Runtime

_ELSEWHERE = 8192
"""Tokens that a model behind a server is taken to hold."""
_SHARE = 2
"""A half at most, so that the talk has the other."""
_BYTES = 3
"""Of UTF-8 in a token, where nobody can count: few enough for English and for Chinese."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Tokens."""

    taken: int
    room: int

    @property
    def kept(self) -> bool:
        """Whether the talk still has its share."""
        return self.taken <= self.room


def budget(prompt: Message, runtime: Runtime) -> Budget:
    """What a system message takes of a chat with a runtime; behind a server it is guessed."""
    if isinstance(runtime, Measured):
        return Budget(taken=runtime.tokens([prompt]), room=runtime.context // _SHARE)
    taken = -(-len(prompt.content.encode()) // _BYTES)
    return Budget(taken=taken, room=_ELSEWHERE // _SHARE)
