"""A learner's clause as the tutor says it back: "I lost my bag" is "you lost your bag".

Words only are turned; third persons stay. A tutor's own "you" in a question comes back as "I" or
"me", so "do you like it?" is "do I like it?".
"""

import re
from collections.abc import Sequence

from quimbot.pedagogy.words import word_set

_TOKEN = re.compile(r"[\w]+(?:['\u2019][\w]+)*|[^\w\s]|\s+")
_TO_YOU = {
    "i": "you", "me": "you", "we": "you", "us": "you", "my": "your", "our": "your",
    "mine": "yours", "ours": "yours", "myself": "yourself", "ourselves": "yourselves",
    "i'm": "you're", "i've": "you've", "i'll": "you'll", "i'd": "you'd",
    "we're": "you're", "we've": "you've", "we'll": "you'll", "we'd": "you'd",
}  # fmt: skip
_TO_ME = {
    "your": "my", "yours": "mine", "yourself": "myself", "you're": "I'm", "you've": "I've",
    "you'll": "I'll", "you'd": "I'd",
}  # fmt: skip
_BE = {
    "am": {"i": "are", "": "are"},
    "was": {"i": "were"},
    "wasn't": {"i": "weren't"},
    "are": {"you": "am"},
    "were": {"you": "was"},
}
"""For each form of be, what it becomes beside "I" or "you"."""
_AUXILIARIES = word_set(
    "do did have had can could will would shall should may might must are were am was don't didn't "
    "haven't hadn't can't couldn't won't wouldn't shouldn't aren't weren't"
)
_OPEN_CLAUSE = word_set(
    "that if whether when where what why how who which because and but so than as while although "
    "before after until"
)
_PREPOSITIONS = word_set(
    "to for with about from of in on at by like without than near behind beside between against "
    "towards into over under"
)
_AFTER_OBJECT = _PREPOSITIONS | word_set(
    "a an the some any my your his her its their this that these those how what where when why "
    "and or but if because so again now soon tomorrow today yesterday later too very"
)
_ADVERBS = word_set("always never often sometimes usually really also still just already")
_THINKING = word_set(
    "think hope know believe guess say said sure glad happy sorry wish bet suppose feel heard see "
    "afraid mean"
)
_COMMANDS = word_set(
    "tell send show give recommend suggest help teach wait explain call write let watch try "
    "please read listen come look ask imagine"
)
_LOWER = _OPEN_CLAUSE | _PREPOSITIONS | _AUXILIARIES | _ADVERBS | word_set(
    "i we you he she it they my our your his her its their the a an this that these those there "
    "is has does isn't doesn't hasn't one some many everybody everyone nobody people yesterday "
    "tomorrow today tonight last every right next two three four five six i'm i've it's let's"
)  # fmt: skip
_FRONTED = re.compile(
    r"(yesterday(?: \w+ing)?|last (?:night|week|weekend|month|year|summer|winter|spring|\w+day)|"
    r"today|tomorrow|right now|every (?:day|morning|evening|night|week)|"
    r"(?:on|next) \w+day|(?:two|three|\d+) (?:days|weeks|months|years) ago),? "
    r"((?:i|we|he|she|they|it|my|our|the) .+)",
    re.IGNORECASE,
)
_SECOND_CLAUSE = re.compile(r",|\b(?:and|but|because|when|if|so|although|while)\b", re.IGNORECASE)

_THANKS = re.compile(r"^(?:thank you|thanks)\b", re.IGNORECASE)
_ASIDE = re.compile(r"^please,? |,? (?:please|thanks|thank you)$", re.IGNORECASE)
_COUPLE = re.compile(r"\b[Mm]y((?: \w+)? \w+) and (I|me)\b")


def say_back(clause: str, *, time_last: bool = True) -> str:
    """The clause facing the other speaker, small at its start and without a final stop.

    With `time_last`, a time phrase at the start of a plain clause moves to its end.
    """
    text = _ASIDE.sub("", re.sub(r"\s+(?=[,.!?])", "", clause.strip().rstrip(".! ")))
    moved = _FRONTED.fullmatch(text.removesuffix("?")) if time_last else None
    if moved and not text.endswith("?") and not _SECOND_CLAUSE.search(moved[2]):
        when = moved[1]
        text = f"{moved[2]} {when[:1].lower()}{when[1:]}"
    said = _small_start(_turn(_couples(_THANKS.sub("I thank you", text))))
    return f"you want me to {said[:1].lower()}{said[1:]}" if _commands(text) else said


def turned(words: Sequence[str]) -> list[str]:
    """Each word as the other speaker would say it; contractions are split, marks may stand."""
    low = [word.lower() for word in words]
    return [_facing(low, place, word) for place, word in enumerate(words)]


def sentence(text: str, end: str = ".") -> str:
    """The text with a capital and an end, unless it has one."""
    start = text[:1].upper() + text[1:]
    return start if start.endswith(("?", "!", ".")) else start + end


def _commands(text: str) -> bool:
    first = re.match(r"\w+(?![\w'\u2019])", text)
    if not first or text.endswith("?"):
        return False
    return first[0].lower() in _COMMANDS


def _couples(text: str) -> str:
    """The person spoken to first: "my sister and I" as "I and my sister", soon "you and your…"."""
    return _COUPLE.sub(lambda match: f"{match[2]} and my{match[1]}", text)


def _turn(text: str) -> str:
    tokens = _TOKEN.findall(text)
    at_words = [at for at, token in enumerate(tokens) if not token.isspace()]
    words = [tokens[at].lower().replace("\u2019", "'") for at in at_words]
    for place, at in enumerate(at_words):
        tokens[at] = _facing(words, place, tokens[at])
    return "".join(tokens)


def _facing(words: list[str], place: int, token: str) -> str:
    """One word turned, given the words before and after it."""
    word = words[place]
    before = words[place - 1] if place else ""
    after = words[place + 1] if place + 1 < len(words) else ""
    if word == "you":
        return "I" if _is_subject(before, after) else "me"
    if word in _BE:
        return _BE[word].get(_subject(words, place), token)
    return _TO_YOU.get(word) or _TO_ME.get(word) or token


def _subject(words: list[str], place: int) -> str:
    """The pronoun beside a form of be, before it (an adverb may stand between) or after it."""
    before = words[place - 1] if place else ""
    if before in _ADVERBS and place > 1:
        before = words[place - 2]
    after = words[place + 1] if place + 1 < len(words) else ""
    return next((word for word in (before, after) if word in {"i", "you"}), "")


def _is_subject(before: str, after: str) -> bool:
    """Whether "you" does something, rather than having it done."""
    if before in _PREPOSITIONS and before not in _OPEN_CLAUSE:
        return False
    if before in _AUXILIARIES | _OPEN_CLAUSE or not before[:1].isalpha():
        return _is_word(after) or before in _AUXILIARIES
    if after in _AUXILIARIES | _ADVERBS | {"will", "have", "are", "were", "do"}:
        return True
    return before in _THINKING and _is_word(after) and after not in _AFTER_OBJECT


def _is_word(text: str) -> bool:
    """Whether it is a word, or the blank for one."""
    return text[:1].isalpha() or text[:1] == "_"


def _small_start(text: str) -> str:
    first = re.match(r"[\w'\u2019]+", text)
    if first and first[0].lower() in _LOWER and first[0] != "I" and not first[0].startswith("I'"):
        return text[:1].lower() + text[1:]
    return text
