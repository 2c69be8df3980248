"""What the report calls things: evidence, failing checks, measures and kinds of error."""

from quimbot.pedagogy.moves import LANGUAGE

EVIDENCE = {
    "recast": "said right",
    "form": "right form, not as a recast",
    "error": "the error again",
    "red_pen": "red pen",
    "grammar_term": "names grammar",
    "elicit": "asks for another try",
    "question": "question",
    "answer": "what a right answer says",
    "avoided": "what no right answer says",
    "harsh": "puts the learner down",
    "elicits": "asks to try again, where nothing was wrong",
    "invented_correction": "changes what was right",
    "says_again": "said before",
}
"""Label of an evidence span -> what it shows."""

FAULTS = {
    "empty": "no words",
    "red-pen": "corrects openly",
    "repeats-error": "says the error back",
    "no-recast": "an error is not said right",
    "form-only": "a right form appears, but not as a recast",
    "grammar-term": "names grammar",
    "no-question": "asks nothing",
    "off-topic": "leaves the learner's topic",
    "too-long": "longer than 45 words",
    "nothing-new": "adds nothing",
    "leak": "gives the form away",
    "no-elicitation": "does not ask for another try",
    "no-hint": "gives no hint",
    "harsh": "puts the learner down",
    "elicits": "asks to try again, where nothing was wrong",
    "invented-correction": "corrects what was right",
    "says-again": "says the same again",
    "avoided-phrase": "says what no right answer says",
    "not-answered": "lacks what every right answer says",
}
"""Slug of a failing check -> what is wrong with the reply."""

PASSES = {
    "recast": "Every error is said right, in a natural reply that asks something.",
    "elicitation": "Asks for another try, and gives no form away.",
    "expansion": "Builds on what the learner means, and repeats no error.",
    "hint": "Names the grammar, and gives no form away.",
    "tone": "Friendly: no red pen, no talk of grammar, nothing that puts a learner down.",
    "no_error": "Nothing was wrong, and nothing is put right.",
    "flow": "Recasts the last errors, and says nothing twice.",
    "answer": "Says what a right answer says, and nothing that a wrong one does.",
}
"""A move or another check -> when a reply passes."""

_HOW = {"R": "wrong", "M": "missing", "U": "needless"}
_WHAT = {
    "ADJ": "adjective",
    "ADV": "adverb",
    "CONJ": "conjunction",
    "CONTR": "contraction",
    "DET": "article or determiner",
    "MORPH": "word form",
    "NOUN": "noun",
    "NOUN:INFL": "noun ending",
    "NOUN:NUM": "noun number",
    "NOUN:POSS": "possessive",
    "ORTH": "spacing or capitals",
    "OTHER": "words",
    "PART": "particle",
    "PREP": "preposition",
    "PRON": "pronoun",
    "PUNCT": "punctuation",
    "SPACE": "spacing",
    "SPELL": "spelling",
    "VERB": "verb",
    "VERB:FORM": "verb form",
    "VERB:INFL": "verb ending",
    "VERB:SVA": "verb agreement",
    "VERB:TENSE": "verb tense",
    "WO": "word order",
}


def error_name(kind: str) -> str:
    """An ERRANT type in words; an unknown one stays as it is."""
    how, _, what = kind.partition(":")
    return f"{_HOW[how]} {_WHAT[what]}" if how in _HOW and what in _WHAT else kind


def language_name(l1: str) -> str:
    """A first language in words; an unknown one stays as it is."""
    return LANGUAGE.get(l1, l1)
