"""What a reply says about language itself: red-pen phrases, grammar terms, requests to try again.

Each function gives the spans of its hits. Words that the learner wrote are no comment on them, so
callers pass the learner's own text as `own`, and hits that stand in it are left out.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from quimbot.records.record import Record

Span = tuple[int, int]

_STRAIGHT = tuple(
    zip(
        "`\u2019\u2018\u02bc\u00b4\u2032\u201c\u201d\u201e\u00ab\u00bb\u0130\u0131\u017f",
        "'" * 6 + '"' * 5 + "iis",  # the last are dotted and dotless i and long s
        strict=True,
    )
)
_AGAINST = re.compile(r"(?:[,(\-\u2013\u2014] ?not|\binstead of|\brather than)")
_TURNED_DOWN = re.compile(rf"{_AGAINST.pattern} ([\"'*\w ]{{1,40}}?)(?=[.!?)]|$)")
_WORD = re.compile(r"\w+(?:'\w+)?")
_QUOTES = ("'", '"', "*")
_QUOTE = r"[\"'*]"


def _any(*patterns: str) -> re.Pattern[str]:
    r"""One of the patterns; a `\b` that begins them is looked for once, not for each of them."""
    of_words = [pattern[2:] for pattern in patterns if pattern.startswith(r"\b")]
    others = [pattern for pattern in patterns if not pattern.startswith(r"\b")]
    return re.compile("|".join((rf"\b(?:{'|'.join(of_words)})", *others)))


_RED_PEN = _any(
    r"\byou (?:should|must|need to|have to|ought to|can't|cannot|meant to|mean to) (?:have )?"
    r"(?:say|said)\b(?! (?:to|your|this|that|more|it|hi|hello|sorry|thank|something|no|yes)\b)",
    rf"\byou (?:\w+ ){{1,3}}(?:say|said|use|used|write|written|put) (?:the words? )?{_QUOTE}",
    rf"\byou mean {_QUOTE}",
    r"\b(?:use|used|using) the words?\b",
    r"\b(?:correct|right|proper|better|wrong|incorrect) (?:form|word|words|sentence|version|way to "
    r"(?:say|write)|spelling|verb|tense|phrase|grammar|english|usage|expression|preposition|article)\b",
    r"\b(?:it|that|this|which|sentence|word|verb) (?:should|must|needs to|has to) "
    rf"(?:be|read|say) {_QUOTE}",
    rf"\b(?:should|must) be {_QUOTE}\w",
    rf"\bnot {_QUOTE}\w",
    r"\(not \w",
    rf"\b(?:instead of|rather than) (?:saying|using|writing|{_QUOTE})",
    r"\bmistakes?\b",
    r"\bgrammatical(?:ly)? (?:error|incorrect|correct|wrong)|\bungrammatical\b",
    r"\b(?:an|your|grammar|spelling|small|little|the|some|few) errors?\b",
    r"\bincorrect(?:ly)?\b",
    r"\b(?:is|was|'s|are) (?:not correct|not right|wrong|not quite right)\b",
    r"\b(?:that|this|it|you|sentence|word|verb|grammar|not)(?:'s| is| was| are)? wrong\b",
    r"\bcorrections?\b",
    r"\bcorrect(?:ed|ing)\b",
    r"\b(?:let me|i'll|i will|i'd|to|i would like to) correct\b",
    r"\bthe correct\b",
    r"\b(?:in english,? )?(?:we|people|native speakers|they|english speakers) "
    r"(?:(?:don't|do not|usually|normally|would|never|always) )*(?:say|write|use) "
    r"(?:\"|'|it\b|the word)",
    r"\bin english,? (?:we|you|it's|it is|people)\b",
    r"\b(?:more natural|better|more correct|correct|right) to (?:say|write|use)\b",
    r"\b(?:a|the) (?:better|more natural|correct) way (?:to|of|is)\b",
    r"\byour (?:grammar|spelling|error)\b",
    r"\b(?:fix|check) your (?:grammar|spelling|error)s?\b",
    r"\bwe (?:(?:usually|normally|always|never|only|don't|do not) )?say\b",
    r"->|=>|→|⇒|➜|~~|❌|✗|✘|✖|\u0336",
)
_RED_PEN_CUES = (
    *("correct", "right", "wrong", "better", "proper", "natural", "mistake", "error"),
    *("say", "said", "the word", "use it", "write it", "gramma", "spelling", "in english"),
    *("instead of", "rather than", "(not ", ">", "~"),
)
"""Every hit of the red pen holds one of these, a sign or a quote; most replies hold none."""
_QUOTED = re.compile(rf"\b(?:say|said|mean|used?|using|writ\w+|put|words?|be|read|not) {_QUOTE}")
"""What stands before the quote in a hit that needs one."""
_RED_PEN_SIGNS = ("→", "⇒", "➜", "❌", "✗", "✘", "✖", "\u0336")
RED_PEN_CUES = (*_RED_PEN_CUES, *_QUOTES, *_RED_PEN_SIGNS)
"""Without any of these in the folded text nothing is a hit of the red pen."""
_GRAMMAR_ALWAYS = _any(
    r"\b(?:past|present|future|perfect|verb|continuous) (?:tense|form|simple|perfect|participle|"
    r"continuous|progressive)s?\b",
    r"\b(?:past|plural) of\b",
    r"\b(?:right|which|the|what|verb|a different|another) tenses?\b",
    r"\b(?:simple|regular|irregular) (?:past|present|future|verb)\b",
    r"\b(?:verbs?|nouns?|adjectives?|adverbs?|pronouns?|prepositions?|conjunctions?|participles?|"
    r"gerunds?|infinitives?|plurals?|conjugat\w+|grammar|grammatical(?:ly)?|uncountables?|"
    r"comparatives?|superlatives?|auxiliar(?:y|ies)|syntax|determiners?|possessives?)\b",
    r"\b(?:definite|indefinite) articles?\b|\barticles? (?:before|in front of|like|such as|here)\b",
    r"\bword order\b|\bsubject[- ]verb\b|\bhelping (?:verb|word)\b",
    rf"(?<!\w){_QUOTE}?-(?:ing|ed|s|es|ly)\b",
    r"\bthird[- ]person\b",
)
_GRAMMAR_IN_HINT = _any(
    r"\btenses?\b|\barticles?\b|\bsingular\b|\bendings?\b|\bspell(?:ing|ed|s|t)?\b|\bsubject\b|"
    r"\bagree(?:s|ment)?\b|\bpossess\w+|\bpast\b|\bfuture\b|\bpresent\b|\bcountable\b|"
    r"\bnegati(?:ves?|on)\b",
    r"\bmore than one\b|\bhow many\b|\bone or (?:many|more|several)\b",
    r"\b(?:already|before|now|yet) (?:happened|finished|over)\b|\bwhen (?:it|this|that|something) "
    r"happen(?:s|ed)\b|\b(?:finished|completed) (?:action|time)\b",
    r"\b(?:small|little|linking|joining|short|missing|extra|action|describing|asking) words?\b",
    r"\bwords? (?:form|choice|ending|is missing|missing)\b|\bform of\b|\bletters?\b|\bshape of\b",
    r"\border of (?:the|your|these) words\b|\bvowels?\b|\bhyphen\b",
)
_ELICITS = _any(
    r"\b(?:say|tell me|tell us|ask|give|write|put|explain|describe|express|phrase|try|read|finish|"
    r"complete) (?:me )?(?:that|it|this|your \w+|the (?:\w+ ){0,3}(?:sentence|part|words?|phrase|"
    r"question|bit)|(?:\w+ ){0,4})?\s*(?:again|one more time|once more|another way|in another way|"
    r"differently|in a different way|in other words|more clearly|a second time)\b",
    r"\b(?:another try|one more try|another way|different way|in other words|second try)\b"
    r"[^.?!]*\?",
    r"\b(?:rephrase|reword|repeat|reformulate|restate)\b",
    r"\b(?:try|have another go|give it another|take another)\b[^.?!]{0,40}"
    r"\b(?:again|sentence|go|try|time|look|shot)\b",
    r"\bwhat (?:do|did) you mean\b|\bdo you mean\b|\bdid you mean\b",
    r"\b(?:sorry|pardon|excuse me)\s*\?",
    r"\bi (?:didn't|did not|don't|do not|couldn't) (?:quite |really |fully )?(?:catch|get|follow|"
    r"understand|hear)\b|\bi'm not sure i (?:understood|understand|caught|follow|got)\b",
    r"\bhow (?:would|could|do|can|should|might) (?:you|we|i) (?:say|put|write|tell|express|finish|"
    r"ask|describe|call)\b",
    r"\bwhat (?:word|form|would|could)\b[^.?!]{0,40}"
    r"\b(?:say|use|fits?|goe?s?|comes?|need)\b",
    r"\b(?:can|could|would|will) you (?:please )?"
    r"(?:(?:say|write|tell me) (?:it|that|this|the|your)|try|finish|complete|fix|change|check)"
    r"\b",
    r"_{2,}|\bblank\b|(?:\.{3}|…)\s*(?:what|\?|\w+\s*\?)",
    r"\b(?:yesterday|before|in the past|already|last \w+),? or (?:now|today|every|usually|tomorrow|"
    r"later|still)\b|\b(?:now|today|every day|usually),? or (?:yesterday|before|in the past|later|"
    r"tomorrow|last)\b|\bone,? or (?:many|more|several|a few|two)\b",
)
_TO_ADD = re.compile(r"\b(?:add|put|use|need|insert|choose|try|say)s? $")
_AFTER_ADDED = re.compile(r"(?: (?:or|before|after|here|there|between|in front|with)\b|[.!?]|$)")
_SENTENCE = re.compile(r"([^.!?\u2026\n]*)([.!?\u2026\n]+|$)")
_INVITES = _any(
    r"\btell me (?:more|about|all|what|why|how|which|who|where|when|a bit|a little|everything)\b",
    r"\b(?:i'd|i would) (?:love|like|be happy|be curious) to (?:hear|know)\b",
    r"\blet me know\b|\bi(?:'m| am) curious\b|\bi wonder\b|\bshare (?:more|a|your)\b",
    r"(?:^|[.!?,] |\bplease )(?:describe|explain) (?:it|this|that|your|how|what|why|the)\b",
    r"\btry (?:it |that )?(?:again|once more|one more time)\b|\bgive it another (?:try|go)\b",
)


def red_pen(reply: str, own: Sequence[str] = ()) -> list[Span]:
    """Where a reply corrects openly: "you should say", "the correct form", an arrow."""
    return _hits(_RED_PEN, reply, own) if _may_be_red_pen(folded(reply)) else []


def _may_be_red_pen(text: str) -> bool:
    """Whether folded text may hold a hit of the red pen: far cheaper than to look for it."""
    return (
        holds(text, _RED_PEN_CUES)
        or (holds(text, _QUOTES) and _QUOTED.search(text) is not None)
        or (not text.isascii() and holds(text, _RED_PEN_SIGNS))
    )


def grammar_terms(reply: str, own: Sequence[str] = (), *, hint: bool = False) -> list[Span]:
    """Where a reply names grammar; in a `hint`, everyday names ("small word", "ending") count."""
    spans = _hits(_GRAMMAR_ALWAYS, reply, own)
    return spans + _hits(_GRAMMAR_IN_HINT, reply, own) if hint else spans


def elicits(reply: str, own: Sequence[str] = ()) -> list[Span]:
    """Where a reply asks the learner to say it again, to fill a blank or to choose."""
    return _hits(_ELICITS, reply, own)


def questions(reply: str) -> list[Span]:
    """Where a reply asks for an answer: a sentence with a question mark, or "tell me more"."""
    asked = [
        (match.end(1) - len(match[1].lstrip()), match.end())
        for match in _SENTENCE.finditer(reply)
        if "?" in match[2] and any(letter.isalnum() for letter in match[1])
    ]
    return asked + _hits(_INVITES, reply, ())


def contrasts(reply: str, wrong: Sequence[str]) -> list[Span]:
    """Where a reply names the wrong words only to turn them down: ", not go", "instead of go"."""
    if not wrong:
        return []
    text = folded(reply)
    if not _AGAINST.search(text):  # most replies, and the pattern below is new for each error
        return []
    words = r"\W+".join(re.escape(folded(word)) for word in wrong)
    pattern = rf"{_AGAINST.pattern} {_QUOTE}?{words}\b(?=\W*(?:$|[.!?)]))"
    return [match.span() for match in re.finditer(pattern, text)]


def turned_down(reply: str, own: str) -> list[Span]:
    """Where a reply holds the learner's own words against others: "for being, not for be"."""
    learner = f" {' '.join(_WORD.findall(folded(own)))} "
    return [
        match.span()
        for match in _TURNED_DOWN.finditer(folded(reply))
        if f" {' '.join(_WORD.findall(match[1]))} " in learner
        and f" not {' '.join(_WORD.findall(match[1]))} " not in learner
    ]


def names(reply: str, start: int, end: int) -> bool:
    """Whether a span of the reply is spoken about: in its own quotes, or as in "put a before"."""
    text = folded(reply)
    before, after = text[max(start - 1, 0) : start], text[end : end + 2].lstrip(".,!?")
    if before in _QUOTES and after[:1] in _QUOTES:
        return True
    return bool(_TO_ADD.search(text[max(start - 20, 0) : start]) and _AFTER_ADDED.match(text[end:]))


def _hits(pattern: re.Pattern[str], reply: str, own: Sequence[str]) -> list[Span]:
    found = list(pattern.finditer(folded(reply)))
    learner = " ".join(map(folded, own)) if found else ""
    return [match.span() for match in found if match.group() not in learner]


def holds(text: str, cues: Sequence[str]) -> bool:
    """Whether any of the cues stands in the text."""
    for cue in cues:  # noqa: SIM110 - any() takes twice as long
        if cue in text:
            return True
    return False


def standing(cues: Sequence[str], text: str) -> list[str]:
    """Those of the cues that stand in the text: of many texts at once, few are left to look for."""
    return [cue for cue in cues if cue in text]


def folded_replies(records: Sequence[Record]) -> list[str]:
    """What is replied in each record, folded."""
    return [
        folded("\n".join([turn.content for turn in record.messages if turn.role == "assistant"]))
        for record in records
    ]


def fold(text: str) -> str:
    """The text in lower case with straight quotes; each character stays in its place."""
    if not text.isascii():
        for curly, straight in _STRAIGHT[1:]:  # many times as fast as str.translate
            text = text.replace(curly, straight)
    return text.replace(*_STRAIGHT[0]).lower()


folded = lru_cache(maxsize=1024)(fold)
"""`fold`, remembered: several checks look at the same replies one after the other."""
