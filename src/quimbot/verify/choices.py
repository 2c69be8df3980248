"""Forms that a tutor may choose as well as the learner's: changing them puts nothing right."""

import re

from quimbot.pedagogy.lexicon import irregular_verb, lexemes
from quimbot.pedagogy.words import is_content, stem, word_set
from quimbot.verify.differences import Difference, Echo, Part
from quimbot.verify.mends import AUXILIARIES, BE, MODALS
from quimbot.verify.turns import DO

_ONE_OF = 4  # words between "one of" and its noun
_HELPED = 2  # words between a verb and what helps it
_ASKED = 3  # the same with a subject between, as in a question
_PAST = re.compile(
    r"\b(?:yesterday|ago|(?:last|this) (?:night|week|weekend|month|year|time|morning|summer|winter|"
    r"spring|autumn|\w+day)|when (?:you|he|she|they) (?:was|were)|in (?:19|20)\d\d|"
    r"the other day|once|earlier|back then|at that time)\b"
)
_PRESENT = re.compile(
    r"\b(?:now|nowadays|every|usually|always|often|sometimes|never|today|these days|still)\b"
)
_RIGHT_NOW = re.compile(r"\b(?:right now|at the moment)\b")
_STATES = frozenset(
    map(
        stem,
        word_set(
            "like love hate think know want need find feel seem believe understand prefer enjoy "
            "hope mean look agree have"
        ),
    )
)
"""Stems of verbs that tell no event, so that one told in the past says nothing about them."""
_PASTS, _PRESENTS = word_set("was were had did"), word_set("am is are be do does has have")
_OF_ONE, _OF_MANY = word_set("is was has does"), word_set("are were have do")
_COLLECTIVE = word_set("government police team family staff company class band club group crew")


def chosen(each: Difference, echo: Echo) -> bool:
    """Whether the learner's form is as good as the tutor's, as far as the words tell."""
    return _another_aspect(each, echo) or any(
        own is not None
        and put is not None
        and (
            _free_tense(own, put, echo)
            or _collective(own, put, echo)
            or _other_number(own, put, echo)
        )
        for own, put in each.steps
    )


def _free_tense(at: int, to: int, echo: Echo) -> bool:
    """Whether it is one verb in present and past, and nothing tells which was meant.

    Whether "I love the story" should have been "loved" hangs on what was meant. So a change of
    tense counts only where the learner's own sentence tells the time, or an event beside another.
    """
    wrong, right = echo.own.word(at), echo.put.word(to)
    if not lexemes(wrong) & lexemes(right) or past(wrong) is past(right):
        return False
    if not (is_content(right) or {wrong, right} <= AUXILIARIES):
        return False
    if {*echo.put.before(to, _HELPED)} & (DO | MODALS | AUXILIARIES | {"to"}):
        return False  # a form that another verb asks for
    if {*echo.own.before(at, _ASKED)} & (DO | MODALS):
        return not past(wrong)  # "did she win" comes back as "she won"
    told = " ".join(echo.own.said)
    if not past(right):
        return not _PRESENT.search(told)
    lasts = right in BE or bool(lexemes(right) & _STATES)
    events = any(_told_as_past(other, echo.own) for other in echo.own.places if other != at)
    return not _PAST.search(told) and (lasts or not events)


def past(word: str) -> bool:
    """Whether a lower-case verb is a past form or a participle."""
    if word in _PASTS or (word.endswith("ed") and len(word) > len("need")):
        return True
    return word not in _PRESENTS and irregular_verb(word) and not word.endswith(("ing", "s"))


def _told_as_past(at: int, part: Part) -> bool:
    """Whether a verb tells of the past, and is no participle after "have" or "be"."""
    return past(part.word(at)) and not {*part.before(at, _HELPED)} & AUXILIARIES


def _collective(at: int, to: int, echo: Echo) -> bool:
    """Whether it is a verb after a word that takes one or more: "the team is", "the team are"."""
    subject = echo.own.word(at - 1)
    return subject in _COLLECTIVE and past(echo.own.word(at)) is past(echo.put.word(to))


def _other_number(at: int, to: int, echo: Echo) -> bool:
    """Whether a noun comes in the other number and its verb goes with it, as it did before.

    So "the last films are" and "the last film is"; or it is wrong now, as in "one of your film".
    """
    one, other = echo.own.word(at), echo.put.word(to)
    if not (is_content(one) and one != other and stem(one) == stem(other)):
        return False
    if not max(one, other).endswith("s"):
        return False
    many, was_many = other.endswith("s"), one.endswith("s")
    if "one of" in " ".join(echo.put.before(to, _ONE_OF)):
        return not many
    before, after = echo.own.word(at + 1), echo.put.word(to + 1)
    if many and echo.put.word(to - 1) in {"a", "an"}:
        return True
    if after in (_OF_ONE if many else _OF_MANY):
        return True
    return before in (_OF_MANY if was_many else _OF_ONE) and before != after


def _another_aspect(each: Difference, echo: Echo) -> bool:
    """Whether "is working" comes back as "works", or the other way round: both may be meant.

    Of states ("I am wanting"), and of what happens right now, only one is right.
    """
    told = " ".join(echo.own.said)
    for own, put in echo.steps:
        if own is None or put is None or not each.start - 2 <= own <= each.end + 2:
            continue
        mine, theirs = echo.own.word(own), echo.put.word(put)
        if mine.endswith("ing") is theirs.endswith("ing") or not lexemes(mine) & lexemes(theirs):
            continue
        if mine.endswith("ing"):
            if _alone(BE, own, echo, 0) and not lexemes(mine) & _STATES:
                return True
        elif _alone(BE, put, echo, 1) and not _RIGHT_NOW.search(told):
            return True
    return False


def _alone(words: frozenset[str], at: int, echo: Echo, side: int) -> bool:
    """Whether one of the words stands shortly before a place on one side, and not on the other."""
    part = (echo.own, echo.put)[side]
    return any(
        step[1 - side] is None
        and (here := step[side]) is not None
        and at - _ASKED <= here < at
        and part.word(here) in words
        for step in echo.steps
    )
