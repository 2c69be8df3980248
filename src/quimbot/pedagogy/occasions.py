"""Occasions: kinds of form that a turn needed and got right, for counting unaided success.

An obligatory context is a place where English leaves no choice (Brown, 1973; Pica, 1983): after
"yesterday" a past tense, before a singular noun a determiner.
"""

from collections.abc import Callable, Collection
from typing import Any

from quimbot.pedagogy.correction import english
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.words import word_set

_READ = 2000  # characters that are looked at
_THIRD = word_set("he she it this that everybody everyone nobody somebody someone")
_LINKING = word_set("because although though unless until whereas while since if when")


def used(text: str, errors: Collection[Kind]) -> tuple[tuple[Kind, str], ...]:
    """The kinds that the turn had occasion for and filled, each once, with the words that show it.

    `errors` are the kinds that were noticed as wrong in it; they are left out.
    """
    doc = english()(text[:_READ])
    found: dict[Kind, str] = {}
    for word in doc:
        for kind, shows in _SIGNS.items():
            if kind not in errors and kind not in found and (shown := shows(word)):
                found[kind] = shown
    return tuple((kind, found[kind]) for kind in Kind if kind in found)


def _article(word: Any) -> str:  # noqa: ANN401 - spaCy ships no types
    """An article before its noun."""
    is_article = word.tag_ == "DT" and word.lower_ in {"a", "an", "the"}
    return _span(word, word.head) if is_article and word.head.pos_ == "NOUN" else ""


def _tense(word: Any) -> str:  # noqa: ANN401
    return _text(word) if word.tag_ == "VBD" else ""


def _agreement(word: Any) -> str:  # noqa: ANN401
    """A third person singular verb with its subject."""
    subject = next((c for c in word.children if c.dep_ in {"nsubj", "nsubjpass"}), None)
    if word.tag_ != "VBZ" or subject is None:
        return ""
    singular = subject.lower_ in _THIRD or subject.tag_ in {"NN", "NNP"}
    return f"{_text(subject)} {_text(word)}" if singular else ""


def _preposition(word: Any) -> str:  # noqa: ANN401
    """A preposition that a verb or an adjective asks for, with its complement."""
    if word.dep_ != "prep" or word.head.pos_ not in {"VERB", "ADJ"}:
        return ""
    inside = next((c for c in word.children if c.dep_ in {"pobj", "pcomp"}), None)
    return _span(word, inside) if inside is not None else ""


def _noun_number(word: Any) -> str:  # noqa: ANN401
    """A plural noun after a word that asks for one."""
    asks = any(c.dep_ == "nummod" or c.lower_ in _MORE for c in word.children)
    return _span(word.left_edge, word) if word.tag_ == "NNS" and asks else ""


_MORE = word_set("many several few these those some all both")


def _verb_form(word: Any) -> str:  # noqa: ANN401
    """An infinitive or -ing form that another verb or a preposition asks for."""
    if word.tag_ == "VB" and word.dep_ == "xcomp" and any(c.lower_ == "to" for c in word.children):
        return f"{_text(word.head)} to {_text(word)}"
    if word.tag_ == "VBG" and word.dep_ in {"xcomp", "pcomp"}:
        return f"{_text(word.head)} {_text(word)}"
    return ""


def _pronoun(word: Any) -> str:  # noqa: ANN401
    """An object pronoun after its verb or preposition."""
    fits = word.tag_ == "PRP" and word.dep_ in {"dobj", "pobj", "dative"}
    return _span(word.head, word) if fits and word.i > word.head.i else ""


def _word_form(word: Any) -> str:  # noqa: ANN401
    """An adverb in -ly, a comparative, or a possessive."""
    is_adverb = word.tag_ == "RB" and word.lower_.endswith("ly") and word.head.pos_ == "VERB"
    return _text(word) if is_adverb or word.tag_ in {"JJR", "JJS"} else ""


def _linking(word: Any) -> str:  # noqa: ANN401
    fits = word.dep_ == "mark" and word.lower_ in _LINKING
    return f"{_text(word)} … {_text(word.head)}" if fits else ""


def _word_order(word: Any) -> str:  # noqa: ANN401
    """An adverb of frequency before its verb."""
    after = word.nbor() if word.i + 1 < len(word.doc) else None
    if word.lower_ in _OFTEN and after is not None and after.pos_ == "VERB" and word.head == after:
        return _span(word, after)
    return ""


_OFTEN = word_set("always never often usually sometimes rarely really also")


def _text(word: Any) -> str:  # noqa: ANN401
    return str(word.text)


def _span(first: Any, last: Any) -> str:  # noqa: ANN401
    low, high = sorted((first.i, last.i))
    return str(first.doc[low : high + 1].text)


_SIGNS: dict[Kind, Callable[[Any], str]] = {
    Kind.ARTICLE: _article,
    Kind.TENSE: _tense,
    Kind.VERB_FORM: _verb_form,
    Kind.AGREEMENT: _agreement,
    Kind.PREPOSITION: _preposition,
    Kind.NOUN_NUMBER: _noun_number,
    Kind.PRONOUN: _pronoun,
    Kind.WORD_FORM: _word_form,
    Kind.WORD_ORDER: _word_order,
    Kind.LINKING: _linking,
}
