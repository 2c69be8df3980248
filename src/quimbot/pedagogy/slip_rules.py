"""Where a correct sentence can go wrong: the changes a learner might make, by kind of error.

Each rule looks at one tagged word and its neighbours. The sentence is right as it stands, so
whatever a rule does to it, the correction is known.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from quimbot.pedagogy.slips import wrong_forms

_PREPOSITIONS = {
    "in": ("on", "at", "to", "into"), "on": ("in", "at"), "at": ("in", "on", "to"),
    "to": ("for", "in", "at"), "for": ("to", "of", "since", "by"), "of": ("from", "about", "for"),
    "about": ("of", "on"), "with": ("to", "for", "of"), "from": ("of", "in"),
    "by": ("with", "of", "for", "in"), "since": ("from", "for"), "near": ("near to", "near of"),
    "because": ("why", "because of"), "into": ("in",), "than": ("that", "then"),
}  # fmt: skip
_LEFT_OUT = frozenset({"to", "for", "of", "in", "at", "on", "about", "with", "from"})
_ARTICLES = {"a": ("an", "the", "one"), "an": ("a", "the"), "the": ("a",)}
_AGREEMENT = {
    "is": "are", "are": "is", "has": "have", "have": "has", "does": "do", "do": "does",
    "'s": "'re", "'re": "'s",
}  # fmt: skip
_WITHOUT_OBJECT_PREPOSITION = {
    "visit": "to", "meet": "with", "call": "to", "enjoy": "of", "ask": "to", "help": "to",
    "discuss": "about", "enter": "to", "told": "to", "asked": "to", "need": "of",
}  # fmt: skip
_STATES = frozenset({"like", "know", "have", "want", "need", "think"})
_LEFT_OUT_AUXILIARIES = frozenset({"do", "does", "did", "have", "has", "will", "would", "could"})
_SPELLED = 4  # letters of the shortest word that is misspelt
_JOINED = 11  # letters of two words that are run together


class Slip(NamedTuple):
    """A change of the characters from `start` to `end`; no text stands for any misspelling."""

    kind: str
    start: int
    end: int
    text: str | None


def slips(doc: Any) -> Iterator[Slip]:  # noqa: ANN401 - a spaCy Doc, which ships no types
    """Every change the rules know for a parsed sentence."""
    for word in doc:
        near = _Near(doc, word)
        for rule in _RULES:
            yield from rule(near)


class _Near:
    """A word with what stands around it."""

    def __init__(self, doc: Any, word: Any) -> None:  # noqa: ANN401 - spaCy ships no types
        self.word, self.low, self.tag = word, word.lower_, word.tag_
        self.lemma = word.lemma_
        self.start, self.end = word.idx, word.idx + len(word)
        self.before = doc[word.i - 1] if word.i else None
        self.after = doc[word.i + 1] if word.i + 1 < len(doc) else None
        self.second = doc[word.i + 2] if word.i + 2 < len(doc) else None
        self.low_before = self.before.lower_ if self.before is not None else ""
        self.low_after = self.after.lower_ if self.after is not None else ""
        self.next_two = doc[word.i + 1 : word.i + 3].text
        self.subjects = [c.lower_ for c in word.children if c.dep_ in {"nsubj", "nsubjpass"}]

    def change(self, kind: str, *texts: str) -> Iterator[Slip]:
        yield from (Slip(kind, self.start, self.end, text) for text in texts)

    def drop(self, kind: str) -> Iterator[Slip]:
        # without "'m", "I'm afraid" keeps its space; otherwise the word leaves with its own
        attached = self.before is not None and not self.before.whitespace_
        after = bool(self.word.whitespace_ and self.after is not None and not attached)
        yield Slip(kind, self.start, self.end + after, "")

    def add_before(self, kind: str, text: str) -> Iterator[Slip]:
        yield Slip(kind, self.start, self.start, f"{text} ")

    def add_after(self, kind: str, text: str) -> Iterator[Slip]:
        yield Slip(kind, self.end, self.end, f" {text}")

    def swap_with_next(self, kind: str) -> Iterator[Slip]:
        assert self.after is not None
        swapped = f"{self.after.text} {self.word.text}"
        yield Slip(kind, self.start, self.after.idx + len(self.after), swapped)


def _spelling(near: _Near) -> Iterator[Slip]:
    if near.word.is_alpha and len(near.word) >= _SPELLED and near.tag != "NNP":
        yield Slip("spelling", near.start, near.end, None)


def _spacing(near: _Near) -> Iterator[Slip]:
    if near.low.startswith("every") and near.low != "every":
        yield from near.change("spacing", f"every {near.low[5:]}")
    if near.after is None or not (near.word.is_alpha and near.after.is_alpha):
        return
    if near.word.whitespace_ and len(near.word) + len(near.after) < _JOINED:
        yield Slip("spacing", near.end, near.end + 1, "")


def _confusion(near: _Near) -> Iterator[Slip]:
    yield from near.change("word", *_confusions().get(near.low, ()))


def _preposition(near: _Near) -> Iterator[Slip]:
    if near.tag == "TO" and near.after is not None and near.after.tag_ == "VB":
        return
    if near.tag in {"IN", "TO", "RP"}:
        yield from near.change("preposition", *_PREPOSITIONS.get(near.low, ()))
        if near.low in _LEFT_OUT and near.before is not None:
            yield from near.drop("preposition-missing")
    extra = _WITHOUT_OBJECT_PREPOSITION.get(near.low)
    if extra and near.after is not None and near.after.pos_ in {"DET", "PRON", "NOUN", "PROPN"}:
        yield from near.add_after("preposition-extra", extra)
    after_verb = near.before is not None and near.before.pos_ == "VERB"
    if after_verb and near.low in {"home", "here", "there", "abroad"}:
        yield from near.add_before("preposition-extra", "to")


def _tense(near: _Near) -> Iterator[Slip]:
    helpers = [c.lower_ for c in near.word.children if c.dep_ == "aux"]
    if near.low in {"was", "were"}:
        yield from near.change("tense", "is" if near.low == "was" else "are")
    elif (near.tag == "VBD" and near.lemma != "be") or (
        near.tag == "VBN" and {"have", "has", "had", "'ve"} & set(helpers)
    ):
        yield from near.change("tense", near.lemma)
    elif near.tag == "VB" and {"did"} & set(helpers):
        yield from near.change("tense", near.lemma + ("d" if near.low.endswith("e") else "ed"))


def _noun_number(near: _Near) -> Iterator[Slip]:
    if near.tag == "NNS" and near.lemma != near.low:
        yield from near.change("noun-number", near.lemma)
    elif near.tag == "NN" and near.low_before in {"a", "an", "this", "every", "my"}:
        ending = "es" if near.low[-1] in "sxh" else "s"
        yield from near.change("noun-number", near.low + ending)


def _verb_form(near: _Near) -> Iterator[Slip]:
    if near.tag == "VBG" and near.lemma != near.low and near.word.dep_ != "amod":
        yield from near.change("verb-form", near.lemma)
        if near.before is not None and near.before.pos_ == "VERB":
            yield from near.change("verb-form", f"to {near.lemma}")
    if near.tag != "VB" or near.before is None:
        return
    if near.low_before == "to":
        start = near.before.idx
        yield Slip("to-missing", start, near.end, near.low)
        for text in (f"for {near.low}", _ing(near.low), f"to {_ing(near.low)}"):
            yield Slip("verb-form", start, near.end, text)
    elif near.before.tag_ == "MD" or near.low_before in {"n't", "not"}:
        yield from near.change("verb-form", f"to {near.low}", _ing(near.low))


def _agreement(near: _Near) -> Iterator[Slip]:
    if near.tag == "VBZ":
        yield from near.change("agreement", _AGREEMENT.get(near.low, near.lemma))
    elif near.tag == "VBP" and near.subjects and near.low not in {"am", "'m"}:
        yield from near.change("agreement", _AGREEMENT.get(near.low, f"{near.low}s"))


def _auxiliary(near: _Near) -> Iterator[Slip]:
    if near.low_after == "n't":
        if near.word.dep_ == "aux" and near.low in {"do", "does", "did"}:
            end = near.end + len("n't")
            yield from (Slip("auxiliary", near.start, end, text) for text in ("no", "not"))
    elif near.word.dep_ == "aux" and near.low in _LEFT_OUT_AUXILIARIES:
        yield from near.drop("auxiliary")
    elif near.lemma == "be" and near.low in {"am", "is", "are", "was", "were", "'m", "'re", "'s"}:
        yield from near.drop("be-missing")


def _pronoun(near: _Near) -> Iterator[Slip]:
    short = near.low_after.startswith("'")
    subject = near.word.dep_ in {"nsubj", "nsubjpass"}
    if subject and not short and near.low in {"it", "he", "she", "they", "i", "that"}:
        yield from near.drop("pronoun-missing")
    if near.low in {"it", "them", "him", "me"} and near.word.dep_ in {"dobj", "pobj"}:
        yield Slip("pronoun-missing", near.start - 1, near.end, "")


def _article(near: _Near) -> Iterator[Slip]:
    if near.low in _ARTICLES and near.tag == "DT":
        yield from near.drop("article-missing")
        yield from near.change("article", *_ARTICLES[near.low])
    elif near.before is not None and near.before.pos_ in {"VERB", "ADP"}:
        if near.tag in {"NNS", "NNP"}:
            yield from near.add_before("article-extra", "the")
        elif near.tag == "NN" and near.low not in {"home", "bed", "noon", "midnight"}:
            yield from near.add_before("article-extra", "the" if near.word.i % 2 else "a")


def _order(near: _Near) -> Iterator[Slip]:
    after, second = near.after, near.second
    if after is None:
        return
    if near.tag == "RB" and near.word.head == after and after.pos_ == "VERB":
        if near.low not in {"n't", "not"}:
            yield from near.swap_with_next("order")
    elif near.tag == "JJ" and near.word.dep_ == "amod" and after.tag_ in {"NN", "NNS"}:
        yield from near.swap_with_next("order")
    elif near.tag in {"WRB", "WP"} and after.pos_ == "AUX" and second is not None:
        if second.dep_ == "nsubj":
            end = second.idx + len(second)
            yield Slip("order", after.idx, end, f"{second.text} {after.text}")
    elif near.low in {"it", "them", "him"} and near.next_two == "very much":
        yield Slip("order", near.start, near.end + len(" very much"), f"very much {near.word}")


def _too_much(near: _Near) -> Iterator[Slip]:
    if near.low_after == "n't":
        return
    if near.low == "i" and near.after is not None and near.after.tag_ == "VBP":
        if near.after.lemma_ not in {"be", "have"}:
            yield from near.add_after("be-extra", "am")
    elif near.tag == "VBP" and near.low in _STATES:
        yield from near.change("verb-form", _ing(near.low), f"am {_ing(near.low)}")
    elif near.tag == "JJR":
        yield from near.add_before("comparative", "more")


_RULES = (
    _spelling, _spacing, _confusion, _preposition, _tense, _noun_number, _verb_form, _agreement,
    _auxiliary, _pronoun, _article, _order, _too_much,
)  # fmt: skip


@cache
def _confusions() -> Mapping[str, tuple[str, ...]]:
    return wrong_forms("confusions.txt")


def _ing(verb: str) -> str:
    return f"{verb[:-1]}ing" if verb.endswith("e") and verb != "be" else f"{verb}ing"
