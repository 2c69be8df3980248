"""What a blind review is about: the key knows who wrote what, the page knows only opaque ids.

page.html       ids, learner turns and replies, for every rater the same file
page.key.json   one `Key`: for every id the runtime behind it, kept by whoever asks
NAME.jsonl      what a rater saved: one `Answer` a line
"""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import msgspec

from quimbot.evaluate.review import Given
from quimbot.exceptions import DataError
from quimbot.records.record import Message, Strict

TIE = "tie"
BAD = "bad"
REASONS = {
    "scaffolding": "helps the learner to the right form",
    "grammar": "right, and puts the mistake right",
    "tone": "warm, no red pen",
    "flow": "keeps the talk going",
}
"""What may have decided a choice, and what is meant by it."""


class Kind(StrEnum):
    """Why a pair is on the page."""

    COUNTS = "counts"
    AGAIN = "again"
    """A pair that counts, met once more with its sides swapped."""
    IDENTICAL = "identical"
    """One reply on all sides: whoever prefers one prefers a side."""
    ATTENTION = "attention"
    """A proved reply beside one to somebody else: whoever prefers that one did not read."""


class Reply(Strict, frozen=True, kw_only=True):
    """A reply on the page, and who wrote it."""

    id: str
    address: str
    text: str


class Pair(Strict, frozen=True, kw_only=True):
    """One learner turn and the replies to it, two or three."""

    id: str
    kind: Kind
    item: str
    """Id of the learner turn in the suite."""
    group: str
    """Its dialogue or learner."""
    measure: str
    """The move asked for, or the check where there is none."""
    earlier: tuple[Message, ...]
    learner: str
    replies: tuple[Reply, ...]
    again: str
    """Id of the pair that it is met again from; else empty."""
    right: str
    """Id of the reply that anybody attentive prefers; else empty."""

    def who(self, choice: str) -> str:
        """A choice as the address behind it; a tie and `bad` as they are."""
        return {reply.id: reply.address for reply in self.replies}.get(choice, choice)


class Key(Strict, frozen=True, kw_only=True):
    """Who is who on one page."""

    sheet: str
    suite: str
    runtimes: tuple[str, ...]
    raters: tuple[str, ...]
    """Who is asked; empty when anybody is."""
    quimbot: str
    pairs: tuple[Pair, ...]


class Answer(Given, frozen=True, kw_only=True):
    """A line of what a rater saved."""

    pair: str
    shown: tuple[str, ...]
    """Ids of the replies from first to last, as this rater saw them."""
    choice: str
    """Id of the preferred reply, `tie` or `bad`."""
    why: tuple[Literal["scaffolding", "grammar", "tone", "flow"], ...]


def sheet_of(key: Key) -> Mapping[str, Any]:
    """What the page may know of a key."""
    return {
        "id": key.sheet,
        "most": len(key.runtimes),
        "pairs": [
            {
                "id": pair.id,
                "again": pair.again,
                "earlier": [{"role": said.role, "content": said.content} for said in pair.earlier],
                "learner": pair.learner,
                "replies": [{"id": reply.id, "text": reply.text} for reply in pair.replies],
            }
            for pair in key.pairs
        ],
    }


def read_key(path: Path) -> Key:
    """The key that `quimbot blind make` wrote.

    Raises:
        DataError: the file is missing or something else.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Key)
    except FileNotFoundError:
        raise DataError(
            f"{path}: no such file; name the key that `quimbot blind make` wrote beside the page"
        ) from None
    except (msgspec.MsgspecError, OSError) as fault:
        raise DataError(f"{path}: {fault}; name the key that `quimbot blind make` wrote") from None
