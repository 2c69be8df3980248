"""What may happen in a conversation, for tests."""

from quimbot.pedagogy.events import Moved, Noticed, TookUp, Used
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.levels import Level

NOW = 1_800_000_000.0
DAY = 86400.0
SAID = "Yesterday I buy new coat."
BETTER = "Yesterday I bought a new coat."


def tense(at: float) -> Noticed:
    """An error of tense."""
    return Noticed(
        at=at, kind=Kind.TENSE, wrong="buy", right="bought", said=SAID, correction=BETTER
    )


def article(at: float) -> Noticed:
    """A missing article in the same sentence."""
    return Noticed(at=at, kind=Kind.ARTICLE, wrong="", right="a", said=SAID, correction=BETTER)


def moved(at: float, kind: Kind | None, level: Level = Level.RECAST) -> Moved:
    """The tutor's choice."""
    return Moved(at=at, kind=kind, level=level if kind else Level.PASS, reason="A reason.")


def took_up(at: float, kind: Kind) -> TookUp:
    """A repair."""
    return TookUp(at=at, kind=kind, outcome="repair")


def used(at: float, kind: Kind, words: str) -> Used:
    """A right use, unaided."""
    return Used(at=at, kind=kind, words=words)
