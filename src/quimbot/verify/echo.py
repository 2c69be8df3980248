"""Whether a reply says the learner's words back: corrected, bare, or with the error still in.

A correction counts as recast only in the learner's context: the corrected words must stand beside
words of the learner's own. "What do you study there?" reuses a form; "So you study biology?" is
a recast. Everything is compared with both sides turned to face the learner.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from quimbot.pedagogy.correction import Edit
from quimbot.pedagogy.perspective import facing
from quimbot.pedagogy.words import is_content, stem, word_set, words

Level = Literal["recast", "form", "none"]
Span = tuple[int, int]

_REACH = 4  # words on each side that count as context
_OWN_IN_QUESTION = 2  # content words that make a wh-question the learner's sentence
_DETERMINERS = word_set(
    "a an the this that these those some any my your his her its our their another one"
)
_DO = frozenset({"do", "does", "did"})
_TAKES_BASE = word_set("do does did to will would can could should might may must let not")
_WH = word_set("what which who whom whose where when why how")
_OPENERS = word_set("oh ah wow so and but well yes no ok okay hmm great nice cool then")
_REPORTS = word_set("know ask wonder tell hear curious want mean see find")
_ABBREVIATED = word_set("mr mrs ms dr jr sr st vs prof")


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """A turn made ready for comparison; punctuation only parts its sentences."""

    said: tuple[str, ...]
    """Lower-case words, facing the learner."""
    stems: tuple[str, ...]
    """Stems of content words, empty strings for the others."""
    sentences: tuple[int, ...]
    """For each word, the number of its sentence."""
    spans: tuple[Span, ...]
    """For each word, its characters."""
    asks: frozenset[int]
    """Sentences that end with a question mark."""
    places: tuple[int, ...]
    """For each place in `words(text)`, and for its end, the number of words before it."""

    def word(self, place: int, sentence: int) -> str:
        """The word there when it belongs to the sentence, else nothing."""
        inside = 0 <= place < len(self.said) and self.sentences[place] == sentence
        return self.said[place] if inside else ""

    def around(self, start: int, end: int, reach: int) -> Iterator[int]:
        """Places within reach of a span, in the sentences that it touches."""
        near = {self.sentences[at] for at in (start, end - 1) if 0 <= at < len(self.said)}
        for place in (*range(start - reach, start), *range(end, end + reach)):
            if 0 <= place < len(self.said) and self.sentences[place] in near:
                yield place


@lru_cache(maxsize=16384)
def prepare(text: str) -> Text:
    """The turn made ready; remembered, since a learner turn meets many replies."""
    found = words(text)
    kept = [word for word in found if word.spoken]
    said = facing([word.text for word in kept])
    sentence, before = 0, ""
    sentences: list[int] = []
    asks: set[int] = set()
    places: list[int] = []
    for word in found:
        places.append(len(sentences))
        if word.spoken:
            sentences.append(sentence)
            before = word.text.lower()
        elif not set(word.text) <= {",", ";", ":"} and not _abbreviated(word.text, before):
            if "?" in word.text:
                asks.add(sentence)
            sentence += 1
    places.append(len(sentences))
    return Text(
        said=tuple(said),
        stems=tuple(stem(word) if is_content(word) else "" for word in said),
        sentences=tuple(sentences),
        spans=tuple((word.start, word.end) for word in kept),
        asks=frozenset(asks),
        places=tuple(places),
    )


def _abbreviated(mark: str, before: str) -> bool:
    return mark == "." and (before in _ABBREVIATED or len(before) == 1)


@dataclass(frozen=True, slots=True)
class Change:
    """An edit in words of the prepared texts, trimmed of words that both sides share."""

    type: str
    wrong: tuple[str, ...]
    right: tuple[str, ...]
    start: int
    """Place of the wrong words in the learner's turn."""
    right_start: int
    """Place of the right words in the correction."""


def change(edit: Edit, learner: Text, correction: Text) -> Change:
    """The edit as the prepared texts see it."""
    start, end = learner.places[edit.start], learner.places[edit.end]
    first, last = correction.places[edit.right_start], correction.places[edit.right_end]
    wrong, right = learner.said[start:end], correction.said[first:last]
    while wrong and right and wrong[0] == right[0] and wrong != right:
        wrong, right, start, first = wrong[1:], right[1:], start + 1, first + 1
    while wrong and right and wrong[-1] == right[-1] and wrong != right:
        wrong, right = wrong[:-1], right[:-1]
    return Change(edit.type, wrong, right, start, first)


def find(change: Change, correction: Text, reply: Text) -> tuple[Level, Span | None]:
    """How strongly the reply carries one corrected edit, and the words that show it."""
    best: tuple[Level, Span | None] = ("none", None)
    if not change.right:
        return _find_gap(change, correction, reply)
    content = any(is_content(word) for word in change.right)
    for start, end in _occurrences(change, reply):
        span = (reply.spans[start][0], reply.spans[end - 1][1])
        seen = _in_context if content else _in_frame
        if seen(change, correction, reply, start, end):
            if not _fresh_question(change, correction, reply, start):
                return "recast", span
            best = ("form", span)
        elif content and best[0] == "none":
            best = ("form", span)
    if best[0] == "none" and set(change.right) <= _DO:
        return _find_reported(change, correction, reply)
    return best


def _occurrences(change: Change, reply: Text) -> Iterator[Span]:
    """Where the right words stand in the reply, in order, with at most one word between two."""
    right = change.right
    other = _DETERMINERS - set(change.wrong) if set(right) <= _DETERMINERS else frozenset()
    for start, word in enumerate(reply.said):
        if word != right[0] and word not in other:
            continue
        place, sentence = start, reply.sentences[start]
        for wanted in right[1:]:
            steps = [step for step in (1, 2) if reply.word(place + step, sentence) == wanted]
            if not steps:
                break
            place += steps[0]
        else:
            yield start, place + 1


def _in_context(change: Change, correction: Text, reply: Text, start: int, end: int) -> bool:
    """Whether a content word stands near another of the learner's, or between the same two."""
    first, last = change.right_start, change.right_start + len(change.right)
    own = {correction.stems[at] for at in correction.around(first, last, _REACH)} - {""}
    near = {reply.stems[at] for at in reply.around(start, end, _REACH + 1)} - {""}
    if own & near:
        return True
    left, right = _neighbours(correction, first, last)
    same_left = left == reply.word(start - 1, reply.sentences[start])
    same_right = right == reply.word(end, reply.sentences[start])
    return (same_left and same_right) or (not own and (same_left or same_right))


def _in_frame(change: Change, correction: Text, reply: Text, start: int, end: int) -> bool:
    """Whether a function word stands in its slot: beside the same word, or before its noun."""
    first, last = change.right_start, change.right_start + len(change.right)
    sentence = reply.sentences[start]
    left, right = _neighbours(correction, first, last)
    same_left = bool(left) and _alike(left, reply.word(start - 1, sentence))
    same_right = bool(right) and _alike(right, reply.word(end, sentence))
    if same_left and same_right:
        return True
    after = _heads(correction, last, 1) & _heads(reply, end, 1)
    before = _heads(correction, first - 1, -1) & _heads(reply, start - 1, -1)
    if set(change.right) <= _DETERMINERS:
        return bool(after)
    if (same_left or same_right) and (after or before):
        return True
    return bool(after and before)


def _heads(text: Text, start: int, step: int) -> set[str]:
    """Stems of the content words up to three words away in one direction."""
    if not 0 <= start < len(text.said):
        return set()
    sentence = text.sentences[start]
    reach = range(start, start + 3 * step, step)
    return {text.stems[at] for at in reach if text.word(at, sentence)} - {""}


def _neighbours(text: Text, first: int, last: int) -> tuple[str, str]:
    """The words on both sides of a span, within the sentences of its own ends."""
    at = min(first, len(text.said) - 1)
    sentence = text.sentences[at]
    end = text.sentences[last - 1] if last > first else sentence
    return text.word(first - 1, sentence), text.word(last, end)


def _alike(one: str, other: str) -> bool:
    return one == other or (bool(other) and is_content(one) and stem(one) == stem(other))


def _find_gap(change: Change, correction: Text, reply: Text) -> tuple[Level, Span | None]:
    """A deleted word: its two neighbours must have closed up, one of them a content word."""
    place = change.right_start
    left = correction.said[place - 1] if place else ""
    right = correction.said[place] if place < len(correction.said) else ""
    near = {correction.stems[at] for at in correction.around(place, place, _REACH)} - {""}
    found: tuple[Level, Span | None] = ("none", None)
    for at in range(len(reply.said)):
        sentence = reply.sentences[at]
        if right and not _alike(right, reply.said[at]):
            continue
        if not right and not _alike(left, reply.said[at]):
            continue
        before = reply.word(at - 1, sentence) if right else ""
        after = reply.word(at + 1, sentence)
        if before in change.wrong or (not right and after in change.wrong):
            continue
        context = {reply.stems[near_at] for near_at in reply.around(at, at + 1, _REACH)} & near
        closed = (not right) or (not left) or _alike(left, before)
        head = bool(correction.stems[place]) if right else bool(correction.stems[place - 1])
        if (closed and (head or context)) or (head and context):
            return "recast", reply.spans[at]
        if head:
            found = ("form", reply.spans[at])
    return found


def _fresh_question(change: Change, correction: Text, reply: Text, start: int) -> bool:
    """Whether the match is part of a new wh-question and not of the learner's own sentence."""
    sentence = reply.sentences[start]
    if sentence not in reply.asks or not _opens_with_wh(reply, sentence):
        return False
    if any(word in _WH for word in correction.said):
        return False
    first, last = change.right_start, change.right_start + len(change.right)
    own = {s for at, s in enumerate(correction.stems) if s and not first <= at < last}
    asked = {s for at, s in enumerate(reply.stems) if s and reply.sentences[at] == sentence}
    return len(own & asked) < _OWN_IN_QUESTION


def _opens_with_wh(reply: Text, sentence: int) -> bool:
    inside = [word for at, word in enumerate(reply.said) if reply.sentences[at] == sentence]
    opening = next((word for word in inside if word not in _OPENERS), "")
    return opening in _WH


def _find_reported(change: Change, correction: Text, reply: Text) -> tuple[Level, Span | None]:
    """A question told in a statement ("you want to know which trailer I want") needs no "do"."""
    after = correction.said[change.right_start + len(change.right) :][:2]
    for at in range(len(reply.said) - 1):
        sentence = reply.sentences[at]
        lead = {reply.word(place, sentence) for place in range(max(at - 8, 0), at)}
        if after and reply.said[at : at + len(after)] == after and lead & _REPORTS:
            return "recast", (reply.spans[at][0], reply.spans[at + len(after) - 1][1])
    return "none", None


def repeats(change: Change, learner: Text, correction: Text, reply: Text) -> Span | None:
    """Where the reply says the learner's wrong words back in the learner's frame."""
    wrong = change.wrong
    if wrong == change.right:
        return None
    left, right = _frame(learner, change.start, change.start + len(wrong))
    if _stands(correction, (left, *wrong, right)):
        return None
    for at in range(len(reply.said) - max(len(wrong), 1) + 1):
        if reply.said[at : at + len(wrong)] != wrong:
            continue
        sentence = reply.sentences[at]
        ends = (reply.word(at - 1, sentence), reply.word(at + len(wrong), sentence))
        if not _same_frame((left, right), ends, wrong):
            continue
        if "VERB" in change.type and _takes_base(reply, at, learner, change.start):
            continue
        first, last = max(at - 1, 0), min(at + len(wrong), len(reply.said) - 1)
        return reply.spans[first][0], reply.spans[last][1]
    return None


def _frame(text: Text, start: int, end: int) -> tuple[str, str]:
    if not text.said:
        return "", ""
    sentence = text.sentences[min(start, len(text.said) - 1)]
    if start == end:  # nothing there: the gap may stand at the end of a sentence
        before = text.sentences[start - 1] if start else sentence
        return text.word(start - 1, before), text.word(start, before)
    return text.word(start - 1, sentence), text.word(end, sentence)


def _same_frame(own: tuple[str, str], ends: tuple[str, str], wrong: Sequence[str]) -> bool:
    """Whether the words on both sides are the learner's, at least one of the three with content."""
    if own != ends or not any(own):
        return False
    return any(word and is_content(word) for word in (*own, *wrong))


def _stands(text: Text, run: Sequence[str]) -> bool:
    """Whether a run of words occurs in a text."""
    wanted = tuple(word for word in run if word)
    size = len(wanted)
    return any(text.said[at : at + size] == wanted for at in range(len(text.said) - size + 1))


def _takes_base(reply: Text, at: int, learner: Text, start: int) -> bool:
    """Whether an auxiliary of the reply's own makes the learner's verb form right."""
    return bool(set(reply.said[max(at - 3, 0) : at]) & _TAKES_BASE) and not (
        set(learner.said[max(start - 3, 0) : start]) & _TAKES_BASE
    )
