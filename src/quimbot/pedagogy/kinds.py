"""Kinds of error as a learner and a teacher speak of them: the finer ERRANT types grouped."""

from enum import StrEnum


class Kind(StrEnum):
    """What an error is about; a learner's progress is followed by kind."""

    ARTICLE = "article"
    TENSE = "tense"
    VERB_FORM = "verb-form"
    AGREEMENT = "agreement"
    PREPOSITION = "preposition"
    NOUN_NUMBER = "noun-number"
    PRONOUN = "pronoun"
    WORD_FORM = "word-form"
    WORD_ORDER = "word-order"
    WORD_CHOICE = "word-choice"
    LINKING = "linking"
    SPELLING = "spelling"


_OF_CATEGORY = {
    "DET": Kind.ARTICLE,
    "VERB:TENSE": Kind.TENSE,
    "VERB:FORM": Kind.VERB_FORM,
    "VERB:INFL": Kind.VERB_FORM,
    "VERB:SVA": Kind.AGREEMENT,
    "PREP": Kind.PREPOSITION,
    "PART": Kind.PREPOSITION,
    "NOUN:NUM": Kind.NOUN_NUMBER,
    "NOUN:INFL": Kind.NOUN_NUMBER,
    "PRON": Kind.PRONOUN,
    "NOUN:POSS": Kind.WORD_FORM,
    "ADJ:FORM": Kind.WORD_FORM,
    "MORPH": Kind.WORD_FORM,
    "WO": Kind.WORD_ORDER,
    "CONJ": Kind.LINKING,
    "SPELL": Kind.SPELLING,
    "ORTH": Kind.SPELLING,
}
"""For the categories of Bryant, Felice and Briscoe (2017), without M:, R: or U:."""


def kind_of(errant_type: str) -> Kind:
    """The kind of an ERRANT type such as `R:VERB:TENSE`; the open classes are word choice."""
    return _OF_CATEGORY.get(errant_type.split(":", 1)[-1], Kind.WORD_CHOICE)
