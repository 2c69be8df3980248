"""Which word put for another, put in or taken out may mend what a learner wrote.

A mend says the same with another form, spelling or small word. Any other difference is a
paraphrase, and says nothing about the learner's English.
"""

from functools import lru_cache

from rapidfuzz.distance import Indel

from quimbot.pedagogy.lexicon import confused, is_word, lexemes
from quimbot.pedagogy.words import is_content, word_set

ARTICLES = word_set("a an the")
PREPOSITIONS = word_set(
    "in on at of to for with from by about into onto since during until after before over"
)
BE = word_set("am is are was were be been being")
AUXILIARIES = BE | word_set("has have had having do does did doing")
MODALS = word_set("can could will would shall should may might must")
SUBJECTS = word_set("it they he she you there")
OBJECTS = word_set("it them")
_FAMILIES = tuple(
    map(
        word_set,
        (
            "a an",
            "you your yours",
            "he him his",
            "she her hers",
            "they them their theirs",
            "it its",
            "he she",
            "his her",
            "him her",
            "this these",
            "that those",
            "much many",
            "few little",
            "some any",
            "than as",
            "nothing anything",
            "nobody anybody",
            "never ever",
            "other another others",
            "more most",
            "less least",
        ),
    )
)
_AS_GOOD = tuple(
    map(
        word_set,
        (
            "about of",
            "with to",
            "this it",
            "that it",
            "this that",
            "them it",
            "also too",
            "those these",
            "so such",
            "if when",
            "like as",
            "got gotten",
            "learned learnt",
            "hoped expected",
            "final last",
            "everybody everyone",
            "somebody someone",
            "anybody anyone",
        ),
    )
)
"""Pairs of which a tutor may say either, so that neither is a mend of the other."""
_ADDED = ARTICLES | PREPOSITIONS | AUXILIARIES | SUBJECTS | OBJECTS | {"who", "old"}
_DROPPED = ARTICLES | PREPOSITIONS | BE | word_set("have has had it he she they more most you")
_MISSPELT = 0.7  # letters in common, where the learner's word is none
_TYPED = 0.8  # letters in common, where it happens to be another word: "bred" for "bread"
_DERIVED = 0.65  # letters in common of two words of one family
_SHARED = 4  # letters with which words of one family begin


@lru_cache(maxsize=65536)
def stands_for(wrong: str, right: str) -> bool:
    """Whether one word put for another may mend it."""
    both = {wrong, right}
    if any(both <= pair for pair in _AS_GOOD):
        return False
    if both <= PREPOSITIONS or both <= AUXILIARIES or any(both <= family for family in _FAMILIES):
        return True
    if (wrong, right) in confused():
        return True
    if not (wrong.isalpha() and right.isalpha()):
        return False
    return _same_word(wrong, right) or misspelt(wrong, right)


def _same_word(wrong: str, right: str) -> bool:
    """Whether two words with content are forms of one, or of one family."""
    if not (is_content(wrong) and is_content(right)):
        return False
    alike = Indel.normalized_similarity(wrong, right)
    family = wrong[:_SHARED] == right[:_SHARED] and alike >= _DERIVED
    return family or bool(lexemes(wrong) & lexemes(right))


def misspelt(wrong: str, right: str, alike: float = _MISSPELT) -> bool:
    """Whether the first is spelled like the other; more so where it is an English word itself.

    `alike` is the share of letters in common that is asked of a word that is none.
    """
    if wrong[0] != right[0] or not is_word(right) or not (wrong.isalpha() and right.isalpha()):
        return False
    share = Indel.normalized_similarity(wrong, right)
    if is_word(wrong):
        return share >= _TYPED and is_content(wrong) and is_content(right)
    return share >= alike


def may_add(word: str) -> bool:
    """Whether a mend may put the word in."""
    return word in _ADDED


def may_drop(word: str) -> bool:
    """Whether a mend may take the word out."""
    return word in _DROPPED
