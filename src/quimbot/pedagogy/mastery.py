"""How well a learner knows a kind: Bayesian knowledge tracing, three lines and a prior.

After Corbett and Anderson (1995), "Knowledge tracing: modeling the acquisition of procedural
knowledge": a kind is known or not; a learner who knows it slips at times, one who does not guesses
right at times, and each occasion may be the one at which it is learnt.
"""

from dataclasses import dataclass

from quimbot.pedagogy.kinds import Kind


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """The four probabilities of one kind, for one learner."""

    start: float = 0.35
    """Known before the first occasion."""
    slip: float = 0.1
    """Wrong although known."""
    guess: float = 0.2
    """Right although not known."""
    learn: float = 0.06
    """Learnt at an occasion."""

    def __post_init__(self) -> None:
        """A right answer must speak for knowledge, an error against it."""
        if not all(0 < value < 1 for value in (self.start, self.slip, self.guess, self.learn)):
            raise ValueError(f"probabilities lie between 0 and 1: {self}")
        if self.slip + self.guess >= 1:
            raise ValueError(f"slip and guess must add up to less than 1: {self}")


_START = {"A2": 0.2, "B1": 0.3, "B2": 0.45, "C1": 0.6}
_HARD = {
    "es": {Kind.PREPOSITION, Kind.PRONOUN, Kind.WORD_ORDER, Kind.SPELLING},
    "zh": {Kind.ARTICLE, Kind.TENSE, Kind.AGREEMENT, Kind.NOUN_NUMBER, Kind.VERB_FORM},
    "ar": {Kind.ARTICLE, Kind.PREPOSITION, Kind.TENSE, Kind.PRONOUN, Kind.SPELLING},
    "ko": {Kind.ARTICLE, Kind.AGREEMENT, Kind.NOUN_NUMBER, Kind.PREPOSITION, Kind.WORD_ORDER},
}
_HARDER = 0.6
"""What is left of the prior where the first language has no such form, or another one."""


_SURE = 0.98
"""No surer than this, so that a few errors are enough to think again."""


def parameters(kind: Kind, l1: str = "", level: str = "") -> Parameters:
    """The prior of a kind for a first language (es, zh, ar, ko) and a level (A2 to C1)."""
    plain = Parameters()
    start = _START.get(level, plain.start)
    return (
        Parameters(start=start * _HARDER) if kind in _HARD.get(l1, ()) else Parameters(start=start)
    )


def after_right(p: float, known: Parameters) -> float:
    """The probability of knowing after an occasion that went right."""
    right = p * (1 - known.slip)
    return taught(right / (right + (1 - p) * known.guess), known)


def after_error(p: float, known: Parameters) -> float:
    """The probability of knowing after an error."""
    wrong = p * known.slip
    return taught(wrong / (wrong + (1 - p) * (1 - known.guess)), known)


def taught(p: float, known: Parameters) -> float:
    """The probability of knowing after an occasion to learn that shows nothing; at most 0.98."""
    return min(p + (1 - p) * known.learn, _SURE)
