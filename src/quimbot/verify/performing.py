"""Whether a reply performs the level of help that was chosen for an error."""

from quimbot.pedagogy.error import Error, alone
from quimbot.pedagogy.levels import Level
from quimbot.records.record import Move
from quimbot.verify import wording
from quimbot.verify.scaffolding import judge, red_pen
from quimbot.verify.turns import prepare

_SHORT = 9
"""Words of a focused recast, at most."""


def performs(learner: str, error: Error, reply: str, level: Level) -> str:
    """Nothing when the reply performs the level, else the slug of the first check that fails.

    `learner` is the whole turn; only `error` is looked for.
    """
    target = alone(error)
    match level:
        case Level.PASS:
            return _passes(learner, error, target, reply)
        case Level.RECAST:
            return _recasts(error, target, reply)
        case Level.FOCUSED:
            return _recasts(error, target, reply) or _focused(error, target, reply)
        case Level.PROMPT:
            return judge(error.said, (target,), reply, Move.ELICITATION).reason
        case Level.CLUE:
            return judge(error.said, (target,), reply, Move.HINT).reason


def _passes(learner: str, error: Error, target: str, reply: str) -> str:
    """The meaning only: neither recast nor asked for again."""
    own = (learner,)
    checks = (
        ("empty", not prepare(reply).said),
        ("red-pen", red_pen(reply)),
        ("grammar-term", bool(wording.grammar_terms(reply, own))),
        ("elicits", bool(wording.elicits(reply, own))),
        ("recast", judge(error.said, (target,), reply, Move.RECAST).level == "recast"),
    )
    return next((slug for slug, failed in checks if failed), "")


def _recasts(error: Error, target: str, reply: str) -> str:
    """As the move verifier sees it; the question may still be to come."""
    reason = judge(error.said, (target,), reply, Move.RECAST).reason
    return "" if reason == "no-question" else reason


def _focused(error: Error, target: str, reply: str) -> str:
    """Short, isolated and at once: the recast stands in the first sentence, and that is short."""
    found = judge(error.said, (target,), reply, Move.RECAST)
    shown = next(each for each in found.evidence if each.label == "recast")
    turn = prepare(reply)
    at = next(place for place, span in enumerate(turn.spans) if span[1] > shown.start)
    if turn.sentences[at] > 1:
        return "late"
    return "long" if turn.sentences.count(turn.sentences[at]) > _SHORT else ""
