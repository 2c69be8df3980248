"""What `design` finds out about a candidate corpus and proposes, as report.json holds it."""

from typing import Literal

from quimbot.records.record import Strict
from quimbot.runs.scorecard import Rate

Basis = Literal["measured", "judgement"]
"""Whether a number rests on a measurement of this report, or is somebody's judgement."""


class Example(Strict, frozen=True, kw_only=True):
    """A row that a check takes out, with private data masked."""

    reason: str
    detail: str
    learner: str
    """How its first learner turn begins."""


class Criterion(Strict, frozen=True, kw_only=True):
    """One check, and what it takes out of the rows looked at."""

    check: str
    """As a recipe spells it; `dedup` and `decontaminate` are the steps of that name."""
    why: str
    basis: Basis
    alone: Rate
    """Rows that it takes out by itself."""
    entered: int
    """Rows that met it after the ones before."""
    left: int
    reasons: dict[str, int]
    """Of what it takes out alone."""
    examples: tuple[Example, ...]


class Lengths(Strict, frozen=True, kw_only=True):
    """Words: the median, what 95 in 100 have at most, the most."""

    median: int
    p95: int
    most: int


class Shape(Strict, frozen=True, kw_only=True):
    """How the chats look, in any language."""

    kinds: dict[str, int]
    """Chats by code, list, task, long and talk; orders are known in Spanish and English only."""
    exchanges: dict[str, int]
    """Chats by number of learner turns, `8+` for more."""
    learner_words: Lengths
    reply_words: Lengths
    longer: dict[str, Rate]
    """Chats of more than so many words."""


class Register(Strict, frozen=True, kw_only=True):
    """How Spanish chats address, sound and mix; counts of chats in Spanish."""

    chats: int
    address: dict[str, dict[str, int]]
    """Side (`learner`, `reply`) → form of address → chats."""
    style: dict[str, dict[str, int]]
    """Side → formal, informal, both, plain → chats."""
    switching: Rate
    """Chats whose learner goes on in English within a sentence."""
    switching_lost: int
    """Of these, chats that the language check takes out."""
    readability: dict[str, int]
    """Replies of ten words or more by INFLESZ band."""


class Overlap(Strict, frozen=True, kw_only=True):
    """What the corpus and Stage 1 have in common; the first five count all rows of the corpus."""

    stage1_rows: int
    exact: int
    """Rows whose words Stage 1 has in the same order."""
    near: int
    copies: int
    """Rows whose words another row of the corpus has, which stays."""
    near_copies: int
    families: int
    """Rows whose first learner turn is of a family that Stage 1 teaches on."""
    leaks: Rate
    """Of the rows looked at, those that give a suite's turn away."""
    leaks_from: dict[str, int]


class Part(Strict, frozen=True, kw_only=True):
    """One part of the proposed mix."""

    name: Literal["new", "replay", "tutoring", "care"]
    share: float
    """Asked, of all rows."""
    available: int
    times: int
    """How often one row may be taken."""
    rows: int
    """Reached."""
    why: str
    basis: Basis


class Variant(Strict, frozen=True, kw_only=True):
    """A mix for one kind of learner."""

    name: str
    who: str
    checks: tuple[Criterion, ...]
    """What the corpus must pass beside the common criteria."""
    usable: Rate
    """Rows that pass everything, of those looked at."""
    available: int
    """The lower end of that, as rows of the corpus."""
    size: int
    size_why: str
    parts: tuple[Part, ...]
    learning_rate: float


class Design(Strict, frozen=True, kw_only=True):
    """The whole report."""

    corpus: tuple[str, ...]
    stage1: tuple[str, ...]
    rows: int
    looked_at: int
    """Rows that checks and rules looked at: all, or so many drawn by hash."""
    language: str
    """What the corpus is taken for."""
    languages: dict[str, int]
    shape: Shape
    register: Register | None
    """None where the language is not Spanish."""
    overlap: Overlap
    criteria: tuple[Criterion, ...]
    held_out: float
    """Share of the new rows that is not learnt, to see the loss on."""
    variants: tuple[Variant, ...]
    warnings: tuple[str, ...]
    next: str
    """The command to type now."""
