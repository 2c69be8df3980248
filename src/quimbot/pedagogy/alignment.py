"""Edits that no parser is needed for: where a turn and its correction differ word by word.

ERRANT aligns by edit distance and asks the parser only how to merge neighbouring edits. Where each
edit is one word replaced, added or dropped between words that stay, there is nothing to merge and
no second way to align, so the edits are known from the words alone.
"""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

_MARKS = frozenset(".!?,;:…")
Places = tuple[int, int, int, int]
"""Start and end in the turn, start and end in the correction."""


def plain_edits(old: Sequence[str], new: Sequence[str]) -> tuple[Places, ...] | None:
    """Where the words differ in more than case, or `None` where a parser must decide.

    Edits of punctuation alone are left out.
    """
    before, after = ([word.casefold() for word in words] for words in (old, new))
    found: list[Places] = []
    for places in _blocks(before, after):
        start, end, right_start, right_end = places
        if end - start > 1 or right_end - right_start > 1:
            return None
        changed = (*old[start:end], *new[right_start:right_end])
        if all(_MARKS.issuperset(word) for word in changed):
            continue
        gap = end - start != right_end - right_start
        if not all(map(_plain, changed)) or (gap and _unsure(old, new, places)):
            return None
        found.append(places)
    if _moved(before, after, found) or (
        _gaps(found) and len(found) > 1 and _repeats(before, after)
    ):
        return None
    return tuple(found)


def _blocks(before: Sequence[str], after: Sequence[str]) -> Iterator[Places]:
    """The parts that differ, between parts that are the same; shared ends are cut off first."""
    shortest = min(len(before), len(after))
    head = next((at for at in range(shortest) if before[at] != after[at]), shortest)
    tail = 0
    while tail < shortest - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    middle = before[head : len(before) - tail], after[head : len(after) - tail]
    for tag, start, end, right_start, right_end in SequenceMatcher(
        None, *middle, autojunk=False
    ).get_opcodes():
        if tag != "equal":
            yield head + start, head + end, head + right_start, head + right_end


def _plain(word: str) -> bool:
    return word.isascii() and word[0].isalnum()


def _unsure(old: Sequence[str], new: Sequence[str], places: Places) -> bool:
    """Whether a word added or dropped stands by its own twin, or by a word in another case."""
    start, end, right_start, right_end = places
    text, at = (old, start) if end > start else (new, right_start)
    beside = {word.casefold() for word in (*text[max(at - 1, 0) : at], *text[at + 1 : at + 2])}
    left = old[max(start - 1, 0) : start] != new[max(right_start - 1, 0) : right_start]
    right = old[end : end + 1] != new[right_end : right_end + 1]
    return text[at].casefold() in beside or left or right


def _moved(before: Sequence[str], after: Sequence[str], found: Sequence[Places]) -> bool:
    """Whether a word is dropped in one place and added in another."""
    dropped = {word for start, end, _, _ in found for word in before[start:end]}
    return any(word in dropped for _, _, start, end in found for word in after[start:end])


def _gaps(found: Sequence[Places]) -> bool:
    return any(
        end - start != right_end - right_start for start, end, right_start, right_end in found
    )


def _repeats(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether a word comes twice, so that there is more than one way to align."""
    return len(set(before)) < len(before) or len(set(after)) < len(after)
