"""Repairs as good as the one that the correction names.

A correction is one of several that a teacher would accept: "you love swimming" mends "I love to
swiming" as well as "to swim" does. Only repairs that need no judgement of meaning are known here.
"""

from collections.abc import Iterator

from quimbot.pedagogy.words import is_content, stem, word_set
from quimbot.verify.slots import BE, REACH, Found, find_words, wh_question
from quimbot.verify.synonyms import synonyms
from quimbot.verify.turns import DO, OPENERS, Change, Turn, coordinates

_DETERMINERS = word_set(
    "a an the this that these those some any your his her its their another one"
)
_PREPOSITIONS = word_set("of in on at by for from with about to into over under through during")
_POINTS = frozenset({("it",), ("this",), ("that",)})
_POINTS_TO_MORE = frozenset({("these",), ("those",), ("them",)})
_MANY = frozenset({("lots",), ("a", "lot")})
_JOINS = word_set("and or")
_EITHER_FORM = word_set("lov lik hat prefer start begin began continu")  # "to watch", "watching"
_THINKS = word_set("think thought know knew sai said believ hop feel felt hear heard sur glad")
_REPORTS = word_set("know ask asking wonder wondering tell hear curious mean find if")
_OF_FORM = ("VERB:FORM", "VERB:INFL", "MORPH", "SPELL")  # types of error
_FORM_ALONE = (*_OF_FORM, "NOUN:NUM", "TENSE")  # the word was the right one, so a synonym is, too
_SUBJECTS = word_set("it this that they these those he she you")
_OF_OBJECT = ("M:NOUN", "M:PRON", "M:OTHER")
_OBJECTS = word_set("it them this that these those one")
_BEFORE = 4  # words up to a missing object, among which its subject must be
_TAKES_EITHER = {*map(stem, word_set("check search browse explore enter climb cross meet fight"))}
_POINTS_IN_TIME = word_set("yesterday last ago today tonight")  # "used to" has no such point
_SAID_TWICE = (word_set("also too"), word_set("although though but"), word_set("because so"))
_ENDINGS = ("ing", "ed", "s")


def another_repair(change: Change, correction: Turn, reply: Turn) -> Found | None:
    """What else in the reply mends the slot, where the right words do not stand in it."""
    if not change.right:
        return _subject(change, correction, reply) or _other_twin(change, correction, reply)
    for right in _as_good(change, correction, reply):
        found = find_words(right, change, correction, reply)
        if found[0] == "recast":
            return found
    looks = (
        _reported,
        _object,
        _direct,
        _used_to,
        _determiner,
        _unsaid,
        _other_verb,
        _agreement,
        _in_any_order,
        _either_form,
    )
    return next(filter(None, (look(change, correction, reply) for look in looks)), None)


def _as_good(change: Change, correction: Turn, reply: Turn) -> Iterator[tuple[str, ...]]:
    """Words that fill the slot as well as the right ones do, and are not the learner's."""
    right, wrong = change.right, change.wrong
    left, after = correction.neighbours(change.right_start, change.right_end)
    word = right[0] if len(right) == 1 else ""
    if right in _MANY:
        yield from _MANY - {right, wrong}
    relative = word == "that" and left and is_content(left)
    points = _POINTS if after else _POINTS | _POINTS_TO_MORE
    if right in points and not relative and not (after and is_content(after)):
        yield from sorted(points - {right, wrong})  # "it is a sad time", "this is a sad time"
    if word in _PREPOSITIONS and wrong and not _PREPOSITIONS & set(wrong):
        yield from ((other,) for other in sorted(_PREPOSITIONS))  # "abou" for "about" or "of"
    if right[0] == "to" and right[1:] and left in _JOINS:
        yield right[1:]  # "time to rest and (to) cook"
    others = synonyms(word) - {*wrong}
    if others and change.type.endswith(_FORM_ALONE):
        yield from ((other,) for other in sorted(others))
    if word and is_content(word):
        forms = {its for its in reply.said if is_content(its) and stem(its) == stem(word)}
        forms -= {word, *wrong}
        if forms and change.type.endswith("SPELL"):
            yield from ((form,) for form in sorted(forms))  # "wrking", "you worked"


def _reported(change: Change, correction: Turn, reply: Turn) -> Found | None:
    """A question told in a statement ("you want to know which trailer I want") needs no "do"."""
    after = correction.said[change.right_end : change.right_end + 2]
    for at in reply.runs(after) if after and set(change.right) <= DO else ():
        lead = {reply.word(place, reply.sentences[at]) for place in range(max(at - 8, 0), at)}
        if lead & _REPORTS:
            return "recast", reply.characters(at, at + len(after))
    return None


def _determiner(change: Change, correction: Turn, reply: Turn) -> Found | None:
    """Another determiner before the same word: "your dog" where "the dog" was meant."""
    if not set(change.right) <= _DETERMINERS:
        return None
    noun = correction.said[change.right_end : change.right_end + 1]
    for at in reply.runs(noun) if noun else ():
        other = reply.word(at - 1, reply.sentences[at]) in _DETERMINERS - set(change.wrong)
        if other and change.type.endswith("DET"):
            fresh = wh_question(reply, at)
            return "form" if fresh else "recast", reply.characters(at - 1, at + 1)
    return None


def _unsaid(change: Change, correction: Turn, reply: Turn) -> Found | None:
    """After "think" and the like, "that" may be left out."""
    around = correction.neighbours(change.right_start, change.right_end)
    if change.right == ("that",) and all(around) and stem(around[0]) in _THINKS:
        for at in reply.runs(around):
            return "recast", reply.characters(at, at + len(around))
    return None


def _other_verb(change: Change, correction: Turn, reply: Turn) -> Found | None:
    """Another verb of the same form where none was: "do you watch films", "do you like films"."""
    around = correction.neighbours(change.right_start, change.right_end)
    if change.wrong or len(change.right) > 1 or not all(around):
        return None
    verb = change.right[0]
    for at, word in enumerate(reply.said):
        same_form = all(word.endswith(ending) == verb.endswith(ending) for ending in _ENDINGS)
        same_place = reply.neighbours(at, at + 1) == around
        both = is_content(verb) and is_content(word)
        if same_form and same_place and both and change.type == "M:VERB":
            return "recast", reply.characters(at, at + 1)
    return None


def _agreement(change: Change, correction: Turn, reply: Turn) -> Found | None:
    """The verb made to agree where the correction changed the noun: "films get", "a film gets"."""
    if len(change.wrong) != 1:
        return None
    own = correction.around(change.right_start, change.right_end, REACH)
    of_kind, verb = correction.neighbours(change.right_start, change.right_end)
    for at in reply.runs(change.wrong):
        sentence = reply.sentences[at]
        said = reply.word(at + 1, sentence)
        if not own & reply.around(at, at + 2, REACH):
            continue
        kinds = {of_kind, reply.word(at - 1, sentence)} - {""}
        if len(kinds) > 1 and all(map(is_content, kinds)) and of_kind not in reply.said:
            continue  # "a good woman is" says nothing of the crazy ones
        agrees = {said, verb} <= BE or stem(said) == stem(verb)
        if said not in {verb, ""} and agrees and change.type.endswith("NOUN:NUM"):
            return "recast", reply.characters(at, at + 2)
    return None


def _subject(change: Change, correction: Turn, reply: Turn) -> Found | None:
    """A subject for the verb that the correction took out: "is more fun", "they are more fun"."""
    after = correction.said[change.right_start : change.right_start + 2]
    for at in reply.runs(after) if after and set(change.wrong) <= BE else ():
        sentence = reply.sentences[at]
        if reply.word(at - 1, sentence) in BE and reply.word(at - 2, sentence) in _SUBJECTS:
            return "recast", reply.characters(at - 2, at + 1)
    return None


def _object(change: Change, correction: Turn, reply: Turn) -> Found | None:
    """A pronoun for the object that was missing: "do you like it", "do you like watching films"."""
    verb, after = correction.neighbours(change.right_start, change.right_end)
    if change.wrong or after or not (verb and is_content(verb) and is_content(change.right[-1])):
        return None
    if change.right[0] in _PREPOSITIONS or change.type not in _OF_OBJECT:
        return None
    subject = {*correction.said[max(change.right_start - _BEFORE, 0) : change.right_start - 1]}
    for at in reply.runs((verb,)):
        sentence = reply.sentences[at]
        before = {reply.word(place, sentence) for place in range(max(at + 1 - _BEFORE, 0), at)}
        pointed = reply.word(at + 1, sentence) in _OBJECTS
        if pointed and subject & before and not wh_question(reply, at):
            return "recast", reply.characters(at, at + 2)
    return None


def _direct(change: Change, correction: Turn, reply: Turn) -> Found | None:
    """No preposition after a verb that needs none: "you search the web", "search on the web"."""
    verb, noun = correction.neighbours(change.right_start, change.right_end)
    if not noun or stem(verb) not in _TAKES_EITHER or not change.type.endswith("PREP"):
        return None
    for at, word in enumerate(reply.said):
        if stem(word) == stem(verb) and reply.word(at + 1, reply.sentences[at]) == noun:
            return "recast", reply.characters(at, at + 2)
    return None


def _used_to(change: Change, correction: Turn, reply: Turn) -> Found | None:
    """Another way to tell of the past: "you used to listen", "you listened"."""
    if {len(change.wrong), len(change.right)} != {1} or change.right[0].endswith(("s", "ing")):
        return None
    own = correction.around(change.right_start, change.right_end, REACH + 1)
    for at in reply.runs(("used", "to", *change.wrong)):
        is_used = reply.word(at - 1, reply.sentences[at]) in BE
        if (
            own & reply.around(at, at + 3, REACH)
            and not is_used
            and not _POINTS_IN_TIME & {*correction.said}
            and change.type.endswith("VERB:TENSE")
        ):
            return "recast", reply.characters(at, at + 3)
    return None


def _other_twin(change: Change, correction: Turn, reply: Turn) -> Found | None:
    """The word that the correction took out, where the reply leaves out the one it doubled."""
    place = max(change.right_start - 1, 0)  # it may have been the last word of all
    own = correction.around(place, place + 1, REACH)
    for at in reply.runs(change.wrong):
        if has_no_twin(change, correction, reply, at) and own & reply.around(at, at + 1, REACH):
            return "recast", reply.characters(at, at + 1)
    return None


def has_no_twin(change: Change, correction: Turn, reply: Turn, place: int) -> bool:
    """Whether the reply's sentence there holds no second word for what an extra one said twice.

    Of "also films, too" and "because I was ill, so I slept" either word may go.
    """
    wrong, sentence = {*change.wrong}, reply.sentences[place]
    pair = next((pair for pair in _SAID_TWICE if wrong and wrong <= pair), frozenset())
    twin = (pair & {*correction.said}) - wrong
    said = [word for at, word in enumerate(reply.said) if reply.sentences[at] == sentence]
    opened = said[0] in OPENERS  # "So you slept because you were ill" joins nothing with its "so"
    return bool(twin) and not change.right and not twin & {*said[opened:]}


def _in_any_order(change: Change, _correction: Turn, reply: Turn) -> Found | None:
    """The same people in another order: "you and your sister" for "my sister and I"."""
    size = len(change.right)
    for at in range(len(reply.said) - size + 1) if coordinates(change) else ():
        if sorted(reply.said[at : at + size]) == sorted(change.right):
            return "recast", reply.characters(at, at + size)
    return None


def _either_form(change: Change, correction: Turn, reply: Turn) -> Found | None:
    """After "love" and the like, "to watch" is as good as "watching"."""
    governor = [word for word in correction.said[: change.right_start] if word != "to"][-1:]
    forms = correction.stems[change.right_start : change.right_end + 1]
    verb = next(filter(None, forms), "")
    if not (verb and {*map(stem, governor)} & _EITHER_FORM and change.type.endswith(_OF_FORM)):
        return None
    for at, word in enumerate(reply.said):
        if stem(word) == stem(governor[0]):
            follows = reply.said[at + 1 : at + 3]
            size = 2 if follows[:1] == ("to",) else 1
            form = follows[size - 1 : size]
            if [*map(stem, form)] == [verb] and form[0].endswith("ing") is (size == 1):
                return "recast", reply.characters(at, at + 1 + size)
    return None
