"""Groups of duplicates for a reader: what stayed, a few of what fell, and where they differ."""

import textwrap
from collections.abc import Iterator
from difflib import SequenceMatcher

import numpy as np
import numpy.typing as npt

from quimbot.curate.corpus import Corpus

_FALLEN = 4
"""How many of a group's fallen texts are shown: the least alike, as they are the doubtful ones."""
_LOOKED_AT = 64
"""Rows of a group that are read to find so many that differ."""
_WORDS = 24
_SAME = 3
"""Words shown around a difference; longer runs that both have are left out."""
_WIDTH = 76

Kept = npt.NDArray[np.int64]
Similarity = npt.NDArray[np.float32]


def largest(corpus: Corpus, kept: Kept, similarity: Similarity, most: int) -> Iterator[str]:
    """The largest groups as lines of text; equal sizes in order of the ids."""
    fallen = np.flatnonzero(kept >= 0)
    heads, sizes = np.unique(kept[fallen], return_counts=True)
    order = sorted(zip((-sizes).tolist(), map(corpus.id, heads), heads.tolist(), strict=True))
    groups = {}
    wanted = np.zeros(len(corpus), np.bool_)
    for _, _, head in order[:most]:
        members = fallen[kept[fallen] == head].tolist()
        members.sort(key=lambda row: (similarity[row], corpus.id(row), row))
        groups[head] = members
        wanted[[head, *members[:_LOOKED_AT]]] = True
    texts = dict(zip(np.flatnonzero(wanted).tolist(), corpus.texts_of(wanted), strict=True))
    for number, (head, members) in enumerate(groups.items(), 1):
        yield f"group {number} of {len(heads)}: {len(members) + 1} rows"
        yield f"kept  {corpus.place(head)}"
        yield from _indented(_short(_spoken(texts[head])))
        shown: dict[str, int] = {}
        for row in members[:_LOOKED_AT]:
            shown.setdefault(differing(texts[head], texts[row]), row)
        for changes, row in list(shown.items())[:_FALLEN]:
            yield f"{similarity[row]:.2f}  {corpus.place(row)}"
            yield from _indented(changes or "(the same words)")


def differing(kept: str, fallen: str) -> str:
    """What fell, its words beside the kept ones as `[-kept-]{+fallen+}`; empty where none differ.

    Words are told apart as they are compared: without case and marks.
    """
    old, new = _spoken(kept), _spoken(fallen)
    matcher = SequenceMatcher(None, [*map(_bare, old)], [*map(_bare, new)], autojunk=False)
    parts: list[str] = []
    changed = False
    for kind, begin, end, put, put_end in matcher.get_opcodes():
        if kind == "equal":
            first, last = put == 0, put_end == len(new)
            parts += _around(new[put:put_end], first=first, last=last)
            continue
        changed = True
        gone, come = _short(old[begin:end]), _short(new[put:put_end])
        parts.append((f"[-{gone}-]" if gone else "") + (f"{{+{come}+}}" if come else ""))
    return _short(parts) if changed else ""


def _around(words: list[str], *, first: bool, last: bool) -> list[str]:
    """The ends of a run that both have: those that stand beside a difference."""
    head = 0 if first else _SAME
    tail = 0 if last else _SAME
    if len(words) <= head + tail + 1:
        return words
    return [*words[:head], "...", *words[len(words) - tail :]]


def _spoken(text: str) -> list[str]:
    """The words, and a bar between turns."""
    return text.replace("\n", " | ").split()


def _indented(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6)


def _short(words: list[str]) -> str:
    return " ".join(words[:_WORDS]) + (" ..." if len(words) > _WORDS else "")


def _bare(word: str) -> str:
    return "".join(filter(str.isalnum, word)).lower() or word
