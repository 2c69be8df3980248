"""A learner's summary and progress as plain text, for the terminal."""

from collections.abc import Iterable, Sequence

from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.learner import Learner, Progress
from quimbot.pedagogy.spacing import due_at
from quimbot.serve.marks import Piece
from quimbot.serve.summary import Forms, Sentence, Summary

_DAY_S = 86_400.0
_BAR = 10


def summary_told(found: Summary, now: float) -> str:
    """One conversation: how it can be said, what was taken up, what went right, what returns."""
    parts = [
        *(_sentence(one) for one in found.sentences if not all(c.disputed for c in one.changes)),
        _listed("You took up", found.taken_up),
        _listed("Right on your own", found.alone),
        "Returns: " + ", ".join(f"{one.kind} {when(one.at, now)}" for one in found.returns)
        if found.returns
        else "",
    ]
    return "\n\n".join(filter(None, parts)) or "Nothing was noticed so far. Talk on!"


def progress_told(learner: Learner, now: float) -> str:
    """Each kind that came up: how well it is known, how it went, and when it returns."""
    if not learner.kinds:
        return "Nothing was noticed so far. Talk on!"
    rows = sorted(learner.kinds.items(), key=lambda one: one[1].p)
    return "\n".join(_row(kind, each, now) for kind, each in rows)


def when(at: float, now: float) -> str:
    """How far away a moment is, in whole days."""
    days = round((at - now) / _DAY_S)
    return "today" if days < 1 else "tomorrow" if days == 1 else f"in {days} days"


def _row(kind: Kind, each: Progress, now: float) -> str:
    full = round(each.p * _BAR)
    facts = [f"right {each.right}", f"after help {each.repaired}", f"to mend {each.errors}"]
    if each.card is not None and not each.mastered:
        facts.append(f"returns {when(due_at(each.card), now)}")
    return f"{kind:12} {'█' * full}{'░' * (_BAR - full)}  {', '.join(facts)}"


def _sentence(one: Sentence) -> str:
    marks = "  (you took it up)" if any(change.taken_up for change in one.changes) else ""
    return f"You said     {_text(one.said)}\nOne can say  {_text(one.better)}{marks}"


def _text(pieces: Iterable[Piece]) -> str:
    return "".join(f"[{p.text}]" if p.differs else p.text for p in pieces)


def _listed(name: str, forms: Sequence[Forms]) -> str:
    told = "; ".join(f"{one.kind}: {', '.join(one.words)}" for one in forms)
    return f"{name}: {told}" if told else ""
