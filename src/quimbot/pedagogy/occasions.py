"""Occasions: kinds of form that a turn needed and got right, for counting unaided success.

An obligatory context is a place where English leaves no choice (Brown, 1973, "A First Language";
Pica, 1983): a noun after "two" is plural, "interested" takes "in". Only such places count; where
another form could stand as well ("the music", "to the school"), getting it right cannot be told.
"""

from collections.abc import Callable, Collection
from typing import Any

from quimbot.pedagogy.correction import english
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.lexicon import is_word
from quimbot.pedagogy.slips import common_misspellings
from quimbot.pedagogy.words import word_set

_READ = 800  # characters that are looked at
_HARD = 7  # letters of a word that takes some spelling
_THIRD = word_set("he she it this that everybody everyone nobody somebody someone")
_MANY = word_set("many several few these those both various")
_LINKING = word_set("because although though unless until whereas while since if when")
_DOUBLES = word_set("but so")
_OFTEN = word_set("always never often usually sometimes rarely")
_UNCOUNTED = word_set(
    "information advice furniture homework luggage baggage equipment money news knowledge music "
    "research traffic weather work bread rice hair"
)
_TAKES_TO = word_set("want need hope decide plan learn try agree forget promise expect like love")
_TAKES_ING = word_set("enjoy finish avoid mind suggest keep practise practice like love hate start")
_NO_MANNER = word_set("hardly lately early only")
_GOVERNED = {
    "in": word_set("interested live believe arrive"),
    "on": word_set("depend spend focus concentrate"),
    "at": word_set("good bad look laugh arrive"),
    "to": word_set("listen go talk belong married similar used speak write travel come"),
    "for": word_set("wait look ask thank pay apply famous ready late"),
    "of": word_set("afraid proud full tired think dream"),
    "with": word_set("agree talk happy bored angry speak"),
    "from": word_set("come different"),
    "about": word_set("talk think worry dream worried happy know tell"),
}
"""Verbs and adjectives by the preposition that they ask for."""
_TIMES = {
    "on": word_set("monday tuesday wednesday thursday friday saturday sunday"),
    "in": word_set(
        "january february march april may june july august september october november december "
        "spring summer autumn winter morning afternoon evening"
    ),
    "at": word_set("night noon midnight"),
}
_GOES_WITH = {
    "do": word_set("homework sport exercise shopping housework yoga"),
    "make": word_set("mistake cake decision friend noise plan money coffee tea dinner"),
    "have": word_set("breakfast lunch dinner fun party time shower idea"),
    "take": word_set("photo picture medicine bus train taxi break shower exam"),
    "watch": word_set("tv television film movie series match video"),
    "tell": word_set("story truth lie joke me him her us them you"),
    "play": word_set("football guitar piano tennis game chess basketball"),
}
"""Verbs by the objects that another verb is often put with."""


def used(text: str, errors: Collection[Kind]) -> tuple[tuple[Kind, str], ...]:
    """The kinds that the turn had occasion for and filled, each once, with the words that show it.

    `errors` are the kinds that were noticed as wrong in it; they are left out.
    """
    found: dict[Kind, str] = {}
    for word in english()(text[:_READ]):
        for kind, shows in _SIGNS.items():
            if kind not in errors and kind not in found and (shown := shows(word)):
                found[kind] = shown
    return tuple((kind, found[kind]) for kind in Kind if kind in found)


def _article(word: Any) -> str:  # noqa: ANN401 - spaCy ships no types
    """An "a" before a noun that can be counted, or "the" before "best", "first" and the like."""
    noun = word.head
    if word.tag_ != "DT" or noun.pos_ != "NOUN" or noun.i < word.i:
        return ""
    after = word.nbor()
    if word.lower_ in {"a", "an"}:
        vowel = after.lower_[0] in "aeiou"
        either = after.lower_.startswith(("h", "uni", "use", "eur", "one"))  # by sound
        fits = either or vowel is (word.lower_ == "an")
        one = noun.tag_ == "NN" and noun.lemma_ not in _UNCOUNTED
        return _span(word, noun) if fits and one else ""
    ranked = after.tag_ == "JJS" or after.lower_ in {"first", "last", "same", "only", "most"}
    return _span(word, noun) if word.lower_ == "the" and ranked else ""


def _tense(word: Any) -> str:  # noqa: ANN401
    """A past form that no other verb asks for."""
    helped = any(child.dep_ in {"aux", "auxpass"} for child in word.children)
    return _text(word) if word.tag_ == "VBD" and not helped and is_word(word.lower_) else ""


def _agreement(word: Any) -> str:  # noqa: ANN401
    """A third person singular verb with its subject."""
    subject = next((c for c in word.children if c.dep_ in {"nsubj", "nsubjpass"}), None)
    if word.tag_ != "VBZ" or subject is None or any(c.dep_ == "conj" for c in subject.children):
        return ""
    singular = subject.lower_ in _THIRD or subject.tag_ in {"NN", "NNP"}
    return f"{_text(subject)} {_text(word)}" if singular else ""


def _preposition(word: Any) -> str:  # noqa: ANN401
    """The preposition that the word before it, or the time after it, asks for."""
    inside = next((c for c in word.children if c.dep_ in {"pobj", "pcomp"}), None)
    if word.dep_ != "prep" or inside is None:
        return ""
    if word.head.lemma_.lower() in _GOVERNED.get(word.lower_, ()):
        return _span(word.head, word) if word.i - word.head.i == 1 else ""
    fits = inside.lemma_.lower() in _TIMES.get(word.lower_, ())
    return _span(word, inside) if fits else ""


def _noun_number(word: Any) -> str:  # noqa: ANN401
    """A plural noun after a word that asks for one."""
    asks = [
        child
        for child in word.children
        if child.lower_ in _MANY or (child.dep_ == "nummod" and child.lower_ not in {"one", "1"})
    ]
    fits = word.tag_ == "NNS" and word.lemma_ not in _UNCOUNTED and is_word(word.lower_)
    return _span(asks[0], word) if asks and fits else ""


def _verb_form(word: Any) -> str:  # noqa: ANN401
    """An infinitive or -ing form that another verb, or a preposition, asks for."""
    if word.dep_ == "pcomp" and word.tag_ == "VBG":
        return _span(word.head, word)
    if word.dep_ != "xcomp" or word.i < word.head.i:
        return ""
    to = word.tag_ == "VB" and any(child.lower_ == "to" for child in word.children)
    if to and word.head.lemma_ in _TAKES_TO:
        return _span(word.head, word)
    return _span(word.head, word) if word.tag_ == "VBG" and word.head.lemma_ in _TAKES_ING else ""


def _pronoun(word: Any) -> str:  # noqa: ANN401
    """An object pronoun after its verb or preposition."""
    object_ = word.lower_ in {"me", "him", "us", "them"} and word.dep_ in {"dobj", "pobj", "dative"}
    return _span(word.head, word) if object_ and word.i > word.head.i else ""


def _word_form(word: Any) -> str:  # noqa: ANN401
    """An adverb in -ly with its verb, or a comparative in -er before "than"."""
    manner = word.tag_ == "RB" and word.lower_.endswith("ly") and word.lower_ not in _NO_MANNER
    if manner and word.head.pos_ == "VERB" and word.i > word.head.i:
        return _span(word.head, word)
    before, after = _beside(word)
    compared = word.tag_ == "JJR" and after == "than" and before not in {"more", "most"}
    return f"{_text(word)} than" if compared else ""


def _word_order(word: Any) -> str:  # noqa: ANN401
    """An adverb of frequency before its verb, or what helps a verb before the subject it asks."""
    if word.lower_ in _OFTEN and word.head.pos_ == "VERB" and word.head.i - word.i == 1:
        return _span(word, word.head)
    asks = word.dep_ == "aux" and word.sent.text.endswith("?")
    subjects = [c for c in word.head.children if c.dep_ == "nsubj" and c.i - word.i == 1]
    return _span(word, subjects[0]) if asks and subjects else ""


def _word_choice(word: Any) -> str:  # noqa: ANN401
    """The verb that goes with its object."""
    after = word.dep_ in {"dobj", "dative"} and word.i > word.head.i
    fits = word.lemma_.lower() in _GOES_WITH.get(word.head.lemma_, ())
    return _span(word.head, word) if after and fits else ""


def _linking(word: Any) -> str:  # noqa: ANN401
    """A conjunction that nothing doubles."""
    doubled = any(each.lower_ in _DOUBLES for each in word.sent)
    fits = word.dep_ in {"mark", "advmod"} and word.lower_ in _LINKING and not doubled
    verb = word.head if word.head.pos_ in {"VERB", "AUX"} else None
    return f"{_text(word)} … {_text(verb)}" if fits and verb is not None else ""


def _spelling(word: Any) -> str:  # noqa: ANN401
    """A longer word that is often misspelt, where no word of the sentence is unknown."""
    hard = len(word) >= _HARD and word.lower_ in common_misspellings()
    known = (is_word(each.lower_) or each.pos_ == "PROPN" for each in word.sent if each.is_alpha)
    return _text(word) if hard and all(known) else ""


def _beside(word: Any) -> tuple[str, str]:  # noqa: ANN401
    """The words before and after it."""
    doc, at = word.doc, word.i
    return doc[at - 1].lower_ if at else "", doc[at + 1].lower_ if at + 1 < len(doc) else ""


def _text(word: Any) -> str:  # noqa: ANN401
    return str(word.text)


def _span(first: Any, last: Any) -> str:  # noqa: ANN401
    """The text from one word to another."""
    return str(first.doc[first.i : last.i + 1].text)


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
    Kind.WORD_CHOICE: _word_choice,
    Kind.LINKING: _linking,
    Kind.SPELLING: _spelling,
}
"""What shows each kind, asked of every word."""
