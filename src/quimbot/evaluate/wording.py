"""What the report calls things: evidence, failing checks and kinds of error."""

EVIDENCE = {
    "recast": "said right",
    "form": "right form, not as a recast",
    "error": "the error again",
    "red_pen": "red pen",
    "grammar_term": "names grammar",
    "elicit": "asks for another try",
    "question": "question",
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
}
"""Slug of a failing check -> what is wrong with the reply."""

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
