"""A reply as sentences: each as soon as it is whole."""

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing

from quimbot.runtimes.runtime import Delta

_END = re.compile("[.!?\u2026]+[\"'\u201d\u2019)\\]]*\\s+|\\s*\n\\s*")
_MARKS = ".!?\u2026\"'\u201d\u2019)"
_LONGEST = 600
"""Characters after which a sentence that does not end is let go."""
_OPENING = 3
"""Words below which a sentence ("Oh!", "I see.") opens the next one."""


async def sentences(pieces: AsyncGenerator[Delta, None]) -> AsyncGenerator[str, None]:
    """The sentences of a reply with the space after them; together they are the reply.

    A last one that the limit of tokens cut off is left out, unless it is all there is.
    """
    held, told, broken = "", False, False
    async with aclosing(pieces):
        async for piece in pieces:
            held += piece.text
            broken = piece.finish == "length"
            while (cut := _cut(held)) > 0:
                yield held[:cut]
                held, told = held[cut:], True
    if held.strip() and not (broken and told and held.rstrip()[-1] not in _MARKS):
        yield held


async def opening(found: AsyncGenerator[str, None]) -> str:
    """The first sentence, with short words that come before it; empty when there is none."""
    said = ""
    async for sentence in found:
        said += sentence
        if len(said.split()) >= _OPENING:
            break
    return said


def _cut(text: str) -> int:
    """Where the first sentence ends, or 0 while it may go on."""
    if end := _END.search(text):
        return end.end()
    return len(text) if len(text) > _LONGEST else 0
