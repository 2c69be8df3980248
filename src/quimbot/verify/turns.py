"""A turn and an edit made ready for comparison: words that face the learner, and their places."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import lru_cache

from quimbot.pedagogy.correction import Edit
from quimbot.pedagogy.perspective import facing
from quimbot.pedagogy.words import is_content, stem, word_set, words

Span = tuple[int, int]
OPENERS = word_set("oh ah wow so and but well yes no ok okay hmm great nice cool then")
LEADS = word_set("so oh and well")  # openers that a tutor puts before anything
DO = frozenset({"do", "does", "did"})
SPELLED_ALIKE = 0.85
"""The share of letters in common that makes two words the same one, misspelt."""
_MOVED_BY = 2  # words that a word may pass when the order is put right
_ABBREVIATED = word_set("mr mrs ms dr jr sr st vs prof")


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """The words of a turn; punctuation only parts its sentences."""

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

    def around(self, start: int, end: int, reach: int) -> set[str]:
        """Stems of content words within reach of a span, in the sentences that it touches."""
        near = {self.sentences[at] for at in (start, end - 1) if 0 <= at < len(self.said)}
        places = (*range(max(start - reach, 0), start), *range(end, end + reach))
        return {
            self.stems[at]
            for at in places
            if at < len(self.said) and self.stems[at] and self.sentences[at] in near
        }

    def neighbours(self, start: int, end: int) -> tuple[str, str]:
        """The words on both sides of a span that is not empty, within its own sentences."""
        return (
            self.word(start - 1, self.sentences[start]),
            self.word(end, self.sentences[end - 1]),
        )

    def characters(self, start: int, end: int) -> Span:
        """The characters of a span of words."""
        return self.spans[start][0], self.spans[end - 1][1]

    def runs(self, run: tuple[str, ...]) -> Iterator[int]:
        """The places where these words stand in a row."""
        for at in range(len(self.said) - len(run) + 1):
            if self.said[at : at + len(run)] == run:
                yield at


@lru_cache(maxsize=16384)
def prepare(text: str) -> Turn:
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
    return Turn(
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
    """An edit in words of the prepared turns, trimmed of words that both sides share."""

    edit: Edit
    wrong: tuple[str, ...]
    right: tuple[str, ...]
    start: int
    """Place of the wrong words in the learner's turn."""
    right_start: int
    """Place of the right words in the correction."""
    opens: bool
    """Whether the wrong words open their sentence."""

    @property
    def type(self) -> str:
        """ERRANT type; asked for only where the words leave it open, since it may cost a parse."""
        return self.edit.type

    @property
    def right_end(self) -> int:
        """Place after the right words in the correction."""
        return self.right_start + len(self.right)


def change(edit: Edit, learner: Turn, correction: Turn) -> Change:
    """The edit as the prepared turns see it."""
    start, end = learner.places[edit.start], learner.places[edit.end]
    first, last = correction.places[edit.right_start], correction.places[edit.right_end]
    wrong, right = learner.said[start:end], correction.said[first:last]
    while wrong and right and wrong[0] == right[0] and wrong != right:
        wrong, right, start, first = wrong[1:], right[1:], start + 1, first + 1
    while wrong and right and wrong[-1] == right[-1] and wrong != right:
        wrong, right = wrong[:-1], right[:-1]
    if len(right) > 1 and right[0] == "you" and correction.said[first - 1 : first] == ("and",):
        right, first = right[1:], first + 1  # "my friend and I" comes back as "you and your friend"
    opens = 0 < start < len(learner.said) and (
        learner.sentences[start - 1] != learner.sentences[start]
    )
    return Change(edit, wrong, right, start, first, opens)


def in_order(found: Sequence[Change], learner: Turn, correction: Turn) -> tuple[Change, ...]:
    """The edits, with a word taken out here and put in there as one change of order.

    So "romantic prefered" for "preferred romantic": both words must come back, in that order.
    """
    kept: list[Change] = []
    for new in found:
        if kept and _moves(kept[-1], new):
            old = kept.pop()
            wrong = learner.said[old.start : new.start + len(new.wrong)]
            right = correction.said[old.right_start : new.right_end]
            order = replace(new.edit, kind="R:WO")
            kept.append(Change(order, wrong, right, old.start, old.right_start, old.opens))
        else:
            kept.append(new)
    return tuple(kept)


def _moves(one: Change, other: Change) -> bool:
    """Whether two edits next to each other only put a word in another place, spelled or not."""
    out, into = (one, other) if other.right else (other, one)
    if out.right or into.wrong or {len(out.wrong), len(into.right)} != {1}:
        return False
    (taken,), (put,) = out.wrong, into.right
    near = other.start - one.start - len(one.wrong) <= _MOVED_BY
    return near and is_content(put) and SequenceMatcher(None, taken, put).ratio() > SPELLED_ALIKE


def coordinates(change: Change) -> bool:
    """Whether it only puts the parts of "you and your sister" in another order."""
    named = any(word == "you" or is_content(word) for word in change.right)
    return "and" in change.right and named and sorted(change.wrong) == sorted(change.right)
