"""Which error to answer, and how openly: one target a turn, and a reason an instructor can read."""

from collections.abc import Sequence
from dataclasses import dataclass

from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.learner import Learner, Progress
from quimbot.pedagogy.levels import Level
from quimbot.pedagogy.response import Response

LEARNABLE = (0.2, 0.8)
"""Where help pays most: a kind that is neither out of reach nor nearly known."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a tutor allows."""

    cap: Level = Level.CLUE
    """The most open help; the learner's own cap holds too."""
    allowed: frozenset[Level] = frozenset(Level)
    """The levels it may use; letting an error pass is always allowed."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What a tutor should do in this turn."""

    kind: Kind | None
    level: Level
    reason: str
    """One sentence for an instructor."""


def choose(learner: Learner, kinds: Sequence[Kind], *, limits: Limits, at: float) -> Choice:
    """The error to answer out of those of this turn, and how openly.

    The learner knows the uptake of the last turn; this turn's errors may be known or not.
    """
    if not kinds:
        return Choice(kind=None, level=Level.PASS, reason="No error was noticed in this turn.")
    before = {kind: learner.before(kind) for kind in kinds}
    open_ones = {kind: each for kind, each in before.items() if not each.mastered}
    if not open_ones:
        return Choice(kind=None, level=Level.PASS, reason=_let_pass(before))
    kind, why = _target(open_ones, at)
    usual = before[kind].help_next
    wanted = _leaning(usual, learner.response.steps)
    level, limit = _limited(wanted, learner, limits)
    lean = "" if wanted == usual else _lean(learner.response)
    so = "" if level == usual else f", so {level.name.lower()}"
    reason = f"{why}; {_help(before[kind])}{lean}{limit}{so}."
    return Choice(kind=kind, level=level, reason=reason)


def _let_pass(known: dict[Kind, Progress]) -> str:
    shown = ", ".join(
        f"{kind} (known with probability {each.p:.2f}, right in {each.sessions_right} sessions)"
        for kind, each in known.items()
    )
    return f"Let pass as a slip in what is mastered: {shown}."


def _target(open_ones: dict[Kind, Progress], at: float) -> tuple[Kind, str]:
    """What is due first, then what is least known but in reach; the first in the turn on a tie."""

    def rank(kind: Kind) -> tuple[bool, int, float]:
        each = open_ones[kind]
        low, high = LEARNABLE
        band = 0 if low <= each.p <= high else 1 if each.p > high else 2
        return not each.due(at), band, each.p

    kind = min(open_ones, key=rank)
    each = open_ones[kind]
    if each.due(at):
        why = "due to come back"
    elif len(open_ones) == 1:
        why = "the only thing to help with"
    else:
        why = "least known of what is in reach" if rank(kind)[1] == 0 else "least known"
    return kind, f"{kind} is {why} (known with probability {each.p:.2f})"


def _help(known: Progress) -> str:
    """Why the help is what it is, before any limit."""
    name = known.help_next.name.lower()
    if not known.level:
        return f"{name} is where help starts at that probability"
    if known.help_next > known.level:
        return f"the last help did not suffice, so one step up to {name}"
    errors = known.errors + 1
    return f"{name} after errors in {errors} of {errors + known.right + known.repaired} turns"


def _leaning(level: Level, steps: int) -> Level:
    return Level(min(max(level + steps, Level.RECAST), Level.CLUE))


def _lean(response: Response) -> str:
    """Why this learner gets more or less open help than others would."""
    size = "a step" if abs(response.steps) == 1 else f"{abs(response.steps)} steps"
    how, which = ("more", "rise") if response.steps > 0 else ("less", "fall")
    return (
        f", {size} {how} because this learner's repairs ({response.repairs} of {response.tries} "
        f"tries) {which} by {abs(response.lean):.2f} with each level of more open help"
    )


def _limited(level: Level, learner: Learner, limits: Limits) -> tuple[Level, str]:
    """The nearest level that the learner, the tutor and the last turn allow; the lower first."""
    cap, why = min(
        (learner.profile.cap, ", held by the learner's cap"),
        (limits.cap, ", held by the tutor's cap"),
    )
    if learner.last_level >= Level.PROMPT and cap > Level.FOCUSED:
        cap, why = Level.FOCUSED, ", held because the last turn asked for a repair already"
    allowed = sorted(each for each in limits.allowed if Level.PASS < each <= cap)
    if not allowed:
        return Level.PASS, ", but no help is allowed"
    chosen = max((each for each in allowed if each <= level), default=allowed[0])
    if chosen == level:
        return level, ""
    return chosen, why if level > cap else ", which this tutor does not use"
