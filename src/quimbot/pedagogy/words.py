"""Words of a chat turn: contractions split, missing apostrophes put back, places kept.

Learners write "i m", "dont" and "Its"; tutors write "you're". All of them become the same words
here, so that neither case nor an apostrophe ever looks like an error or like its correction.
"""

import re
from functools import lru_cache
from typing import NamedTuple


def word_set(listed: str) -> frozenset[str]:
    """The words of a list written with spaces between."""
    return frozenset(listed.split())


_APOSTROPHES = str.maketrans("\u2019\u2018\u02bc\u00b4\u0060\u2032", "'" * 6)
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[.!?,;:…]+")
_SUFFIX = {"'m": "am", "'re": "are", "'ve": "have", "'ll": "will", "'d": "would"}
_NEGATED = {"ca": "can", "wo": "will", "sha": "shall", "ai": "is"}
_AUXILIARY = word_set(
    "do does did is are was were ca could wo would should have has had need must sha ai"
)
_IS_AFTER = word_set("it that he she there what who where how here when this everything")
_BARE = {
    "im": ("I", "am"),
    "ive": ("I", "have"),
    "youre": ("you", "are"),
    "youve": ("you", "have"),
    "youll": ("you", "will"),
    "theyre": ("they", "are"),
    "weve": ("we", "have"),
    "thats": ("that", "is"),
    "theres": ("there", "is"),
    "whats": ("what", "is"),
    "hes": ("he", "is"),
    "shes": ("she", "is"),
    "cannot": ("can", "not"),
    "u": ("you",),
    "ur": ("your",),
    "i": ("I",),
    **{f"{verb}nt": (_NEGATED.get(verb, verb), "not") for verb in _AUXILIARY},
}
_SPLIT_OFF = {
    "m": (frozenset({"i"}), "am"),
    "re": (frozenset({"you", "we", "they"}), "are"),
    "ve": (frozenset({"i", "you", "we", "they"}), "have"),
    "ll": (frozenset({"i", "you", "we", "they", "he", "she", "it"}), "will"),
    "d": (frozenset({"i", "you", "we", "they", "he", "she"}), "would"),
    "s": (_IS_AFTER, "is"),
}
_SHORTEST_STEM = 3
_STARTS_CLAUSE = frozenset({"", "and", "but", "so", "then", ",", ".", "!", "?", ";"})
_AFTER_IT_IS = word_set(
    "a an the my your his her our one not so very really too quite just about like more hard good "
    "that because in on at been nice fine ok okay difficult easy also only always never"
)
_FUNCTION = word_set(
    "a an the this that these those some any each every no all both either neither one ones other "
    "i you he she it we they me him her us them my your his its our their mine yours hers ours "
    "myself yourself himself herself itself ourselves yourselves themselves who whom whose which "
    "what where when why how there here "
    "am is are was were be been being do does did doing done have has had having will would shall "
    "should can could may might must to not 's "
    "of in on at by for from with about into onto over under after before between through during "
    "against without within among across behind off out up down around near since until till than "
    "as and or but so if because while although though nor yet also too very really just then "
    "even only still more most much many such again ever never well oh ah wow yes yeah yep no nope "
    "ok okay hey hi hello please thanks thank let's quite rather"
)


class Word(NamedTuple):
    """A word or a run of punctuation, and its characters in the text it came from."""

    text: str
    start: int
    end: int

    @property
    def spoken(self) -> bool:
        """Whether it is a word and not punctuation."""
        return self.text[0].isalnum() or self.text[0] == "'"


@lru_cache(maxsize=16384)
def words(text: str) -> tuple[Word, ...]:
    """Words and sentence punctuation in order; quotes, brackets, hyphens and symbols are left out.

    The parts of a contraction are words of their own that share its characters.
    """
    found: list[Word] = []
    matches = list(_TOKEN.finditer(text.translate(_APOSTROPHES)))
    for place, match in enumerate(matches):
        before = found[-1].text.lower() if found else ""
        after = matches[place + 1].group().lower() if place + 1 < len(matches) else ""
        found += [
            Word(part, match.start(), match.end()) for part in _parts(match.group(), before, after)
        ]
    return tuple(found)


def _parts(token: str, before: str, after: str) -> tuple[str, ...]:
    """The words that a token stands for, given its neighbours in lower case."""
    low = token.lower()
    if low in _BARE:
        return _BARE[low]
    if low == "its" and after in _AFTER_IT_IS:
        return (token[:2], "is")
    if low == "ill" and before in _STARTS_CLAUSE:
        return ("I", "will")
    if low == "nt" and before in _AUXILIARY | {"can", "will"}:
        return ("not",)
    if low in _SPLIT_OFF and before in _SPLIT_OFF[low][0]:
        return (_SPLIT_OFF[low][1],)
    base, quote, ending = token.rpartition("'")
    return _contraction(base, ending.lower()) if quote and base else (token,)


def _contraction(base: str, ending: str) -> tuple[str, ...]:
    low = base.lower()
    if ending == "t" and low.endswith("n"):
        verb = low[:-1]
        return (_NEGATED.get(verb, base[:-1]), "not") if verb else ("not",)
    if ending == "s":
        return (base, "is") if low in _IS_AFTER else (base, "'s")
    if f"'{ending}" in _SUFFIX:
        return ("I" if low == "i" else base, _SUFFIX[f"'{ending}"])
    return (f"{base}'{ending}",)


def is_content(word: str) -> bool:
    """Whether a lower-case word carries meaning of its own (not a function word or a number)."""
    return word not in _FUNCTION and word[0].isalpha()


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """What the inflected forms of a regular lower-case word share; rough, for finding context."""
    for ending, kept in (("ies", "y"), ("ied", "y"), ("ying", "y"), ("ing", ""), ("ed", "")):
        base = word[: -len(ending)]
        if word.endswith(ending) and any(letter in "aeiouy" for letter in base) and len(base) > 1:
            word = base + kept
            break
    else:
        if (
            word.endswith("s")
            and not word.endswith(("ss", "us", "is"))
            and len(word) > _SHORTEST_STEM
        ):
            word = word[:-1]
    if len(word) > _SHORTEST_STEM and word[-1] == word[-2] and word[-1] not in "aeiou":
        word = word[:-1]
    word = word.rstrip("e") if len(word) > _SHORTEST_STEM else word
    return word[:-1] + "i" if word.endswith("y") else word
