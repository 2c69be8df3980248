"""The one type of the project: a chat, what its replies are meant to teach, and where it came from.

A line of a data file is one `Record` as JSON. `messages` has the standard chat shape, so the file
loads as it is in other training tools. A model's reply under evaluation is a `Record` too.
"""

import hashlib
from enum import StrEnum
from typing import Annotated, Literal, get_args

import msgspec

Role = Literal["system", "user", "assistant"]


class Move(StrEnum):
    """How a tutor reply answers a learner error (the four moves)."""

    RECAST = "recast"
    ELICITATION = "elicitation"
    EXPANSION = "expansion"
    HINT = "hint"


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of everything on disk: frozen, keyword-only, unknown fields are an error."""


class Message(Strict, frozen=True, kw_only=True, omit_defaults=True):
    """One turn of a chat."""

    role: Role
    content: str
    weight: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    """How much a reply counts when it is learnt, 0 for not at all; as in OpenAI's chat files."""


class Evidence(Strict, frozen=True, kw_only=True):
    """A span of the reply, in characters, and what it shows."""

    start: int
    end: int
    label: str


class Verdict(Strict, frozen=True, kw_only=True, omit_defaults=True):
    """What a verifier found in one record."""

    passed: bool
    reason: str = ""
    """Slug of the first failing check; empty when passed."""
    level: str = ""
    """For a tutoring reply: `recast`, `form` or `none`, the weakest over the learner's errors."""
    score: float | None = None
    evidence: tuple[Evidence, ...] = ()
    detail: str = ""
    """What was found and where, for a reader; private data is never repeated in full."""


class Lesson(Strict, frozen=True, kw_only=True, omit_defaults=True):
    """What one assistant turn is meant to do about a learner error, and the proof."""

    turn: int
    """Index into `messages` of the assistant turn."""
    move: Move
    corrections: tuple[str, ...]
    """Acceptable corrections of the learner turn before it."""
    error_types: tuple[str, ...] = ()
    """ERRANT types between the learner turn and the first correction."""
    verdict: Verdict | None = None


class Provenance(Strict, frozen=True, kw_only=True, omit_defaults=True):
    """Where a record comes from."""

    source: str
    licence: str
    origin: str = ""
    """Address, file and line, or seed that it was made from."""
    author: str = ""
    """The teacher, checkpoint or people that wrote it."""
    prompt_hash: str = ""
    parents: tuple[str, ...] = ()
    """Ids of the records it was made from."""


class Record(Strict, frozen=True, kw_only=True, omit_defaults=True):
    """A chat with its lessons, provenance and tags.

    `id` is the hash of the messages: filled in when empty, checked when given.

    Raises:
        ValueError: the id given is not the hash of the messages.
    """

    messages: tuple[Message, ...]
    lessons: tuple[Lesson, ...] = ()
    provenance: Provenance
    tags: dict[str, str] = {}
    id: str = ""

    def __post_init__(self) -> None:
        """Fill in or check the id."""
        expected = messages_id(self.messages)
        if not self.id:
            msgspec.structs.force_setattr(self, "id", expected)
        elif self.id != expected:
            raise ValueError(
                f"id {self.id!r} is not the hash of the messages ({expected!r}); "
                "remove the id of a row edited by hand"
            )


class KnownRecord(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A record of a file that was read before: its id was checked then, and is not again."""

    def __post_init__(self) -> None:
        """Fill in the id where there is none."""
        if not self.id:
            super().__post_init__()


_ROLE_PARTS = {role: len(role).to_bytes(4, "little") + role.encode() for role in get_args(Role)}


def messages_id(messages: tuple[Message, ...]) -> str:
    """Sixteen hex digits that equal conversations share."""
    parts: list[bytes] = []
    for message in messages:
        raw = message.content.encode("utf-8", "surrogatepass")
        parts += (_ROLE_PARTS[message.role], len(raw).to_bytes(4, "little"), raw)
    return hashlib.blake2b(b"".join(parts), digest_size=8).hexdigest()
