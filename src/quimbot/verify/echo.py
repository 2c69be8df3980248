"""Whether a reply says the learner's words back corrected.

A correction counts as recast only in the learner's context: the corrected words must stand beside
words of the learner's own. "What do you study there?" reuses a form; "So you study biology?" is
a recast. Everything is compared with both sides turned to face the learner.
"""

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Literal

from quimbot.pedagogy.words import is_content, stem, word_set
from quimbot.verify.turns import DO, LEADS, OPENERS, Change, Span, Turn, coordinates

Level = Literal["recast", "form", "none"]
Found = tuple[Level, Span | None]
"""How strongly a reply carries a corrected edit, and the characters that show it."""

_REACH = 4  # words on each side that count as context
_HEAD_REACH = 3  # words between a function word and the word it belongs to
_RUN = 3  # equal words in a row that make a frame without any content word
_SPELLED_ALIKE = 0.85  # share of letters in common, in words longer than
_SLIP_FROM = 5
_OWN_IN_QUESTION = 2  # content words that make a wh-question the learner's own sentence
_ARTICLES = frozenset({("a",), ("an",)})
_DETERMINERS = word_set(
    "a an the this that these those some any your his her its their another one"
)
_BE_BETWEEN = 2  # content words around a form of be, on whichever side
_BE = word_set("is are was were be been")
_EITHER_FORM = word_set("lov lik hat prefer start begin began continu")  # "to watch", "watching"
_WH = word_set("what which who whom whose where when why how")
_REPORTS = word_set("know ask asking wonder wondering tell hear curious mean find if")


def find(change: Change, correction: Turn, reply: Turn) -> Found:
    """Look for one corrected edit in the reply."""
    if not change.right:
        return _find_gap(change, correction, reply)
    best: Found = ("none", None)
    content = any(is_content(word) for word in change.right)
    in_place = _in_context if content else _in_frame
    for match in _occurrences(change, reply):
        shown = reply.characters(*match)
        if in_place(change, correction, reply, match):
            if not _fresh_question(change, correction, reply, match[0]):
                return "recast", shown
            best = ("form", shown)
        elif content and best[0] == "none":
            best = ("form", shown)
    return _find_equal(change, correction, reply, best)


def _occurrences(change: Change, reply: Turn) -> Iterator[Span]:
    """Where the right words stand in the reply, in order, with at most one word between two."""
    first = {change.right[0]}
    if change.right in _ARTICLES and change.wrong not in _ARTICLES:
        first = {"a", "an"}  # the next word decides
    for start, word in enumerate(reply.said):
        if word not in first:
            continue
        place, sentence = start, reply.sentences[start]
        for wanted in change.right[1:]:
            steps = [step for step in (1, 2) if reply.word(place + step, sentence) == wanted]
            if not steps:
                break
            place += steps[0]
        else:
            yield start, place + 1


def _in_context(change: Change, correction: Turn, reply: Turn, match: Span) -> bool:
    """Whether words with content stand near others of the learner's."""
    own = correction.around(change.right_start, change.right_end, _REACH)
    left, right = correction.neighbours(change.right_start, change.right_end)
    before, after = reply.neighbours(*match)
    if own:
        said_last = not right and not after and left == before  # "you are biased." ends both
        return said_last or _meet(own, reply.around(*match, _REACH + 1))
    return not (left or right) or (bool(left) and left == before) or bool(right and right == after)


def _meet(own: set[str], near: set[str]) -> bool:
    """Whether stems are shared; a slip that nobody corrected may be spelled right by the reply."""
    return bool(own & near) or any(
        one[:2] == other[:2] and SequenceMatcher(None, one, other).ratio() > _SPELLED_ALIKE
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
    if change.right == ("to",) and "VERB" in change.type and is_content(left) and not same_left:
        return False  # "want to buy" is no recast of "need to buy"
    if (same_left and same_right) or _same_run(correction, (start, end), reply, match):
        return True
    heads_after = _heads(correction, end, 1) & _heads(reply, match[1], 1)
    if change.type.endswith("DET"):
        return bool(heads_after)
    shared = correction.around(start, end, _REACH) & reply.around(*match, _REACH + 2)
    if _BE & set(change.right) and len(shared) >= _BE_BETWEEN:
        return True  # "Nolan is your favorite" says "your favorite is Nolan"
    heads_before = _heads(correction, start - 1, -1) & _heads(reply, match[0] - 1, -1)
    if same_left or same_right:
        return bool(heads_after or heads_before)
    return bool(heads_after and heads_before)


def _alike(one: str, other: str) -> bool:
    return bool(one) and (one == other or (is_content(one) and stem(one) == stem(other)))


def _heads(turn: Turn, start: int, step: int) -> set[str]:
    """Stems of the content words next to a place, in one direction, within its sentence."""
    if not 0 <= start < len(turn.said):
        return set()
    sentence = turn.sentences[start]
    reach = range(start, start + _HEAD_REACH * step, step)
    return {turn.stems[at] for at in reach if turn.word(at, sentence)} - {""}


def _same_run(correction: Turn, right: Span, reply: Turn, match: Span) -> bool:
    """Whether the match stands in the same run of three words, or in the same short sentence."""
    sentence = correction.sentences[right[0]]
    size = max(right[1] - right[0], min(_RUN, correction.sentences.count(sentence)))
    for first in range(max(right[1] - size, 0), right[0] + 1):
        start = match[0] - (right[0] - first)
        if (
            start >= 0
            and correction.said[first : first + size] == reply.said[start : start + size]
            and set(correction.sentences[first : first + size]) == {sentence}
            and len(set(reply.sentences[start : start + size])) == 1
        ):
            return True
    return False


def _fresh_question(change: Change, correction: Turn, reply: Turn, place: int) -> bool:
    """Whether the match is part of a new wh-question and not of the learner's own sentence."""
    if not _wh_question(reply, place) or _WH & set(correction.said):
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


def _wh_question(reply: Turn, place: int) -> bool:
    """Whether the sentence there is a question that opens with a wh-word."""
    sentence = reply.sentences[place]
    first = reply.sentences.index(sentence)
    while reply.word(first, sentence) in OPENERS:
        first += 1
    return sentence in reply.asks and reply.word(first, sentence) in _WH


def _find_gap(change: Change, correction: Turn, reply: Turn) -> Found:
    """A word taken out: its neighbours must have closed up, one of them with content."""
    place, size = change.right_start, len(correction.said)
    left = correction.said[place - 1] if place else ""
    right = correction.said[place] if place < size else ""
    if left and right and correction.sentences[place - 1] != correction.sentences[place]:
        left, right = ("", right) if change.opens else (left, "")
    return _closed((left, right), change, correction, reply)


def _closed(frame: tuple[str, str], change: Change, correction: Turn, reply: Turn) -> Found:
    """A gap between two words, or beside one of them where the other is empty."""
    left, right = frame
    place = change.right_start
    anchor = place if right else place - 1
    head = 0 <= anchor < len(correction.stems) and bool(correction.stems[anchor])
    own = correction.around(place, place + 1, _REACH)
    same = str.__eq__ if "VERB" in change.type else _alike  # "will arrive" is no "arrived"
    best: Found = ("none", None)
    for at, word in enumerate(reply.said):
        before, after = reply.neighbours(at, at + 1)
        beside = before if right else after
        if not same(right or left, word) or after == word:
            continue
        if beside in change.wrong and not (before in LEADS and not left):
            continue
        closed = not (left and right) or _alike(left, before)
        start = at - bool(left and right)
        context = bool(own & reply.around(at, at + 1, _REACH))
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


def _find_equal(change: Change, correction: Turn, reply: Turn, best: Found) -> Found:
    """Other words that repair the same slot just as well, when the right ones are not there."""
    if best[0] == "recast":
        return best
    if set(change.right) <= DO:
        return _find_reported(change, correction, reply) or best
    if change.type.endswith("DET") and set(change.right) <= _DETERMINERS:
        return _find_determiner(change, correction, reply) or best
    if coordinates(change):
        return _find_in_any_order(change, reply) or best
    if change.type.endswith("VERB:FORM"):
        return _find_either_form(change, correction, reply) or best
    return best


def _find_reported(change: Change, correction: Turn, reply: Turn) -> Found | None:
    """A question told in a statement ("you want to know which trailer I want") needs no "do"."""
    after = correction.said[change.right_end : change.right_end + 2]
    for at in reply.runs(after) if after else ():
        lead = {reply.word(place, reply.sentences[at]) for place in range(max(at - 8, 0), at)}
        if lead & _REPORTS:
            return "recast", reply.characters(at, at + len(after))
    return None


def _find_determiner(change: Change, correction: Turn, reply: Turn) -> Found | None:
    """Another determiner before the same word: "your dog" where "the dog" was meant."""
    noun = correction.said[change.right_end : change.right_end + 1]
    for at in reply.runs(noun) if noun else ():
        if reply.word(at - 1, reply.sentences[at]) in _DETERMINERS - set(change.wrong):
            fresh = _wh_question(reply, at)
            return "form" if fresh else "recast", reply.characters(at - 1, at + 1)
    return None


def _find_in_any_order(change: Change, reply: Turn) -> Found | None:
    """The same people in another order: "you and your sister" for "my sister and I"."""
    size = len(change.right)
    for at in range(len(reply.said) - size + 1):
        if sorted(reply.said[at : at + size]) == sorted(change.right):
            return "recast", reply.characters(at, at + size)
    return None


def _find_either_form(change: Change, correction: Turn, reply: Turn) -> Found | None:
    """After "love" and the like, "to watch" is as good as "watching"."""
    governor = stem(correction.said[change.right_start - 1]) if change.right_start else ""
    forms = correction.stems[change.right_start : change.right_end + 1]
    verb = next((form for form in forms if form), "")
    if governor not in _EITHER_FORM or not verb:
        return None
    for at, word in enumerate(reply.said):
        follows = reply.said[at + 1 : at + 3]
        to_verb = follows[:1] == ("to",) and [stem(part) for part in follows[1:]] == [verb]
        verb_ing = follows[:1] and follows[0].endswith("ing") and stem(follows[0]) == verb
        if stem(word) == governor and (to_verb or verb_ing):
            return "recast", reply.characters(at, at + 2 + to_verb)
    return None
