"""A learner's clause as the tutor says it back: "I lost my bag" is "you lost your bag".

Words only are turned; third persons stay. A tutor's own "you" in a question comes back as "I" or
"me", so "do you like it?" is "do I like it?".
"""

import re

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
_AUXILIARIES = frozenset(
    "do did have had can could will would shall should may might must are were am was don't didn't "
    "haven't hadn't can't couldn't won't wouldn't shouldn't aren't weren't".split()
)
_OPEN_CLAUSE = frozenset(
    "that if whether when where what why how who which because and but so than as while although "
    "before after until".split()
)
_PREPOSITIONS = frozenset(
    "to for with about from of in on at by like without than near behind beside between against "
    "towards into over under".split()
)
_AFTER_OBJECT = _PREPOSITIONS | frozenset(
    "a an the some any my your his her its their this that these those how what where when why "
    "and or but if because so again now soon tomorrow today yesterday later too very".split()
)
_ADVERBS = frozenset("always never often sometimes usually really also still just already".split())
_LOWER = _OPEN_CLAUSE | _PREPOSITIONS | _AUXILIARIES | _ADVERBS | frozenset(
    "i we you he she it they my our your his her its their the a an this that these those there "
    "is has does isn't doesn't hasn't one some many everybody everyone nobody people yesterday "
    "tomorrow today tonight last every right next two three four five six i'm i've it's".split()
)  # fmt: skip
_FRONTED = re.compile(
    r"(yesterday(?: \w+ing)?|last (?:night|week|weekend|month|year|summer|winter|spring|\w+day)|"
    r"today|tomorrow|right now|every (?:day|morning|evening|night|week)|"
    r"(?:on|next) \w+day|(?:two|three|\d+) (?:days|weeks|months|years) ago),? "
    r"((?:i|we|he|she|they|it|my|our|the) .+)",
    re.IGNORECASE,
)
_SECOND_CLAUSE = re.compile(r",|\b(?:and|but|because|when|if|so|although|while)\b", re.IGNORECASE)

_COUPLE = re.compile(r"\b[Mm]y((?: \w+)? \w+) and (I|me)\b")


def say_back(clause: str, *, time_last: bool = True) -> str:
    """The clause facing the other speaker, small at its start and without a final stop.

    With `time_last`, a time phrase at the start of a plain clause moves to its end.
    """
    text = clause.strip().rstrip(".!").strip()
    moved = _FRONTED.fullmatch(text.removesuffix("?")) if time_last else None
    if moved and not text.endswith("?") and not _SECOND_CLAUSE.search(moved[2]):
        when = moved[1]
        text = f"{moved[2]} {when[:1].lower()}{when[1:]}"
    return _small_start(_turn(_couples(text)))


def sentence(text: str, end: str = ".") -> str:
    """The text with a capital and an end, unless it has one."""
    start = text[:1].upper() + text[1:]
    return start if start.endswith(("?", "!", ".")) else start + end


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
    if word == "you" and before == "thank":
        return token
    if word == "you":
        return "I" if _is_subject(before, after) else "me"
    if word in _TO_YOU:
        return _TO_YOU[word]
    if word in _TO_ME:
        return _TO_ME[word]
    subject = _subject(words, place)
    match word:
        case "am":
            return "are"
        case "was" if subject == "i":
            return "were"
        case "wasn't" if subject == "i":
            return "weren't"
        case "are" if subject == "you":
            return "am"
        case "were" if subject == "you":
            return "was"
    return token


def _subject(words: list[str], place: int) -> str:
    """The pronoun beside a form of be, before it (an adverb may stand between) or after it."""
    before = words[place - 1] if place else ""
    if before in _ADVERBS and place > 1:
        before = words[place - 2]
    after = words[place + 1] if place + 1 < len(words) else ""
    return next((word for word in (before, after) if word in {"i", "you"}), "")


def _is_subject(before: str, after: str) -> bool:
    """Whether "you" does something, rather than having it done."""
    if before in _AUXILIARIES or before in _OPEN_CLAUSE - {"than", "as", "like"}:
        return True
    if before in _PREPOSITIONS:
        return False
    return bool(after) and after[0].isalpha() and after not in _AFTER_OBJECT


def _small_start(text: str) -> str:
    first = re.match(r"[\w'\u2019]+", text)
    if first and first[0].lower() in _LOWER and first[0] != "I" and not first[0].startswith("I'"):
        return text[:1].lower() + text[1:]
    return text
