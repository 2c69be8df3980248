"""What happened between a learner and a tutor; the learner model is a fold over these facts.

Nothing else is kept about a learner, so the model can be rebuilt, explained and deleted.
"""

import msgspec

from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.levels import Level


class Happened(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all events."""

    at: float
    """When, in seconds since 1970."""


class Began(Happened, frozen=True, kw_only=True, tag="began"):
    """A conversation began."""


class Noticed(Happened, frozen=True, kw_only=True, tag="noticed"):
    """An error was noticed in the learner's turn."""

    kind: Kind
    wrong: str
    """The learner's words; empty where one is missing."""
    right: str
    """The words that mend it; empty where one is too many."""
    said: str
    """The sentence as the learner wrote it."""
    correction: str
    """The same sentence mended."""


class Used(Happened, frozen=True, kw_only=True, tag="used"):
    """The learner had occasion for a kind, unaided, and got it right."""

    kind: Kind
    words: str


class Moved(Happened, frozen=True, kw_only=True, tag="moved"):
    """The tutor chose how to answer."""

    kind: Kind | None
    """The kind it aimed at; none where there was nothing to aim at."""
    level: Level
    reason: str
    """One sentence for an instructor."""
    fell_back: bool = False
    """Whether the model did not perform the move, and words from a template were said."""


class TookUp(Happened, frozen=True, kw_only=True, tag="took-up"):
    """What the learner's next turn made of the kind that was aimed at."""

    kind: Kind
    outcome: str
    """`repair`, `needs-repair` or `none`."""


class Disputed(Happened, frozen=True, kw_only=True, tag="disputed"):
    """The learner said that a noticed error is none; it counts no more."""

    noticed_at: float
    kind: Kind
    wrong: str


Event = Began | Noticed | Used | Moved | TookUp | Disputed
