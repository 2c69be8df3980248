"""The slot of an edit in a reply: do the corrected words stand where the learner's were?

Words with content must stand near other words of the learner's, function words between the same
neighbours or by the same head. Everything is compared with both sides turned to face the learner.
"""

from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from typing import Literal

from quimbot.pedagogy.words import is_content, word_set
from quimbot.verify.synonyms import sense
from quimbot.verify.turns import LEADS, OPENERS, SPELLED_ALIKE, Change, Span, Turn

Level = Literal["recast", "form", "none"]
Found = tuple[Level, Span | None]
"""How strongly a reply carries a corrected edit, and the characters that show it."""

REACH = 4
"""Words on each side that count as context."""
_HEAD_REACH = 3  # words between a function word and the word it belongs to
_RUN = 3  # equal words in a row that make a frame without any content word
_SLIP_FROM = 5  # words longer than this are known again when misspelt
_OWN_IN_QUESTION = 2  # content words that make a wh-question the learner's own sentence
_ARTICLES = frozenset({("a",), ("an",)})
_BE_BETWEEN = 2  # content words around a form of be, on whichever side
BE = word_set("is are was were be been")
_OWNS = word_set("'s is has")  # what "'s" may stand for
_WH = word_set("what which who whom whose where when why how")


def find_words(right: tuple[str, ...], change: Change, correction: Turn, reply: Turn) -> Found:
    """These words in the slot of the corrected ones."""
    best: Found = ("none", None)
    content = any(is_content(word) for word in right)
    in_place = _in_context if content else _in_frame
    for match in _occurrences(right, change, reply):
        shown = reply.characters(*match)
        if in_place(change, correction, reply, match):
            if not _fresh_question(change, correction, reply, match[0]):
                return "recast", shown
            best = ("form", shown)
        elif content and best[0] == "none":
            best = ("form", shown)
    return best


def _occurrences(right: tuple[str, ...], change: Change, reply: Turn) -> Iterator[Span]:
    """Where the right words stand in the reply, in order, with at most one word between two."""
    first = {right[0]}
    if right in _ARTICLES and change.wrong not in _ARTICLES:
        first = {"a", "an"}  # the next word decides
    for start, word in enumerate(reply.said):
        if word not in first:
            continue
        place, sentence = start, reply.sentences[start]
        for wanted in right[1:]:
            steps = [step for step in (1, 2) if reply.word(place + step, sentence) == wanted]
            if not steps:
                break
            place += steps[0]
        else:
            yield start, place + 1


def _in_context(change: Change, correction: Turn, reply: Turn, match: Span) -> bool:
    """Whether words with content stand near others of the learner's."""
    own = correction.around(change.right_start, change.right_end, REACH)
    left, right = correction.neighbours(change.right_start, change.right_end)
    before, after = reply.neighbours(*match)
    owned = reply.word(match[1] + 1, reply.sentences[match[0]])
    if after == "'s" and right not in _OWNS and not _alike(right, owned):
        return False  # "your phone's price" is not the learner's phone
    again = [*correction.runs(change.right)]
    if len(again) > 1 and not ((left and left == before) or (right and right == after)):
        return False  # it may be the learner's other one, which was right
    if own:
        said_last = not right and not after and left == before  # "you are biased." ends both
        return said_last or _meet(own, reply.around(*match, REACH + 1))
    return not (left or right) or (bool(left) and left == before) or bool(right and right == after)


def _meet(own: set[str], near: set[str]) -> bool:
    """Whether stems are shared; a slip that nobody corrected may be spelled right by the reply."""
    return bool(own & near) or any(
        one[:2] == other[:2] and SequenceMatcher(None, one, other).ratio() > SPELLED_ALIKE
        for one in own
        for other in near
        if len(one) > _SLIP_FROM
    )


def _in_frame(change: Change, correction: Turn, reply: Turn, match: Span) -> bool:
    """Whether function words stand in their slot: between the same words, or by the same head."""
    start, end = change.right_start, change.right_end
    left, right = correction.neighbours(start, end)
    before, after = reply.neighbours(*match)
    same_left, same_right = _alike(left, before), _alike(right, after)
    if change.wrong and not right and not after:
        same_right = True  # both end their sentence
    beyond = correction.word(end + 1, correction.sentences[start])
    if right in BE and (before, after) == (right, beyond):
        same_left = same_right = True  # "Is it strange?" says "it is strange"
    other_verb = bool(left) and is_content(left) and not same_left
    if change.right == ("to",) and other_verb and "VERB" in change.type:
        return False  # "want to buy" is no recast of "need to buy"
    if (same_left and same_right) or _same_run(correction, (start, end), reply, match):
        return True
    head_after = bool(_heads(correction, end, 1) & _heads(reply, match[1], 1))
    head_before = bool(_heads(correction, start - 1, -1) & _heads(reply, match[0] - 1, -1))
    shared = correction.around(start, end, REACH) & reply.around(*match, REACH + 2)
    one = same_left or same_right
    by_head = (head_after or head_before) if one else (head_after and head_before)
    if BE & set(change.right) and len(shared) >= _BE_BETWEEN:
        by_head = True  # "Nolan is your favorite" says "your favorite is Nolan"
    if by_head is not head_after and change.type.endswith("DET"):
        return head_after
    return by_head


def _alike(one: str, other: str) -> bool:
    return bool(one) and (one == other or (is_content(one) and sense(one) == sense(other)))


def _heads(turn: Turn, start: int, step: int) -> set[str]:
    """Stems of the content words next to a place, in one direction, within its sentence."""
    if not 0 <= start < len(turn.said):
        return set()
    sentence = turn.sentences[start]
    reach = range(start, start + _HEAD_REACH * step, step)
    return {turn.stems[at] for at in reach if turn.word(at, sentence)} - {""}


def _same_run(correction: Turn, right: Span, reply: Turn, match: Span) -> bool:
    """Whether the match stands in the same run of three words, or in the same short sentence.

    Where a word with content stands beside it, the run must hold one.
    """
    sentence = correction.sentences[right[0]]
    beside = any(map(is_content, filter(None, correction.neighbours(*right))))
    size = max(right[1] - right[0], min(_RUN, correction.sentences.count(sentence)))
    for first in range(max(right[1] - size, 0), right[0] + 1):
        start = match[0] - (right[0] - first)
        if (
            start >= 0
            and (not beside or any(correction.stems[first : first + size]))
            and correction.said[first : first + size] == reply.said[start : start + size]
            and set(correction.sentences[first : first + size]) == {sentence}
            and len(set(reply.sentences[start : start + size])) == 1
        ):
            return True
    return False


def _fresh_question(change: Change, correction: Turn, reply: Turn, place: int) -> bool:
    """Whether the match is part of a new wh-question and not of the learner's own sentence."""
    if not wh_question(reply, place) or _WH & set(correction.said):
        return False
    sentence = reply.sentences[place]
    own = {
        word
        for at, word in enumerate(correction.stems)
        if word and not change.right_start <= at < change.right_end
    }
    asked = {
        word for word, where in zip(reply.stems, reply.sentences, strict=True) if where == sentence
    }
    own -= {reply.stems[place]}
    return not own or (len(own & asked) < _OWN_IN_QUESTION and not own <= asked)


def wh_question(reply: Turn, place: int) -> bool:
    """Whether the sentence there is a question that opens with a wh-word."""
    sentence = reply.sentences[place]
    first = reply.sentences.index(sentence)
    while reply.word(first, sentence) in OPENERS:
        first += 1
    return sentence in reply.asks and reply.word(first, sentence) in _WH


def find_gap(change: Change, correction: Turn, reply: Turn) -> Found:
    """A word taken out: its neighbours must have closed up, one of them with content."""
    place, size = change.right_start, len(correction.said)
    left = correction.said[place - 1] if place else ""
    right = correction.said[place] if place < size else ""
    if left and right and correction.sentences[place - 1] != correction.sentences[place]:
        left, right = ("", right) if change.opens else (left, "")
    found = _closed((left, right), change, correction, reply, str.__eq__)
    if found[0] == "recast":
        return found
    loose = _closed((left, right), change, correction, reply, _alike)
    if loose != found and "VERB" in change.type:
        return found  # "will arrive" is no "arrived"
    return loose


def _closed(
    frame: tuple[str, str],
    change: Change,
    correction: Turn,
    reply: Turn,
    same: Callable[[str, str], bool],
) -> Found:
    """A gap between two words, or beside one of them where the other is empty."""
    left, right = frame
    place = change.right_start
    anchor, step = (place, 1) if right else (place - 1, -1)
    head = 0 <= anchor < len(correction.stems) and bool(correction.stems[anchor])
    own = correction.around(place, place + 1, REACH)
    best: Found = ("none", None)
    for at, word in enumerate(reply.said):
        before, after = reply.neighbours(at, at + 1)
        beside = before if right else after
        if not same(right or left, word) or after == word:
            continue
        if beside in change.wrong and not (before in LEADS and not left):
            continue
        if left and right:
            closed = _alike(left, before)
        else:  # a small word alone says little: its sentence ends there, too, or it has its head
            edge = not beside or (not left and beside in OPENERS)
            heads = _heads(correction, anchor, step) & _heads(reply, at, step)
            closed = head or edge or bool(heads)
        start = at - bool(left and right)
        context = bool(own & reply.around(at, at + 1, REACH))
        gap = place - bool(left), place + bool(right)
        if (closed and (head or context or _same_run(correction, gap, reply, (start, at + 1)))) or (
            head and context
        ):
            if not _fresh_question(change, correction, reply, at):
                return "recast", reply.characters(start if closed else at, at + 1)
            best = ("form", reply.spans[at])
        elif head:
            best = ("form", reply.spans[at])
    return best
