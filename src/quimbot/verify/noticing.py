"""Errors noticed without a grammar checker: what the tutor's own words put right.

A tutor who says the learner's clause back in good English shows where it was not. The clause is
laid along the learner's, and only what `mends` takes for a mend counts: paraphrase, answers and new
thoughts do not. Precision comes first, since a learner should never be told of an error that is
none.
"""

from collections.abc import Iterator, Sequence

from quimbot.pedagogy.error import Error, errors
from quimbot.pedagogy.mending import Mend, mended
from quimbot.pedagogy.say_back import turned
from quimbot.pedagogy.words import word_set, words
from quimbot.verify.differences import Part
from quimbot.verify.doubts import mends
from quimbot.verify.turns import prepare

__all__ = ["Error", "correction", "notice"]

_READ = 2000  # characters of each side that are looked at
_SENTENCES = 20  # the same in sentences
_US, _ME = word_set("we us our ours"), word_set("i me my mine")
_YOU = word_set("you your yours")
_PLURAL = {"am": "are", "was": "were", "I": "we", "me": "us", "my": "our", "mine": "ours"}
"""What a word of one speaker is for several."""


def notice(learner: str, said: str) -> tuple[Error, ...]:
    """The errors of a learner's turn that the tutor's words put right, in order."""
    pairs = [pair for pair in _sentences(learner, said) if pair[0] != pair[1]]
    return tuple(error for pair in pairs for error in errors(*pair))


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
    theirs = [Part.of(put, number) for number in list(dict.fromkeys(put.sentences))[:_SENTENCES]]
    heard = _Heard(said[:_READ])
    for number in list(dict.fromkeys(own.sentences))[:_SENTENCES]:
        mine = Part.of(own, number)
        first, last = mine.places.start, mine.places.stop - 1
        text = learner[own.spans[first][0] : own.spans[last][1]]
        yield text, mended(text, _mends(mine, text, theirs, heard))


class _Heard:
    """The tutor's words, and the same as the learner would say them."""

    def __init__(self, said: str) -> None:
        found = words(said)
        back = turned([word.text for word in found])
        spoken = [(word, text) for word, text in zip(found, back, strict=True) if word.spoken]
        self.said = said
        self.words = [word for word, _ in spoken]
        self.back = [text for _, text in spoken]

    def spoken(self, start: int, end: int, *, turn: bool) -> tuple[str, ...]:
        """The words from one place to another, by the learner or as they are."""
        texts = self.back if turn else [word.text for word in self.words]
        return tuple(word if word == "I" else word.lower() for word in texts[start:end])

    def parted(self, place: int) -> bool:
        """Whether a mark stands between the word before a place and the one there."""
        beside = self.words[place - 1 : place + 1]
        return len(beside) < len("ab") or bool(self.said[beside[0].end : beside[1].start].strip())


def _mends(mine: Part, text: str, theirs: Sequence[Part], heard: _Heard) -> list[Mend]:
    """The mends of one sentence of the learner, in any of the tutor's; the first one counts."""
    own = [word.text.lower() for word in words(text) if word.spoken]
    found: dict[tuple[int, int], Mend] = {}
    for part in theirs:
        put = {heard.words[at].text.lower() for at in part.places}
        turn = not (_ME & {*own} and _ME & put and not _YOU & put)  # it may be said word by word
        for each in mends(mine, part):
            start, end = each.start - mine.places.start, each.end - mine.places.start
            if own[start - 1 : start] == ["our"] and each.put[-1:] < each.own[-1:]:
                continue  # "our lives" comes back as "your life"
            right = heard.spoken(each.put_start, each.put_end, turn=turn)
            mend = Mend(start, end, _of_us(right, own, start), heard.parted(each.put_end))
            found.setdefault((start, end), mend)
    kept: list[Mend] = []
    for mend in sorted(found.values(), key=lambda mend: mend[:2]):
        if not kept or kept[-1].end <= mend.start:
            kept.append(mend)
    return kept


def _of_us(right: tuple[str, ...], own: Sequence[str], start: int) -> tuple[str, ...]:
    """The words for a learner who speaks of several: a tutor's "you are" may be "we are"."""
    together = bool(_US & {*own}) and not _ME & {*own}
    before = list(own[max(start - 2, 0) : start])
    if together or before[-1:] == ["we"] or before == ["and", "i"]:
        return tuple(_PLURAL.get(word, word) for word in right)
    return right
