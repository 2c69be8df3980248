"""Which differences in an echo are mends, and which a paraphrase or too little to tell."""

from collections.abc import Iterator, Sequence

from quimbot.pedagogy.lexicon import confused, is_word, lexemes
from quimbot.pedagogy.words import is_content, stem, word_set
from quimbot.verify.choices import chosen
from quimbot.verify.differences import Difference, Echo, Part
from quimbot.verify.mends import (
    ARTICLES,
    AUXILIARIES,
    BE,
    MODALS,
    OBJECTS,
    PREPOSITIONS,
    SUBJECTS,
    may_add,
    may_drop,
    misspelt,
    stands_for,
)
from quimbot.verify.turns import DO, OPENERS

_ALIKE = 0.6  # share of a stretch that must come back, a word in another form counting half
_COVERED = 0.5  # share of the shorter sentence that must
_COVERED_ASKED = 0.8  # the same for a wh-question
_SPELLED = 0.8  # letters in common that tell a misspelt word wherever it comes back
_FEWEST = 2  # words that must come back as they were
_RUN = 3  # words next to each other that one mend may change
_NEAR = 2  # words between a mend and a paraphrase that makes it doubtful
_CLAUSE = 7  # words within which a conjunction may govern a verb
_WH = word_set("what which who whom whose where when why how")
_ASKS = AUXILIARIES | MODALS | _WH
_NEGATIONS = word_set("not no never nobody nothing none without")
_TWICE = {(("nothing",), ("anything",)), (("nobody",), ("anybody",)), (("never",), ("ever",))}
_JOINS = word_set("and or but because so that when if while then")
_FUTURES, _AT_FUTURE = (
    word_set("will would"),
    word_set("soon if when until till once after before while unless"),
)
_DOUBLED, _DOUBLES = word_set("but so"), word_set("although though because")
_TAKES_OBJECT = frozenset(
    map(stem, word_set("like love hate enjoy want need deserve recommend nail of about for"))
)
_TAKES_NO_PERSON = frozenset(
    map(stem, word_set("explain suggest say said describe mention feel felt"))
)
_AFTER_OBJECT = word_set("twice again yesterday today tomorrow now last much well")


def mends(own: Part, put: Part) -> list[Difference]:
    """The differences between two sentences that put the learner's right, in order."""
    echo = Echo(own, put)
    if not _said_back(echo):
        return []
    kinds = [(each, _kind(each, echo)) for each in echo.differences]
    doubts = [each for each, kind in kinds if kind == "paraphrase"]
    found = [
        each
        for each, kind in kinds
        if kind == "mend"
        and not any(_small(each) or each.near(doubt, _NEAR) for doubt in doubts)
        and not _goes_elsewhere(each, echo)
    ]
    return sorted([*found, *_respelled(echo, found)], key=lambda each: each.start)


def _small(each: Difference) -> bool:
    """Whether it changes only an article or a preposition, of which a paraphrase has its own."""
    return {*each.own, *each.put} <= ARTICLES | PREPOSITIONS


def _respelled(echo: Echo, found: Sequence[Difference]) -> Iterator[Difference]:
    """Words that English does not have, spelled right anywhere in the tutor's sentence."""
    own, put = echo.own, echo.put
    for at in own.places:
        wrong = own.word(at)
        if is_word(wrong) or any(each.start <= at < each.end for each in found):
            continue
        for to in put.places:
            right = put.word(to)
            if is_content(right) and right not in own.said and misspelt(wrong, right, _SPELLED):
                yield Difference(at, at + 1, to, to + 1, (wrong,), (right,), ())
                break


def _said_back(echo: Echo) -> bool:
    """Whether the tutor's sentence is the learner's own, and no new thought."""
    own, put, shared = echo.own, echo.put, echo.shared
    alike = (len(shared) + echo.paired) / 2
    if len(shared) < _FEWEST or alike < _ALIKE * len(echo.steps):
        return False
    if len(shared) == _FEWEST and not any(map(is_content, shared)) and not _spelled(echo):
        return False
    if _asks(own) and not put.asks and put.word(put.first) not in own.said[:2]:
        return False  # an answer
    asked = {*put.said} & _WH if put.asks and put.word(put.first) in _WH else set()
    if asked and not asked & {*own.said}:
        return not {*own.said} & _WH and echo.paired >= _COVERED_ASKED * put.size
    negated = any(
        _NEGATIONS & {*each.own, *each.put} and (each.own, each.put) not in _TWICE
        for each in echo.differences
        if not each.moves
    )
    return not negated and echo.paired >= _COVERED * min(own.size, put.size)


def _spelled(echo: Echo) -> bool:
    return any(
        len(each.own) == len(each.put) == 1 and misspelt(each.own[0], each.put[0])
        for each in echo.differences
    )


def _asks(part: Part) -> bool:
    """Whether it is a question; "is very nice" without a mark only lacks its subject."""
    first = part.word(part.first)
    return first in _ASKS - BE or (first in BE and part.asks)


def _newly_asked(echo: Echo) -> bool:
    """Whether the tutor asks with an inverted verb what the learner did not ask."""
    own, put = echo.own, echo.put
    inverted = put.asks and put.word(put.first) in _ASKS
    return inverted and not own.asks and own.word(own.first) not in _ASKS


def _kind(each: Difference, echo: Echo) -> str:
    """A mend, a paraphrase, or neither: words that only changed their place."""
    if each.moves:
        return "mend" if _ordered(each, echo) else "moved"
    if _moved_away(each, echo):
        return "moved"
    if "".join((*each.own, echo.own.word(each.end))) == "".join(each.put):
        return "moved"  # two words run together
    verb = any(is_content(word) or word in AUXILIARIES for word in (*each.own, *each.put))
    doubtful = (verb and (_newly_asked(echo) or _joined(echo))) or chosen(each, echo)
    return "mend" if _worded(each, echo) and _framed(each, echo) and not doubtful else "paraphrase"


def _joined(echo: Echo) -> bool:
    """Whether the tutor puts somebody before the learner's subject: "you and your cousin live"."""
    own, put = echo.steps[0]
    if own is None or put is None:
        return False
    return echo.put.word(put - 1) == "and" != echo.own.word(own - 1)


def _moved_away(each: Difference, echo: Echo) -> bool:
    """Whether words left out, or put in, stand farther away on the other side."""
    if each.own and each.put:
        return False
    words, others = each.own or each.put, echo.put.said if each.own else echo.own.said
    if all(word in others and (is_content(word) or word in OPENERS) for word in words):
        return True
    return any(words == (other.put or other.own) for other in echo.differences if other != each)


def _ordered(each: Difference, echo: Echo) -> bool:
    """Whether another order mends.

    A tutor may begin otherwise, ask where the learner told, and say "you and your sister".
    """
    told = _newly_asked(echo) and bool({*each.own} & _ASKS)
    return "and" not in each.own and each.start != echo.own.first and not told


def _worded(each: Difference, echo: Echo) -> bool:
    """Whether each word may stand for the other, be put in or be left out."""
    if len(each.own) + len(each.put) > _FEWEST and (
        (" ".join(each.own), " ".join(each.put)) in confused()
    ):
        return True
    if each.own and {*each.put} >= {"have", "been"} and {"for", "since"} & {*echo.own.said}:
        return bool(lexemes(each.own[-1]) & lexemes(each.put[-1]))
    out = [own for own, put in each.steps if own is not None and put is None]
    into = [put for own, put in each.steps if own is None and put is not None]
    if len(each.steps) > _RUN or len(into) > 1 or len(out) > 1:
        return False
    if out and into:  # one word for another, which only the cost of gaps made two steps
        return len(each.steps) == _FEWEST and stands_for(each.own[0], each.put[0])
    pairs = [
        (echo.own.word(own), echo.put.word(put))
        for own, put in each.steps
        if None not in (own, put)
    ]
    return (
        all(_left_out(at, echo) for at in out)
        and all(_put_in(at, echo) for at in into)
        and all(one == other or stands_for(one, other) for one, other in pairs)
    )


def _put_in(at: int, echo: Echo) -> bool:
    word, before, after = echo.put.word(at), echo.put.word(at - 1), echo.put.word(at + 1)
    if not may_add(word):
        return False
    if word in SUBJECTS | OBJECTS:
        if not after:
            return word in OBJECTS and stem(before) in _TAKES_OBJECT
        both = bool(before) and is_content(before) and is_content(after)
        others = echo.own.said.count("you") + echo.own.said.count("your")
        left_out = word == "you" and (at == echo.put.first or not others)  # "Went home late."
        joined = before in {"and", "or", "but"}
        return not left_out and not joined and not (both and after not in _AFTER_OBJECT)
    if word in DO and DO & {*echo.own.said}:
        return False  # "he won, didn't he"
    if word == "who":
        return after not in SUBJECTS
    return word not in PREPOSITIONS or (bool(after) and after not in _JOINS)


def _left_out(at: int, echo: Echo) -> bool:
    word, before = echo.own.word(at), echo.own.word(at - 1)
    if word in _FUTURES:
        return bool({*echo.own.before(at, _CLAUSE)} & _AT_FUTURE)
    if word in _DOUBLED:
        return bool(_DOUBLES & {*echo.own.said})
    if word == "you":
        return stem(before) in _TAKES_NO_PERSON
    return may_drop(word)


def _framed(each: Difference, echo: Echo) -> bool:
    """Whether words that are the same stand on both sides, or a sentence begins or ends."""
    if each.start == echo.own.first and each.put and each.put[-1].endswith("ing") and each.own:
        return each.own[-1].endswith("ing")  # a fragment: "Sitting in front!"
    if echo.opens(each):
        before = echo.put.word(each.put_start - 1)
        if before and before not in OPENERS | _JOINS:
            return False
    if not echo.ends(each):
        return True
    mine, theirs = echo.own.word(each.end), echo.put.word(each.put_end)
    if not (each.put and is_content(each.put[-1])):
        return not mine and not theirs
    return not (theirs and is_content(theirs)) and not (mine and is_content(mine))


def _goes_elsewhere(each: Difference, echo: Echo) -> bool:
    """Whether right after it both sides go on with words of their own."""
    last = echo.steps[-1]
    if last.own is None or last.put is None or last.own + 1 - each.end >= _NEAR:
        return False
    mine, theirs = echo.own.word(last.own + 1), echo.put.word(last.put + 1)
    if {*each.own, *each.put} <= ARTICLES:  # their noun must come back, too
        return (bool(mine) and is_content(mine)) or (bool(theirs) and is_content(theirs))
    return bool(mine and theirs) and is_content(theirs)
