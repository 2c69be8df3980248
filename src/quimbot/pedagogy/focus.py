"""The phrase around an error: short enough to be heard as one thing, whole enough to be said."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from quimbot.pedagogy.correction import english
from quimbot.pedagogy.error import Error, edit_of
from quimbot.pedagogy.words import words

_LONGEST = 8
"""Words of a phrase, at most; what verify.performing lets pass has one more."""
_SHORTEST = 3  # words below which a phrase says too little
_PART = 5  # words of a subject or an object that are said whole
_BEFORE, _AFTER = 4, 3  # words kept on each side of the error where a phrase must be cut
_WITH_VERB = frozenset({"nsubj", "nsubjpass", "expl", "aux", "auxpass", "neg", "prt"})
_COMPLETES = frozenset({"dobj", "attr", "acomp", "prep", "xcomp", "advmod", "dative", "npadvmod"})
_JOINS = frozenset({"but", "so"})
_INSIDE = frozenset({"xcomp", "ccomp", "pcomp", "advcl", "relcl", "acl"})
_LEFT_HANGING = frozenset({"DET", "ADP", "CCONJ", "SCONJ", "PUNCT", "PART", "SPACE"})


@dataclass(frozen=True)
class Focus:
    """A part of the mended sentence, and the characters in it that mend the error."""

    text: str
    start: int
    end: int


def focus(error: Error) -> Focus:
    """The phrase of the mended sentence around the error; all of it when it is short."""
    text = error.correction
    start, end = _characters(error)
    doc = english()(text)
    target = [word for word in doc if word.idx < max(end, start + 1) and _end(word) > start]
    joins = not error.right and error.wrong.lower() in _JOINS  # it parts two clauses
    if not target or joins or _spoken(doc, 0, len(doc) - 1) <= _LONGEST:
        return Focus(text, start, end)
    if start == end and target[0].i:
        target = [doc[target[0].i - 1], *target]  # a gap closes between two words
    first, last = _span(doc, target)
    at, to = doc[first].idx, _end(doc[last])
    at += len(text[at:to]) - len(text[at:to].lstrip(" ,.;:-"))
    return Focus(text[at:to], max(start - at, 0), max(end - at, 0))


def _characters(error: Error) -> tuple[int, int]:
    """Where in the mended sentence the right words stand, or the gap that they left."""
    edit, found = edit_of(error), words(error.correction)
    if edit is None or not found:
        return 0, 0
    inside = found[edit.right_start : edit.right_end]
    if inside:
        return inside[0].start, inside[-1].end
    at = found[edit.right_start].start if edit.right_start < len(found) else found[-1].start
    return at, at


def _span(doc: Any, target: Sequence[Any]) -> tuple[int, int]:  # noqa: ANN401 - spaCy ships no types
    """The places of the first and the last word of the phrase."""
    low, high = min(word.i for word in target), max(word.i for word in target)
    sentence = target[0].sent
    if sentence.text.endswith("?") and _spoken(doc, sentence.start, high) <= _LONGEST:
        return sentence.start, sentence.end - 1
    verb = _verb(target[0])
    first, last = _clause(verb, target)
    while verb.dep_ in _INSIDE:
        verb = _verb(verb.head)
        wider = _clause(verb, target)
        if _spoken(doc, *wider) > _LONGEST:
            break
        first, last = wider
    if doc[last].pos_ in {"VERB", "AUX"}:
        last = max({last, *_completed(doc[last])})
    if _spoken(doc, first, last) < _SHORTEST:
        first, last = max(sentence.start, low - _AFTER), min(sentence.end - 1, high + _AFTER)
    if _spoken(doc, first, last) > _LONGEST:
        first, last = max(first, low - _BEFORE), min(last, high + _AFTER)
    while last > high and doc[last].pos_ in _LEFT_HANGING:
        last -= 1
    while first < low and (doc[first].is_punct or doc[first].pos_ == "CCONJ"):
        first += 1
    return first, last


def _clause(verb: Any, target: Sequence[Any]) -> tuple[int, int]:  # noqa: ANN401
    """The places where a verb's clause begins and ends, as far as the target needs it."""
    keep = {word.i for word in (*target, verb)}
    for child in verb.children:
        if child.dep_ in _WITH_VERB:
            keep |= _part(child)
    for word in target:
        for above in _up_to(word, verb):
            keep |= _part(above)
    keep |= _completed(verb) if target[-1].i <= verb.i else set()
    return min(keep), max(keep)


def _completed(verb: Any) -> set[int]:  # noqa: ANN401
    """The places of what a verb is said with: "like music", "are late"."""
    after = [child for child in verb.rights if child.dep_ in _COMPLETES]
    return _part(after[0]) if after else set()


def _spoken(doc: Any, first: int, last: int) -> int:  # noqa: ANN401
    """How many words a span has."""
    return sum(not (word.is_punct or word.is_space) for word in doc[first : last + 1])


def _verb(word: Any) -> Any:  # noqa: ANN401
    """The verb that governs a word, or the top of its sentence."""
    while word.pos_ not in {"VERB", "AUX"} or word.dep_ in {"aux", "auxpass"}:
        if word.head == word:
            break
        word = word.head
    return word


def _up_to(word: Any, verb: Any) -> Iterator[Any]:  # noqa: ANN401
    """A word and those above it, up to the verb."""
    while word not in (verb, word.head):
        yield word
        word = word.head


def _part(word: Any) -> set[int]:  # noqa: ANN401
    """The places of a word and what belongs to it, where that is short."""
    inside = [each.i for each in word.subtree]
    return {*inside} if inside[-1] - inside[0] < _PART else {word.i}


def _end(word: Any) -> int:  # noqa: ANN401
    return int(word.idx + len(word))
