"""Phrases to look for in what learners write, however they spell: a small notation over words.

A cue is words in order, in plain lower-case letters without apostrophes:

    i <want> .. kill* (my self|myself)

`<want>` stands for any of a named group, `(a|b c)` for any of these; with `?` it may be missing,
and so may `word?`. `kill*` begins a word; `..` passes over up to three words and `...` over up to
eight, never over the end of a sentence; `.` is that end, or a comma. `one & other` is a sentence
that holds both, in any order. A cue that is not in Latin letters is looked for as it is, since not
every language has spaces.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

_APOSTROPHE = re.compile("(?<=\\w)['\u2019\u02bc\u00b4\u0060](?=\\w)")
_STRETCHED = re.compile(r"([a-z])\1{2,}")
_END = re.compile("[.!?;\n\u3002\uff01\uff1f\u061f]+")
_COMMA = re.compile("[,\u3001\u060c\uff0c]")
_WORD = re.compile(r"[^\W_]+|[|,]")
_TOKEN = re.compile(r"\(|\)\??|\||<\w+>\??|[^\s()|<>]+")
_GAP = {"..": r"(?: [^ |]+){0,3}?", "...": r"(?: [^ |]+){0,8}?"}


def plain(text: str) -> str:
    """The text as cues see it: lower case, no accents, single spaces, `|` where a sentence ends."""
    letters = unicodedata.normalize("NFKD", text.lower())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    bare = _APOSTROPHE.sub("", unicodedata.normalize("NFC", bare))
    bare = _STRETCHED.sub(r"\1", _COMMA.sub(" , ", _END.sub(" | ", bare)))
    return f" | {' '.join(_WORD.findall(bare))} | "


def pattern(cues: Sequence[str], groups: Mapping[str, str]) -> re.Pattern[str]:
    """What finds any of the cues in a plain text."""
    return re.compile("|".join(_one(cue, groups) for cue in cues) or r"(?!)")


def _one(cue: str, groups: Mapping[str, str]) -> str:
    if not cue.isascii():
        return re.escape(plain(cue).strip(" |,"))
    words = [
        "".join(_part(token, groups) for token in _TOKEN.findall(part)) + "(?= )"
        for part in cue.split("&")
    ]
    return words[0] if len(words) == 1 else rf"\|{''.join(f'(?=[^|]*?{one})' for one in words)}"


def _part(token: str, groups: Mapping[str, str]) -> str:
    """One token as a regular expression; every word brings the space before it."""
    if token in _GAP:
        return _GAP[token]
    body, optional = token.removesuffix("?"), token[-1] if token.endswith("?") else ""
    match body[0]:
        case "(":
            return "(?:"
        case ")" | "|":
            return body + optional
        case "<":
            inside = "".join(_part(each, groups) for each in _TOKEN.findall(groups[body[1:-1]]))
            return f"(?:{inside}){optional}"
        case ".":
            return " [|,]"
        case _:
            ending = "[^ |]*" if body.endswith("*") else ""
            return f"(?: {re.escape(body.removesuffix('*'))}{ending}){optional}"
