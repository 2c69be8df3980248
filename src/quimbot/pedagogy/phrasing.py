"""What a tutor says to perform a level of help when its model does not: templates, filled in."""

import tomllib
from functools import cache
from pathlib import Path
from random import Random

import msgspec

from quimbot.pedagogy.error import Error
from quimbot.pedagogy.gap import gap
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.levels import Level
from quimbot.pedagogy.say_back import say_back, sentence
from quimbot.records.record import Strict

Lines = tuple[str, ...]


class _Recast(Strict, frozen=True, kw_only=True):
    plain: Lines
    question: Lines


class _Focused(Strict, frozen=True, kw_only=True):
    plain: Lines


class _Prompt(Strict, frozen=True, kw_only=True):
    gap: Lines
    plain: Lines


class _Clue(Strict, frozen=True, kw_only=True):
    cue: Lines
    kinds: dict[Kind, Lines]


class _Reaction(Strict, frozen=True, kw_only=True):
    plain: Lines


class _Phrases(Strict, frozen=True, kw_only=True):
    recast: _Recast
    focused: _Focused
    prompt: _Prompt
    clue: _Clue
    reaction: _Reaction
    invitation: dict[Kind, Lines]


def phrase(level: Level, error: Error, learner: str, seed: int = 0) -> str:
    """Words that perform the level on the error; the same ones for the same arguments.

    RECAST and FOCUSED are the recast alone: a question is to follow.
    """
    rng = Random(f"{level}:{learner}:{error.wrong}:{error.right}:{seed}")  # noqa: S311 - reproducible
    lines = _phrases()
    match level:
        case Level.PASS:
            return reaction(seed)
        case Level.RECAST:
            return _filled(rng.choice(lines.recast.plain), say_back(error.correction))
        case Level.FOCUSED:
            return _filled(rng.choice(lines.focused.plain), say_back(error.correction))
        case Level.PROMPT:
            return _prompt(error, rng)
        case Level.CLUE:
            return rng.choice(lines.clue.kinds[error.kind])


def reaction(seed: int = 0) -> str:
    """A few friendly words that answer any turn without saying it back."""
    return Random(seed).choice(_phrases().reaction.plain)  # noqa: S311 - reproducible


def invitation(kind: Kind, seed: int = 0) -> str:
    """A question whose answer needs a form of the kind."""
    return Random(seed).choice(_phrases().invitation[kind])  # noqa: S311 - reproducible


def _prompt(error: Error, rng: Random) -> str:
    blanked = say_back(gap(error.said, error.correction))
    lines = _phrases().prompt
    if not blanked:
        return rng.choice(lines.plain)
    line = rng.choice(lines.gap)
    if blanked.endswith("?"):
        line = line.replace("{gap}?", "{gap}").replace("{Gap}?", "{Gap}")
    return line.format(gap=blanked, Gap=sentence(blanked, ""))


def _filled(line: str, said: str) -> str:
    if said.endswith("?"):
        return sentence(said)
    return line.format(you=said, You=sentence(said, ""))


@cache
def _phrases() -> _Phrases:
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _Phrases)
