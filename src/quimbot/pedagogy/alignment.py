"""Edits that no parser is needed for: where a turn and its correction differ word by word.

ERRANT takes the cheapest way from one to the other and asks the parser how to merge changes that
touch. Where one word or two are replaced one by one, a word is added or dropped between words that
stay, or two words change places, nothing is merged. What the parser knows, lemma and part of
speech, adds at most `_UNPARSED` to the cost of a word put for another: a way that is the cheapest
with all of that added to its own words, and nothing to those of any other, is the one it takes.
"""

from collections.abc import Sequence
from difflib import SequenceMatcher

from rapidfuzz.distance import Indel

_MARKS = frozenset(".!?,;:…")
_PARTS = frozenset({"s", "ca", "wo", "sha"})  # of contractions, for which there are other rules
_CONTEXT = 1  # equal words left around a change, so that ERRANT can merge as it would
_PAIR = 2  # words in a row that may be replaced, or change places
_LEMMA, _PART_OF_SPEECH = 0.499, 0.5  # what it costs when another one is put
_UNPARSED = _LEMMA + _PART_OF_SPEECH
_REORDERED = 0.5  # for each of two words that change places; where more do, each costs more
_ROUNDING = 1e-9
_FAR = float("inf")
Places = tuple[int, int, int, int]
"""Start and end in the turn, start and end in the correction."""
_Cell = tuple[int, int]
"""A place in the turn and one in the correction: what lies before them is aligned."""


def plain_edits(old: Sequence[str], new: Sequence[str]) -> tuple[Places, ...] | None:
    """Where the words differ in more than case, or `None` where a parser must decide.

    Edits of punctuation alone are left out.
    """
    head, tail = shared_ends(old, new)
    old, new = old[head : len(old) - tail], new[head : len(new) - tail]
    steps = _steps([word.lower() for word in old], [word.lower() for word in new])
    if steps is None:
        return None
    found = [step for step in steps if _changes(_words(old, new, step))]
    if not all(_plain(old, new, step) for step in found) or not _cheapest(old, new, steps):
        return None
    return tuple((head + a, head + b, head + c, head + d) for a, b, c, d in found)


def shared_ends(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """How many words two texts share at the start and at the end, less a little context."""
    shortest = min(len(old), len(new))
    head = 0
    while head < shortest and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < shortest - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    if head == len(old) == len(new):
        return head, 0
    return max(head - _CONTEXT, 0), max(tail - _CONTEXT, 0)


def _steps(before: Sequence[str], after: Sequence[str]) -> list[Places] | None:
    """A way from one to the other, word by word, or `None` where changes that touch may merge."""
    steps: list[Places] = []
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for tag, start, end, right_start, right_end in blocks:
        wrong, right = before[start:end], after[right_start:right_end]
        apart = {*wrong}.isdisjoint(right) and "".join(wrong) != "".join(right)
        if tag == "equal" or (apart and len(wrong) == len(right) <= _PAIR):
            places = zip(range(start, end), range(right_start, right_end), strict=True)
            steps += ((at, at + 1, right_at, right_at + 1) for at, right_at in places)
        elif len(wrong) + len(right) == 1:
            steps.append((start, end, right_start, right_end))
        else:
            return None
        steps[-3:] = _swapped(before, after, steps[-3:])
    return steps


def _swapped(before: Sequence[str], after: Sequence[str], steps: list[Places]) -> list[Places]:
    """The steps, or a single one where they drop a word on one side of another and add it back."""
    start, right_start, end, right_end = steps[0][0], steps[0][2], steps[-1][1], steps[-1][3]
    wrong, right = before[start:end], after[right_start:right_end]
    swap = len(wrong) == _PAIR and wrong == right[::-1] != right
    return [(start, end, right_start, right_end)] if swap else steps


def _words(old: Sequence[str], new: Sequence[str], step: Places) -> tuple[str, ...]:
    """The word added or dropped, or the words on both sides."""
    start, end, right_start, right_end = step
    return *old[start:end], *new[right_start:right_end]


def _changes(words: Sequence[str]) -> bool:
    """Whether it is more than a mark or another case."""
    same = len(words) == _PAIR and words[0].lower() == words[1].lower()
    return not same and not all(map(_MARKS.issuperset, words))


def _plain(old: Sequence[str], new: Sequence[str], step: Places) -> bool:
    """Whether no rule for merging, and no other cost of the same words, bears on a change."""
    words = _words(old, new, step)
    if not all(
        word.isascii() and word[0].isalnum() and word.lower() not in _PARTS for word in words
    ):
        return False
    if len(words) == 1:
        start, end, right_start, right_end = step
        left = old[max(start - 1, 0) : start] == new[max(right_start - 1, 0) : right_start]
        return left and old[end : end + 1] == new[right_end : right_end + 1]
    swapped = zip(words[:_PAIR], words[_PAIR:], strict=False)  # none where it is word for word
    return all(Indel.normalized_distance(*pair) > _REORDERED for pair in swapped)


def _cheapest(old: Sequence[str], new: Sequence[str], steps: Sequence[Places]) -> bool:
    """Whether each way that leaves the steps costs more, whatever the parser would say."""
    path = _path(old, new, steps)
    net, most = len(new) - len(old), path[len(old), len(new)] + _ROUNDING
    spare = int(most - abs(net)) // 2  # a way that strays farther has too many gaps
    both = {word.lower() for word in old} & {word.lower() for word in new}
    left: dict[_Cell, float] = {}  # the least that ways which have left the steps cost
    for at in range(len(old) + 1):
        first, last = at + min(net, 0) - spare, at + max(net, 0) + spare
        for right_at in range(max(first, 0), min(last, len(new)) + 1):
            here = at, right_at
            ways = [((at - 1, right_at), 1.0), ((at, right_at - 1), 1.0)]
            if at and right_at:
                cost = _least(old[at - 1], new[right_at - 1], both)
                ways.append(((at - 1, right_at - 1), cost))
            left[here] = min(
                left.get(back, _FAR) + path[here] - path[back]
                if here in path and back in path
                else min(left.get(back, _FAR), path.get(back, _FAR)) + cost
                for back, cost in ways
            )
    return left[len(old), len(new)] > most


def _path(old: Sequence[str], new: Sequence[str], steps: Sequence[Places]) -> dict[_Cell, float]:
    """The most that the steps may have cost at each place."""
    path = {(0, 0): 0.0}
    for step in steps:
        start, end, right_start, right_end = step
        so_far, words = path[start, right_start], _words(old, new, step)
        if len(words) > _PAIR:
            path[start + 1, right_start + 1] = so_far + _REORDERED
        path[end, right_end] = so_far + (1 if len(words) != _PAIR else _most(*words))
    return path


def _most(word: str, other: str) -> float:
    """The most that it may cost to put a word for another."""
    if word.lower() == other.lower():
        return 0.0
    return Indel.normalized_distance(word, other) + _UNPARSED


def _least(word: str, other: str, both: set[str]) -> float:
    """The least that it costs to put a word for another, alone or in a stretch in another order."""
    low, other_low = word.lower(), other.lower()
    if low == other_low:
        return 0.0
    least = Indel.normalized_distance(word, other)
    if _MARKS.issuperset(word) != _MARKS.issuperset(other):
        least += _LEMMA
    return min(least, _REORDERED) if {low, other_low} <= both else least
