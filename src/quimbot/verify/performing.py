"""Whether a reply performs the level of help that was chosen for an error."""

from quimbot.pedagogy.error import Error, alone
from quimbot.pedagogy.levels import Level
from quimbot.records.record import Move, Verdict
from quimbot.verify import wording
from quimbot.verify.differences import Part
from quimbot.verify.scaffolding import judge
from quimbot.verify.turns import prepare

_SHORT = 9
"""Words of a focused recast, at most, without an "oh" or "so" before it."""
_EARLY = 2
"""Sentences among which it must stand."""


def performs(learner: str, error: Error, reply: str, level: Level) -> str:
    """Nothing when the reply performs the level, else the slug of the first check that fails.

    `learner` is the whole turn; of its errors only `error` is looked for. The reply may be the
    beginning of one: that no question follows is no fault of a recast.
    """
    target = alone(error)
    match level:
        case Level.PASS:
            return _passes(learner, error, target, reply)
        case Level.RECAST | Level.FOCUSED:
            verdict = judge(error.said, (target,), reply, Move.RECAST)
            if verdict.reason not in ("", "no-question") or level is Level.RECAST:
                return verdict.reason.removeprefix("no-question")
            return _focused(verdict, reply)
        case Level.PROMPT:
            return judge(error.said, (target,), reply, Move.ELICITATION).reason
        case Level.CLUE:
            return judge(error.said, (target,), reply, Move.HINT).reason


def _passes(learner: str, error: Error, target: str, reply: str) -> str:
    """The meaning only: neither recast nor asked for again."""
    own = (learner,)
    checks = (
        ("empty", not prepare(reply).said),
        ("red-pen", bool(wording.red_pen(reply, own))),
        ("grammar-term", bool(wording.grammar_terms(reply, own))),
        ("elicits", bool(wording.elicits(reply, own))),
        ("recast", judge(error.said, (target,), reply, Move.RECAST).level == "recast"),
    )
    return next((slug for slug, failed in checks if failed), "")


def _focused(verdict: Verdict, reply: str) -> str:
    """Short, isolated and at once."""
    turn = prepare(reply)
    shown = next((each.start for each in verdict.evidence if each.label == "recast"), None)
    if shown is None:
        return "no-recast"
    at = next(place for place, span in enumerate(turn.spans) if span[1] > shown)
    if turn.sentences[at] >= _EARLY:
        return "late"
    return "long" if Part.of(turn, turn.sentences[at]).size > _SHORT else ""
