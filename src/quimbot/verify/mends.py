"""Which difference between a learner's words and their echo puts an error right.

A mend says the same with another form, spelling, small word or order. Any other difference is a
paraphrase, and says nothing about the learner's English.
"""

from functools import lru_cache

from rapidfuzz.distance import Indel

from quimbot.pedagogy.lexicon import confused, is_word, lexemes
from quimbot.pedagogy.words import is_content, word_set

ARTICLES = word_set("a an the")
PREPOSITIONS = word_set(
    "in on at of to for with from by about into onto since during until after before over than as"
)
BE = word_set("am is are was were be been being")
HAVE = word_set("has have had having")
DO = word_set("do does did doing")
AUXILIARIES = BE | HAVE | DO
_FAMILIES = tuple(
    map(
        word_set,
        (
            "a an the", "you your yours yourself", "he him his himself", "she her hers herself",
            "they them their theirs themselves", "it its itself", "this these", "that those",
            "who which that", "much many", "few little", "some any", "other another others",
        ),
    )
)  # fmt: skip
_ADDED = ARTICLES | PREPOSITIONS | AUXILIARIES | word_set("it they he she you that")
_DROPPED = _ADDED | word_set("more most so and")
_MISSPELT = 0.6  # letters in common, where the learner's word is none
_DERIVED = 0.65  # letters in common of two words of one family
_SHARED = 4  # letters with which words of one family begin


@lru_cache(maxsize=65536)
def stands_for(wrong: str, right: str) -> bool:
    """Whether one word put for another may mend it."""
    both = {wrong, right}
    if both <= PREPOSITIONS or both <= AUXILIARIES or any(both <= family for family in _FAMILIES):
        return True
    if (wrong, right) in confused():
        return True
    if not (wrong[0].isalpha() and right[0].isalpha()):
        return False
    return _same_word(wrong, right) if is_word(wrong) else _misspelt(wrong, right)


def _same_word(wrong: str, right: str) -> bool:
    """Whether two words with content are forms of one, or of one family."""
    if not (is_content(wrong) and is_content(right)):
        return False
    family = wrong[:_SHARED] == right[:_SHARED]
    alike = family and Indel.normalized_similarity(wrong, right) >= _DERIVED
    return alike or bool(lexemes(wrong) & lexemes(right))


def _misspelt(wrong: str, right: str) -> bool:
    alike = Indel.normalized_similarity(wrong, right) >= _MISSPELT
    return alike and wrong[0] == right[0] and is_word(right)


def may_add(word: str) -> bool:
    """Whether a mend may put the word in."""
    return word in _ADDED


def may_drop(word: str) -> bool:
    """Whether a mend may take the word out."""
    return word in _DROPPED
