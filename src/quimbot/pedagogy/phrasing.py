"""What a tutor says to perform a level of help when its model does not: templates, filled in."""

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random

import msgspec

from quimbot.pedagogy.asides import without_asides
from quimbot.pedagogy.cues import cue
from quimbot.pedagogy.error import Error
from quimbot.pedagogy.focus import focus
from quimbot.pedagogy.gap import BLANK, key
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.levels import Level
from quimbot.pedagogy.say_back import say_back, sentence
from quimbot.pedagogy.words import is_content, word_set, words
from quimbot.records.record import Strict

_WHOLE = 24
"""Words up to which a sentence is recast whole; of a longer one, the phrase around the error."""
_COMMON = word_set("a an the to of in on at for")  # may stand elsewhere in the phrase, too
_SHOUTED = 4  # letters above which capitals are shouting

Lines = tuple[str, ...]


class _Recast(Strict, frozen=True, kw_only=True):
    plain: Lines


class _Prompt(Strict, frozen=True, kw_only=True):
    gap: Lines
    gap_question: Lines
    key: Lines
    plain: Lines


class _Clue(Strict, frozen=True, kw_only=True):
    before: Lines
    after: Lines
    cue: dict[Kind, Lines]
    plain: dict[Kind, Lines]


class _Reaction(Strict, frozen=True, kw_only=True):
    plain: Lines
    question: Lines


class _Phrases(Strict, frozen=True, kw_only=True):
    """All of `phrasing.toml`."""

    recast: _Recast
    focused: _Recast
    prompt: _Prompt
    clue: _Clue
    reaction: _Reaction
    invitation: dict[Kind, Lines]


def phrase(level: Level, error: Error, learner: str, seed: int = 0) -> str:
    """Words that perform the level on the error; the same ones for the same arguments.

    `learner` is the whole turn. What RECAST, FOCUSED and PASS give is the reaction alone: a
    question is to follow.
    """
    rng = Random(f"{level}:{learner}:{error.wrong}:{error.right}:{seed}")  # noqa: S311 - no secret
    lines = _phrases()
    match level:
        case Level.PASS:
            return reaction(seed, learner)
        case Level.RECAST:
            whole = len(error.correction.split()) <= _WHOLE
            said = error.correction if whole else focus(error).text
            return _said_back(rng.choice(lines.recast.plain), said)
        case Level.FOCUSED:
            return _said_back(rng.choice(lines.focused.plain), focus(error).text)
        case Level.PROMPT:
            return _prompt(error, rng)
        case Level.CLUE:
            return _clue(error, rng)


def reaction(seed: int = 0, learner: str = "") -> str:
    """A few friendly words that answer the turn without saying it back."""
    lines = _phrases().reaction
    asked = learner.rstrip().endswith("?")
    return Random(f"{learner}:{seed}").choice(lines.question if asked else lines.plain)  # noqa: S311


def invitation(kind: Kind, seed: int = 0) -> str:
    """A question whose answer needs a form of the kind."""
    return Random(f"{kind}:{seed}").choice(_phrases().invitation[kind])  # noqa: S311


def _said_back(line: str, text: str) -> str:
    """A clause in a line; a question comes back as it is."""
    said = say_back(without_asides(_calm(text)))
    if said.endswith("?"):
        return sentence(said)
    if not said[:1].islower() and "{you}" in line:
        line = "{You}!"  # a name or "I" keeps its capital, so it goes first
    return line.format(you=said, You=sentence(said, ""))


def _prompt(error: Error, rng: Random) -> str:
    """The phrase with a blank, or a request where no blank can help."""
    lines, found = _phrases().prompt, focus(error)
    before, after = found.text[: found.start], found.text[found.end :]
    around = {*_low(before), *_low(after)}
    right, wrong = _low(error.right), _low(error.wrong)
    shown = len(right) > 1 or not {*right} <= _COMMON
    if right and not (shown and around & {*right}) and not {*right} & {*wrong}:
        blanked = say_back(_calm(f"{before}{BLANK}{after}"), time_last=False)
        ways = lines.gap_question if blanked.endswith("?") else lines.gap
        line = rng.choice(_hiding(ways, error.right))
        return line.format(gap=blanked, Gap=sentence(blanked, ""))
    word = key(error.said, error.correction)
    return rng.choice(_hiding(lines.key if word else lines.plain, error.right)).format(key=word)


def _clue(error: Error, rng: Random) -> str:
    """A nudge that names what to think of, between a kind word and a request."""
    lines, shown = _phrases().clue, cue(error) if error.right else ""
    ways = [
        line
        for line in lines.cue.get(error.kind, ())
        if (shown or "{cue}" not in line) and (error.wrong or "{wrong}" not in line)
    ]
    ways = [*_hiding(ways, error.right)] or [*_hiding(lines.plain[error.kind], error.right)]
    line = rng.choice(ways or lines.plain[error.kind]).format(cue=shown, wrong=error.wrong)
    parts = (rng.choice(lines.before), line, rng.choice(lines.after))
    return " ".join(part for part in parts if part)


def _hiding(lines: Sequence[str], right: str) -> Sequence[str]:
    """The lines that do not happen to hold the right words, or else no right one with content."""
    secret = {*_low(right)}
    strict = [line for line in lines if not secret & {*_low(line)}]
    content = {word for word in secret if is_content(word)}
    return strict or [line for line in lines if not content & {*_low(line)}]


def _low(text: str) -> list[str]:
    return [word.text.lower() for word in words(text) if word.spoken]


def _calm(text: str) -> str:
    """In small letters, where the learner shouts."""
    return text.lower() if len(text) > _SHOUTED and text.isupper() else text


@cache
def _phrases() -> _Phrases:
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _Phrases)
