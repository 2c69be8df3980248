"""Writing a learner's text anew with some of its words put right, all else as it was typed."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from quimbot.pedagogy.words import Word, words

_SHORT = {"not": "n't", "am": "'m", "are": "'re", "is": "'s", "have": "'ve", "will": "'ll",
          "would": "'d"}  # fmt: skip
_WITH_ARE = frozenset({"you", "we", "they"})
_NEGATED = {"can": "can't", "will": "won't", "shall": "shan't", "am": "am not"}


class Mend(NamedTuple):
    """Words put for those from `start` to `end`; places count words, punctuation left aside."""

    start: int
    end: int
    right: tuple[str, ...]
    stays: bool = False
    """Whether words put in belong to the word before them rather than to the one after."""


def mended(text: str, mends: Iterable[Mend]) -> str:
    """The text with the mends made; case, spacing and punctuation stay the learner's."""
    spoken = [word for word in words(text) if word.spoken]
    for mend in tuple(sorted(mends, key=lambda mend: mend[:2]))[::-1]:  # the last of a place first
        text = _made(text, spoken, mend)
    return text


def _made(text: str, spoken: Sequence[Word], mend: Mend) -> str:
    start, end, right = _whole(spoken, mend)
    if not spoken:
        return _cased(text, " ".join(right))
    new = _cased(text, right[0] if start < end and len(right) == 1 else " ".join(right))
    opens = start == 0 and text[spoken[0].start].isupper()
    if start == end:
        if start == len(spoken) or (mend.stays and start):
            at = spoken[start - 1].end
            return f"{text[:at]} {new}{text[at:]}"
        at = spoken[start].start
        before, after = text[:at], text[at:]
        if opens:
            new, after = _capital(new), _small(after, spoken[0].text)
        return f"{before}{new} {after}"
    before, after = text[: spoken[start].start], text[spoken[end - 1].end :]
    if not new:
        after = after.lstrip() if not before or before[-1].isspace() else after
        if not after[:1].isalnum():
            before = before.rstrip()
        return before + (_capital(after) if opens else after)
    return before + (_capital(new) if opens else new) + after


def _whole(spoken: Sequence[Word], mend: Mend) -> tuple[int, int, tuple[str, ...]]:
    """The mend widened to whole tokens: "do" in "don't" becomes all of it, run together again."""
    start, end, right = mend[:3]
    inside = start < len(spoken) and start > 0 and _one(spoken[start - 1], spoken[start])
    if start == end and not inside:
        return start, end, right
    head: tuple[str, ...] = ()
    tail: tuple[str, ...] = ()
    while start > 0 and _one(spoken[start - 1], spoken[start]):
        start -= 1
        head = (spoken[start].text, *head)
    while 0 < end < len(spoken) and _one(spoken[end - 1], spoken[end]):
        tail = (*tail, spoken[end].text)
        end += 1
    if not (head or tail):
        return start, end, right
    return start, end, _run_together((*head, *right, *tail))


def _one(word: Word, other: Word) -> bool:
    """Whether two words were typed as one token."""
    return (word.start, word.end) == (other.start, other.end)


def _run_together(parts: tuple[str, ...]) -> tuple[str, ...]:
    """The last of the parts joined to the one before it, where English does so."""
    if len(parts) == 1 or parts[-1] not in _SHORT:
        return parts
    *first, base, last = parts
    if last == "are" and base.lower() not in _WITH_ARE:
        return parts  # "there are"
    joined = _NEGATED.get(base, base + _SHORT[last]) if last == "not" else base + _SHORT[last]
    return (*first, joined)


def _cased(text: str, new: str) -> str:
    """In capitals where the learner shouts."""
    return new.upper() if len(text) > 1 and text.isupper() else new


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _small(text: str, word: str) -> str:
    """With a small start, unless it is a word that keeps its capital."""
    return text if word == "I" or word.isupper() else text[:1].lower() + text[1:]
