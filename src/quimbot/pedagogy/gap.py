"""The learner's clause with a blank where the error is: it asks for the form and never gives it."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from quimbot.pedagogy.words import is_content, word_set

BLANK = "____"
_WORD = re.compile(r"[\w'\u2019]+")
_LONG = 4
_BEFORE_NOUN = word_set("a an the my your his her our their this to in at of with about for on")
_TIME = word_set(
    "yesterday today tomorrow tonight night morning evening afternoon weekend week month year "
    "years weeks days summer winter spring monday tuesday wednesday thursday friday "
    "months saturday sunday last next every always often sometimes usually really right time times "
    "these very"
)


def gap(learner: str, clause: str) -> str:
    """The corrected clause with its corrections blanked, or nothing where a blank cannot help.

    An error of word order, or a word too many, leaves no place to fill.
    """
    old = [match[0].lower() for match in _WORD.finditer(learner)]
    places = list(_WORD.finditer(clause))
    blanked: list[tuple[int, int]] = []
    added: set[str] = set()
    removed: set[str] = set()
    for kind, i1, i2, j1, j2 in _changes(old, [place[0].lower() for place in places]):
        inside = kind != "delete" or 0 < j1 < len(places)
        removed |= set(old[i1:i2])
        added |= {place[0].lower() for place in places[j1:j2]}
        if j2 > j1:
            blanked.append((places[j1].start(), places[j2 - 1].end()))
        elif inside:
            return ""
    if not blanked or added & removed:
        return ""
    return _blank(clause, blanked)


def key(learner: str, clause: str) -> str:
    """The last longer noun, by its place, that the learner got right, or nothing."""
    wrong = {word for pair in _pairs(learner, clause) for word in pair}
    words = [match[0] for match in _WORD.finditer(clause)]
    fit = [
        word
        for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False)
        if before.lower() in _BEFORE_NOUN
        and not (after and is_content(after.lower()) and after.lower() not in _TIME)
        and word.lower() not in wrong | _TIME
        and len(word) >= _LONG
        and is_content(word.lower())
    ]
    return fit[-1] if fit else ""


def _pairs(learner: str, clause: str) -> Iterator[list[str]]:
    """The words that differ, on both sides."""
    old = [match[0].lower() for match in _WORD.finditer(learner)]
    new = [match[0].lower() for match in _WORD.finditer(clause)]
    for _, i1, i2, j1, j2 in _changes(old, new):
        yield old[i1:i2] + new[j1:j2]


def _changes(old: list[str], new: list[str]) -> Iterator[tuple[str, int, int, int, int]]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return (code for code in matcher.get_opcodes() if code[0] != "equal")


def _blank(clause: str, spans: list[tuple[int, int]]) -> str:
    """The clause with blanks at the spans; neighbouring blanks become one."""
    for start, end in reversed(spans):
        clause = clause[:start] + BLANK + clause[end:]
    return re.sub(rf"{BLANK}(?: {BLANK})+", BLANK, clause)
