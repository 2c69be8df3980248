"""What must not be answered as an exercise: found before any model, and met with fixed words.

A small tutor recasts a cry for help, and a large one may. So a gate stands before both: a crisis,
danger, abuse, a secret about to be shared, orders to the machine and insults are looked for in the
learner's words, and the reply is one that people wrote. It knows phrases, not meaning: much that
matters passes it. It is no crisis service.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec

from quimbot.records.record import Strict
from quimbot.serve.cues import pattern, plain
from quimbot.serve.private import hidden


class Words(Strict, frozen=True, kw_only=True):
    """A reply in plain English, and the same, shorter, in learners' first languages."""

    reply: str
    es: str = ""
    zh: str = ""
    ar: str = ""
    ko: str = ""

    def said(self, l1: str = "") -> str:
        """The reply, and below it the first language where it is known."""
        own = {"es": self.es, "zh": self.zh, "ar": self.ar, "ko": self.ko}.get(l1, "")
        return f"{self.reply}\n\n{own}" if own else self.reply


class Concern(Words, frozen=True, kw_only=True):
    """Something that comes before English, and how to find it."""

    kind: str
    """A slug to count by."""
    crisis: bool = False
    """Whether somebody may be in danger: from then on the conversation is not for correcting."""
    story: bool = False
    """Whether a sentence about a film, a book or a game is none."""
    cues: tuple[str, ...]
    unless: tuple[str, ...] = ()
    """Phrases that only sound like it."""


class _Book(Strict, frozen=True, kw_only=True):
    story: tuple[str, ...]
    groups: dict[str, str]
    again: Words
    listening: Words
    concern: tuple[Concern, ...]


@dataclass(frozen=True)
class _Watch:
    concern: Concern
    cues: re.Pattern[str]
    unless: re.Pattern[str]

    def sees(self, said: str) -> bool:
        return bool(self.cues.search(self.unless.sub(" |", said)))


def concern(text: str) -> Concern | None:
    """What comes before English in a learner's turn, the gravest first; nothing in most turns."""
    said = plain(text)
    true = "|".join(part for part in said.split("|") if not _stories().search(f"{part} "))
    for watch in _watches():
        if watch.sees(true if watch.concern.story else said):
            return watch.concern
        if watch.concern.kind == "private" and hidden(text) != text:
            return watch.concern
    return None


def answer(found: Concern | None, said: Sequence[str], l1: str = "") -> str:
    """What to say to a turn, after what the tutor `said` before; empty where a model may answer.

    The same crisis told again gets other words, and the first turn after one is only listened to.
    """
    book = _book()
    if found:
        told = found.crisis and any(turn.startswith(found.reply) for turn in said)
        return (book.again if told else found).said(l1)
    last = said[-1] if said else ""
    listens = crisis(last) and not last.startswith(book.listening.reply)
    return book.listening.said(l1) if listens else ""


def fixed(reply: str) -> bool:
    """Whether a tutor's turn is words of this file."""
    return crisis(reply) or any(reply.startswith(one.reply) for one in _book().concern)


def crisis(reply: str) -> bool:
    """Whether a tutor's turn is words of this file about somebody who may be in danger."""
    told = [one for one in _book().concern if one.crisis]
    return any(reply.startswith(one.reply) for one in (_book().again, _book().listening, *told))


@cache
def _book() -> _Book:
    return msgspec.toml.decode(Path(__file__).with_name("care.toml").read_bytes(), type=_Book)


@cache
def _watches() -> Sequence[_Watch]:
    book = _book()
    return [
        _Watch(one, pattern(one.cues, book.groups), pattern(one.unless, book.groups))
        for one in book.concern
    ]


@cache
def _stories() -> re.Pattern[str]:
    return pattern(_book().story, _book().groups)
