"""Errors noticed without a grammar checker: what the tutor's own words put right.

A tutor who says the learner's clause back in good English shows where it was not. The clause is
laid along the learner's, and only what `mends` takes for a mend counts: paraphrase, answers and new
thoughts do not. Precision comes first, since a learner should never be told of an error that is
none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from quimbot.pedagogy.correction import real_edits_all
from quimbot.pedagogy.error import Error
from quimbot.pedagogy.kinds import kind_of
from quimbot.pedagogy.lexicon import confused
from quimbot.pedagogy.mending import Mend, mended
from quimbot.pedagogy.say_back import turned
from quimbot.pedagogy.words import is_content, word_set, words
from quimbot.verify.alongside import Step, alongside
from quimbot.verify.mends import AUXILIARIES, may_add, may_drop, stands_for
from quimbot.verify.turns import OPENERS, Turn, prepare

__all__ = ["Error", "correction", "notice"]

_READ = 2000  # characters of each side that are looked at
_ALIKE = 0.6  # share of a stretch that must come back as it was said
_FEWEST = 2  # words that must
_RUN = 3  # words next to each other that one mend may change
_NEAR = 2  # words between a mend and a paraphrase that makes it doubtful
_ASKS = AUXILIARIES | word_set(
    "what which who whom whose where when why how can could will would should may might shall must"
)


def notice(learner: str, said: str) -> tuple[Error, ...]:
    """The errors of a learner's turn that the tutor's words put right, in order."""
    pairs = [pair for pair in _sentences(learner, said) if pair[0] != pair[1]]
    return tuple(
        Error(
            kind=kind_of(edit.type),
            type=edit.type,
            wrong=" ".join(edit.wrong),
            right=" ".join(edit.right),
            said=pair[0],
            correction=pair[1],
        )
        for pair, edits in zip(pairs, real_edits_all(pairs), strict=True)
        for edit in edits
    )


def correction(learner: str, said: str) -> str:
    """The learner's turn with the errors mended that the tutor's words put right."""
    text, at = learner, 0
    for old, new in _sentences(learner, said):
        at = text.index(old, at)
        text = text[:at] + new + text[at + len(old) :]
        at += len(new)
    return text


def _sentences(learner: str, said: str) -> Iterator[tuple[str, str]]:
    """Each sentence of the learner, as it is and mended."""
    own, put = prepare(learner[:_READ]), prepare(said[:_READ])
    spoken = _spoken_back(said[:_READ])
    for number in dict.fromkeys(own.sentences):
        here = _places(own, number)
        first, after = own.spans[here[0]][0], own.spans[here[-1]][1]
        text = learner[first:after]
        mends = [
            Mend(mend.start - here[0], mend.end - here[0], mend.right)
            for mend in _mends(own, here, put, spoken)
        ]
        yield text, mended(text, mends)


def _spoken_back(said: str) -> list[str]:
    """The tutor's words as the learner would say them, one for each word that is spoken."""
    found = words(said)
    back = turned([word.text for word in found])
    return [text for text, word in zip(back, found, strict=True) if word.spoken]


def _places(turn: Turn, sentence: int) -> list[int]:
    return [at for at, number in enumerate(turn.sentences) if number == sentence]


def _mends(own: Turn, here: Sequence[int], put: Turn, spoken: Sequence[str]) -> list[Mend]:
    """The mends of one sentence of the learner, found in any of the tutor's; the first counts."""
    found: dict[tuple[int, int], Mend] = {}
    for number in dict.fromkeys(put.sentences):
        there = _places(put, number)
        asked = _opens_question(put, there) and not (
            _opens_question(own, here) or own.sentences[here[0]] in own.asks
        )
        steps = [
            Step(
                None if step.own is None else here[step.own],
                None if step.put is None else there[step.put],
            )
            for step in alongside([own.said[at] for at in here], [put.said[at] for at in there])
        ]
        for difference in _differences(steps, own, put):
            if difference.mends and not (asked and difference.of_verb):
                mend = difference.mend(spoken)
                found.setdefault((mend.start, mend.end), mend)
    kept: list[Mend] = []
    for mend in sorted(found.values(), key=lambda mend: mend[:2]):
        if not kept or kept[-1].end <= mend.start:
            kept.append(mend)
    return kept


def _opens_question(turn: Turn, places: Sequence[int]) -> bool:
    first = next((turn.said[at] for at in places if turn.said[at] not in OPENERS), "")
    return first in _ASKS and turn.sentences[places[0]] in turn.asks


@dataclass(frozen=True)
class _Difference:
    """Words of the learner that come back as others."""

    start: int
    end: int
    own: tuple[str, ...]
    places: tuple[int, ...]
    put: tuple[str, ...]
    alike: bool
    """Whether each word is one that may stand for the other."""

    @property
    def mends(self) -> bool:
        """Whether it puts something right."""
        return self.alike or (" ".join(self.own), " ".join(self.put)) in confused()

    @property
    def of_verb(self) -> bool:
        """Whether it changes the form of a word with content or of an auxiliary."""
        return any(is_content(word) or word in AUXILIARIES for word in (*self.own, *self.put))

    def mend(self, spoken: Sequence[str]) -> Mend:
        """The words to put there, as the learner would say them."""
        right = (spoken[at] for at in self.places)
        return Mend(
            self.start, self.end, tuple(w if w.startswith("I") else w.lower() for w in right)
        )


def _differences(steps: Sequence[Step], own: Turn, put: Turn) -> Iterator[_Difference]:
    """What differs in a stretch that is alike enough; nothing near a paraphrase."""
    same = [
        step.own is not None and step.put is not None and own.said[step.own] == put.said[step.put]
        for step in steps
    ]
    shared = [
        own.said[step.own]
        for step, is_same in zip(steps, same, strict=True)
        if is_same and step.own is not None
    ]
    if len(shared) < _FEWEST or len(shared) < _ALIKE * len(steps):
        return
    if not any(map(is_content, shared)) and len(shared) <= _FEWEST:
        return
    runs: list[tuple[int, int, _Difference]] = []
    for is_same, group in groupby(range(len(steps)), key=lambda at: same[at]):
        places = list(group)
        if not is_same:
            runs.append((places[0], places[-1] + 1, _difference(steps, places, own, put)))
    for first, last, difference in runs:
        doubtful = any(
            not other.mends and (0 <= first - end <= _NEAR or 0 <= start - last <= _NEAR)
            for start, end, other in runs
        )
        if not doubtful:
            yield difference


def _difference(steps: Sequence[Step], places: Sequence[int], own: Turn, put: Turn) -> _Difference:
    run = [steps[at] for at in places]
    mine = [step.own for step in run if step.own is not None]
    theirs = [step.put for step in run if step.put is not None]
    before = steps[places[0] - 1].own if places[0] else None
    start = mine[0] if mine else (before + 1 if before is not None else 0)
    return _Difference(
        start=start,
        end=mine[-1] + 1 if mine else start,
        own=tuple(own.said[at] for at in mine),
        places=tuple(theirs),
        put=tuple(put.said[at] for at in theirs),
        alike=len(run) <= _RUN and all(_may(step, own, put) for step in run),
    )


def _may(step: Step, own: Turn, put: Turn) -> bool:
    if step.own is None:
        return step.put is not None and may_add(put.said[step.put])
    if step.put is None:
        return may_drop(own.said[step.own])
    return stands_for(own.said[step.own], put.said[step.put])
