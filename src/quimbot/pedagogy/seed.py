"""What a campaign starts from: one learner turn, its correction, and what a reply may say of it."""

from quimbot.records.record import Strict

FIRST_LANGUAGES = ("es", "zh", "ar", "ko")
LEVELS = ("A2", "B1", "B2")


class Seed(Strict, frozen=True, kw_only=True, omit_defaults=True):
    """A learner turn, its corrections, and the material that lets a teacher answer naturally.

    A turn without an error has no corrections, and `echoes` and `hint` are then empty.
    """

    learner: str
    corrections: tuple[str, ...] = ()
    """Acceptable corrections of the whole turn, the closest first."""
    error_types: tuple[str, ...] = ()
    """ERRANT types between the turn and its first correction, in order."""
    category: str = ""
    """Kind of error, such as `past-tense`; empty when there is none."""
    l1: str = ""
    """First language that typically produces it: es, zh, ar, ko, or empty for any."""
    level: str = ""
    """A2, B1 or B2."""
    family: str
    """Template or sentence it was made from: one family never stands on both sides of a split."""
    origin: str = ""
    """Where it stands: bank entry or sentence id."""
    echoes: tuple[str, ...] = ()
    """Corrected clauses that held an error, in the learner's own perspective, worth saying back.

    Empty means: the sentences of the first correction that differ from the turn.
    """
    follow_ups: tuple[str, ...] = ()
    """Questions to the learner that fit the meaning and do not need the corrected form."""
    details: tuple[str, ...] = ()
    """Sentences that may follow the echo: a new thought, or the tutor's answer to a question."""
    hint: str = ""
    """A nudge in plain words that uses a grammar term and never gives the form."""
    tone: str = ""
    """`glad` or `sorry` when a listener would be, else empty."""
