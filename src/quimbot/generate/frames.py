"""The rule teacher's ways of saying things, read from `frames.toml`."""

import tomllib
from functools import cache
from pathlib import Path

import msgspec

from quimbot.records.record import Strict

Lines = tuple[str, ...]


class RecastFrames(Strict, frozen=True, kw_only=True):
    """How a clause is said back, and what may follow it."""

    plain: Lines
    glad: Lines
    sorry: Lines
    answers: Lines
    me: Lines
    follow_ups: Lines


class TalkFrames(Strict, frozen=True, kw_only=True):
    """Reactions to a turn without an error."""

    plain: Lines
    glad: Lines
    sorry: Lines


class ElicitationFrames(Strict, frozen=True, kw_only=True):
    """Requests to say it again."""

    gap: Lines
    gap_question: Lines
    plain: Lines
    key: Lines


class HintFrames(Strict, frozen=True, kw_only=True):
    """What stands around a hint, and hints by ERRANT type for seeds that bring none."""

    before: Lines
    after: Lines
    types: dict[str, Lines]


class Frames(Strict, frozen=True, kw_only=True):
    """All of them."""

    recast: RecastFrames
    talk: TalkFrames
    elicitation: ElicitationFrames
    hint: HintFrames


@cache
def frames() -> Frames:
    """The shipped frames."""
    text = Path(__file__).with_name("frames.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Frames)
