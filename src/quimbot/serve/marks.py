"""Which words of two sentences differ, so that a page can make them stand out."""

import re
from difflib import SequenceMatcher

import msgspec

_WORD = re.compile(r"\w+(?:[-'\u2019]\w+)*|[^\w\s]")


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of a sentence."""

    text: str
    differs: bool


def marked(said: str, better: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both sentences in pieces, whole words marked where the other has none or others."""
    ours, theirs = list(_WORD.finditer(said)), list(_WORD.finditer(better))
    words = [word[0] for word in ours], [word[0] for word in theirs]
    steps = SequenceMatcher(None, words[0], words[1], autojunk=False).get_opcodes()
    changed = [step for step in steps if step[0] != "equal"]
    return (
        _pieces(said, ours, [(start, end) for _, start, end, _, _ in changed]),
        _pieces(better, theirs, [(start, end) for _, _, _, start, end in changed]),
    )


def _pieces(
    text: str, words: list[re.Match[str]], spans: list[tuple[int, int]]
) -> tuple[Piece, ...]:
    found = []
    done = 0
    for start, end in spans:
        if start == end:
            continue
        first, last = words[start].start(), words[end - 1].end()
        found += [(text[done:first], False), (text[first:last], True)]
        done = last
    found.append((text[done:], False))
    return tuple(Piece(text=part, differs=differs) for part, differs in found if part)
