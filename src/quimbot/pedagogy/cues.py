"""What in a learner's own sentence tells which form is needed: a time, a subject, a noun."""

import re
from collections.abc import Callable
from typing import Any

from quimbot.pedagogy.correction import english
from quimbot.pedagogy.error import Error, edit_of
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.words import is_content, words

_TIME = re.compile(
    r"\b(?:yesterday|tomorrow|today|tonight|right now|now|nowadays|already|yet|ever|never|"
    r"since \w+|"
    r"for (?:\w+ )?(?:years|months|weeks|days|hours)|(?:\w+ ){0,2}ago|"
    r"(?:last|next|every|this) (?:night|week|weekend|month|year|time|morning|evening|summer|winter|"
    r"spring|autumn|day|\w+day)|in (?:19|20)\d\d|always|usually|often|sometimes)\b",
    re.IGNORECASE,
)


def cue(error: Error) -> str:
    """A word or a few of the learner's sentence that give a clue, or nothing where none does."""
    find = _FIND.get(error.kind)
    found = find(error) if find else ""
    return "" if {*found.lower().split()} & {*error.right.lower().split()} else found


def _time(error: Error) -> str:
    found = _TIME.search(error.said)
    return found[0].strip() if found else ""


def _subject(error: Error) -> str:
    """The subject of the verb that is wrong, as the parser sees it once it is right."""
    for word in _target(error):
        verb = word if word.pos_ == "VERB" or word.dep_ == "ROOT" else word.head
        for child in verb.children:
            if child.dep_ in {"nsubj", "nsubjpass"}:
                own = [each for each in child.subtree if each.i <= child.i]
                return str(word.doc[own[0].i : child.i + 1].text)
    return ""


def _noun_after(error: Error) -> str:
    """The next noun after the error, with what stands between."""
    edit = edit_of(error)
    if edit is None:
        return ""
    after = [word for word in words(error.said)[edit.end : edit.end + 3] if word.spoken]
    found = next((word for word in after if is_content(word.text.lower())), None)
    return error.said[found.start : found.end] if found else ""


def _content_before(error: Error) -> str:
    """The last word with content before the error."""
    edit = edit_of(error)
    if edit is None:
        return ""
    before = [
        word for word in words(error.said)[max(edit.start - 3, 0) : edit.start] if word.spoken
    ]
    found = next((word for word in reversed(before) if is_content(word.text.lower())), None)
    return error.said[found.start : found.end] if found else ""


def _beside(error: Error) -> str:
    return _noun_after(error) or _content_before(error)


def _target(error: Error) -> list[Any]:
    """The right words in the mended sentence, parsed."""
    edit, found = edit_of(error), words(error.correction)
    if edit is None or edit.right_start >= len(found):
        return []
    start, end = found[edit.right_start].start, found[max(edit.right_end - 1, 0)].end
    return [word for word in english()(error.correction) if start <= word.idx < end]


_FIND: dict[Kind, Callable[[Error], str]] = {
    Kind.TENSE: _time,
    Kind.AGREEMENT: _subject,
    Kind.VERB_FORM: _content_before,
    Kind.ARTICLE: _noun_after,
    Kind.PREPOSITION: lambda error: _content_before(error) or _noun_after(error),
    Kind.PRONOUN: _beside,
    Kind.WORD_CHOICE: _beside,
}
