"""Learner turns as people type them: greetings, sentences around the error, and loose typing.

Everything added is the same in the turn and in its correction, so the error stays what it was.
"""

import re
from collections.abc import Sequence
from random import Random

import msgspec

from quimbot.pedagogy.bank.typing_style import TypingStyle
from quimbot.pedagogy.seed import Seed
from quimbot.pedagogy.words import word_set

_LEADS = (
    "Hi!", "Hello!", "Hey,", "Yes,", "No,", "Well,", "Hmm,", "Oh,", "So,", "Ok,", "Okay,",
    "Actually,", "You know,", "Yes.", "Yeah,", "Let me see.", "Thanks.", "Good morning!", "Right,",
    "Honestly,",
)  # fmt: skip
_QUESTION_LEADS = ("Hi!", "Hello!", "Hey,", "And", "Ok,", "Well,", "So,", "Thanks.", "Nice!")
_LAUGHS = ("lol", "haha", ":)", "hahaha")
_BACK = ("And you?", "What about you?", "How about you?")
_LED = 0.3  # share of turns that begin with a greeting or the like
_LAUGHED = 0.06
_ASKED_BACK = 0.06
_BEFORE = 0.5  # of the sentences around an error that may stand before it
_GREETING = re.compile(r"(?:hi|hello|hey)\b", re.IGNORECASE)
_POINTS_BACK = re.compile(r"\b(?:it|there|that|this|them|the|then)\b", re.IGNORECASE)
_END = re.compile(r"[.?!)]$")


def chat_turn(seeds: Sequence[Seed], beside: Sequence[str], rng: Random) -> Seed:
    """One turn that says the seeds' sentences in order, `beside` sentences around them."""
    first = seeds[0]
    parts = [(seed.learner, (*seed.corrections, seed.learner)[0]) for seed in seeds]
    before = [text for text in beside if not _POINTS_BACK.search(text) and rng.random() < _BEFORE]
    after = [] if _asks(first) else [text for text in beside if text not in before]
    parts = [*((text, text) for text in before), *parts, *((text, text) for text in after)]
    lead, tail = _lead(first, rng), _tail(seeds, rng)
    typed = TypingStyle.draw(rng)
    learner = typed(_join([wrong for wrong, _ in parts], lead, tail))
    correction = typed(_join([right for _, right in parts], lead, tail))
    return msgspec.structs.replace(
        first,
        learner=learner,
        corrections=(correction,) if any(seed.corrections for seed in seeds) else (),
        error_types=tuple(kind for seed in seeds for kind in seed.error_types),
        category="+".join(dict.fromkeys(seed.category for seed in seeds)),
        level=max(seed.level for seed in seeds),
        origin="+".join(seed.origin for seed in seeds),
        echoes=tuple(echo for seed in seeds for echo in seed.echoes),
        follow_ups=seeds[-1].follow_ups,
        details=seeds[-1].details,
        tone=first.tone if len({seed.tone for seed in seeds}) == 1 else "",
    )


def _asks(seed: Seed) -> bool:
    return seed.learner.endswith("?")


def _lead(first: Seed, rng: Random) -> str:
    if _GREETING.match(first.learner) or rng.random() > _LED:
        return ""
    return rng.choice(_QUESTION_LEADS if _asks(first) else _LEADS)


def _tail(seeds: Sequence[Seed], rng: Random) -> str:
    """A laugh or a question back, now and then, where it fits."""
    if _asks(seeds[-1]) or any(seed.tone == "sorry" for seed in seeds):
        return ""
    draw = rng.random()
    if draw < _LAUGHED:
        return rng.choice(_LAUGHS)
    return rng.choice(_BACK) if draw < _LAUGHED + _ASKED_BACK else ""


def _join(sentences: Sequence[str], lead: str, tail: str) -> str:
    """Sentences as one text: a capital at each start, a stop at each end."""
    said: list[str] = [lead] if lead else []
    for sentence in sentences:
        runs_on = bool(said) and not _END.search(said[-1])
        start = sentence if runs_on else sentence[:1].upper() + sentence[1:]
        start = start[:1].lower() + start[1:] if runs_on and not _is_name(start) else start
        said.append(start if _END.search(start) else f"{start}.")
    if tail in _LAUGHS:
        said[-1] = said[-1].removesuffix(".")
    return " ".join([*said, tail] if tail else said)


def _is_name(sentence: str) -> bool:
    """Whether a sentence keeps its capital anywhere: "I" or a name."""
    first = sentence.partition(" ")[0]
    return first.partition("'")[0] == "I" or first not in _STARTERS


_STARTERS = word_set(
    "The A An My Our We They He She It There This These Those That And But Because Although When "
    "If Food Lunch Family Friends Good Sometimes Summer Spring Tomorrow Today Nothing Everybody "
    "What Where Why How Did Do Have Can Is Right Yesterday Last Two On In People "
    "Nobody One Every"
)
