"""The move verifier: does a reply perform its move on the learner's errors?

The same verdict decides whether a training row is written and how a model is graded. It never
guesses the correction: a lesson carries it, and every edit between the learner's turn and the
correction (ERRANT; punctuation, case and spacing left aside) is looked for in the reply, in the
learner's own context.

A recast passes only when *every* edit is recast. An elicitation or a hint passes only when *no*
corrected form is given away. A turn whose edits are all surface, or that has no correction, holds
no error: then there is nothing to weave in or to hold back, and any move passes when it keeps the
talk going (asks, stays on topic, at most 45 words) and does not correct what was right.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from quimbot.pedagogy.correction import real_edits_all
from quimbot.pedagogy.words import is_content, word_set
from quimbot.records.record import Evidence, Lesson, Move, Record, Verdict
from quimbot.verify import wording
from quimbot.verify.echo import find
from quimbot.verify.repetition import repeats
from quimbot.verify.slots import Level
from quimbot.verify.turns import Change, Span, Turn, change, in_order, prepare

LONGEST = 45
"""Words of a reply, at most."""
_CLAUSE = 4  # words on each side that make the clause of an error
_SAID_BACK = 2  # content words of the clause that a reply must hold to give a small word away
_READ = 4000  # characters of a reply that are looked at; all beyond is too long anyway
_NEW_CONTENT = 2
_NEW_TOPIC = 5  # content words, none of them the learner's, that a short answer may have
_POINTERS = word_set("it that this they those these he she them him there one ones")
_REQUEST = word_set(
    "say tell try mean word sentence change once like want"
)  # how one asks for another try
_WITHHELD = frozenset({Move.ELICITATION, Move.HINT})
_STRENGTH: dict[Level, int] = {"none": 0, "form": 1, "recast": 2}

Item = tuple[str, Sequence[str], str, Move]
"""Learner turn, acceptable corrections, reply, move."""


class Scaffolding:
    """Passes a record when every lesson's reply performs its move; its verdict is the worst one."""

    name = "scaffolding"

    def check(self, records: Sequence[Record]) -> list[Verdict]:
        """One verdict a record, in order; a record without lessons passes."""
        asked: list[Item] = []
        places: list[list[int | Verdict]] = []
        for record in records:
            row: list[int | Verdict] = []
            for lesson in record.lessons:
                item = _item(record, lesson)
                row.append(item if isinstance(item, Verdict) else len(asked))
                if not isinstance(item, Verdict):
                    asked.append(item)
            places.append(row)
        judged = judge_all(asked)
        return [
            min(
                (place if isinstance(place, Verdict) else judged[place] for place in row),
                key=_rank,
                default=Verdict(passed=True),
            )
            for row in places
        ]


def _item(record: Record, lesson: Lesson) -> Item | Verdict:
    """What a lesson asks about, or the verdict when it points at no reply to a learner."""
    before = record.messages[: max(lesson.turn, 0)]
    learner = next((turn.content for turn in reversed(before) if turn.role == "user"), None)
    here = record.messages[len(before) : len(before) + 1]
    if learner is None or not here or here[0].role != "assistant":
        return Verdict(passed=False, reason="lesson-without-turns")
    return learner, lesson.corrections, here[0].content, lesson.move


def judge(learner: str, corrections: Sequence[str], reply: str, move: Move) -> Verdict:
    """The verdict on one reply to one learner turn."""
    return judge_all([(learner, corrections, reply, move)])[0]


def judge_all(items: Sequence[Item]) -> list[Verdict]:
    """The verdicts on many replies, in order; far faster than one by one."""
    pairs = [(learner, right) for learner, corrections, _, _ in items for right in corrections]
    edits = dict(zip(pairs, real_edits_all(pairs), strict=True)) if pairs else {}
    verdicts = []
    for learner, corrections, reply, move in items:
        base = prepare(learner)
        rights = [prepare(right) for right in corrections] or [base]
        found = [edits.get((learner, right), ()) for right in corrections] or [()]
        seen = _Reply.of(reply, (learner, *corrections), move)
        options = []
        for right, some in zip(rights, found, strict=True):
            parts = [change(edit, base, right) for edit in some]
            errors = parts if move in _WITHHELD else in_order(parts, base, right)
            options.append(_against(base, right, errors, seen, move))
        best = min if move in _WITHHELD else max  # giving any of the forms gives it away
        verdicts.append(best(options, key=_rank))
    return verdicts


def red_pen(reply: str) -> bool:
    """Whether a reply corrects openly ("you should say", "the correct form", an arrow)."""
    return bool(wording.red_pen(reply[:_READ]))


def asks(reply: str) -> bool:
    """Whether a reply invites an answer: a question, or "tell me more"."""
    return bool(wording.questions(reply[:_READ]))


def _rank(verdict: Verdict) -> tuple[bool, float]:
    return verdict.passed, -1.0 if verdict.score is None else verdict.score


@dataclass(frozen=True)
class _Reply:
    """A reply and what can be seen in it without knowing the errors."""

    raw: str
    turn: Turn
    red_pen: list[Span]
    grammar: list[Span]
    elicits: list[Span]
    questions: list[Span]

    @classmethod
    def of(cls, reply: str, own: Sequence[str], move: Move) -> "_Reply":
        raw = reply[:_READ]
        return cls(
            raw=raw,
            turn=prepare(raw),
            red_pen=wording.red_pen(raw, own),
            grammar=wording.grammar_terms(raw, own, hint=move is Move.HINT),
            elicits=wording.elicits(raw, own) if move is Move.ELICITATION else [],
            questions=wording.questions(raw),
        )


@dataclass(frozen=True)
class _Findings:
    """What became of the learner's errors in a reply."""

    levels: list[Level]
    contrasted: bool
    """The wrong words are held against the right ones: "went, not go"."""
    repeated: bool
    leaked: bool


def _against(
    learner: Turn, right: Turn, changes: Sequence[Change], reply: _Reply, move: Move
) -> Verdict:
    """The verdict with one of the acceptable corrections taken as the target."""
    evidence: list[Evidence] = []
    findings = _trace(learner, right, changes, reply, evidence)
    for label, spans in (
        ("red_pen", reply.red_pen),
        ("grammar_term", reply.grammar),
        ("elicit", reply.elicits),
        ("question", reply.questions),
    ):
        evidence += [Evidence(start=start, end=end, label=label) for start, end in spans]
    reason = _first_fault(learner, right, reply, findings, move)
    levels = findings.levels
    return Verdict(
        passed=not reason,
        reason=reason,
        level=min(levels, key=_STRENGTH.__getitem__, default=""),
        score=levels.count("recast") / len(levels) if levels else None,
        evidence=tuple(evidence),
    )


def _trace(
    learner: Turn,
    right: Turn,
    changes: Sequence[Change],
    reply: _Reply,
    evidence: list[Evidence],
) -> _Findings:
    """Follow every error into the reply; what is seen is added to `evidence`."""
    levels: list[Level] = []
    contrasted = repeated = leaked = False
    for error in changes:
        level, span = find(error, right, reply.turn)
        levels.append(level)
        if span is not None:
            evidence.append(Evidence(start=span[0], end=span[1], label=level))
        again = repeats(error, learner, right, reply.turn)
        if again is not None:
            repeated = True
            evidence.append(Evidence(start=again[0], end=again[1], label="error"))
        against = wording.contrasts(reply.raw, error.wrong)
        evidence += [Evidence(start=start, end=end, label="red_pen") for start, end in against]
        contrasted = contrasted or bool(against)
        leaked = leaked or _leaks(error, level, learner, right, reply)
    return _Findings(levels, contrasted, repeated, leaked)


def _leaks(error: Change, level: Level, learner: Turn, right: Turn, reply: _Reply) -> bool:
    """Whether the reply gives the corrected form away: recast, said as a new word, or named."""
    if error.wrong == error.right:
        return False
    content = any(is_content(word) for word in error.right)
    if level == "recast" and set(error.right) <= set(reply.turn.said):
        own = right.around(error.right_start, error.right_end, _CLAUSE)
        if content or len(own & set(reply.turn.stems)) >= min(_SAID_BACK, len(own)):
            return True
    if level == "form" and any(
        is_content(word) and word not in learner.said and word not in _REQUEST
        for word in error.right
    ):
        return True
    return bool(error.right) and any(
        wording.names(reply.raw, *reply.turn.characters(at, at + len(error.right)))
        for at in reply.turn.runs(error.right)
    )


def _first_fault(learner: Turn, right: Turn, reply: _Reply, findings: _Findings, move: Move) -> str:
    """The slug of the first check that fails, or nothing."""
    own = (set(learner.stems) | set(right.stems)) - {""}
    said = set(reply.turn.stems) - {""}
    on_topic = (
        move in _WITHHELD  # a request to try again speaks of the turn itself
        or not own
        or "recast" in findings.levels
        or bool(own & said)
        or bool(_POINTERS & set(reply.turn.said))
        or (not findings.levels and ("you" in reply.turn.said or len(said - own) <= _NEW_TOPIC))
    )
    checks = [
        ("empty", not reply.turn.said),
        ("red-pen", findings.contrasted or bool(reply.red_pen)),
        *(_of_move(move, reply, findings, len(said - own)) if findings.levels else []),
        ("no-question", not reply.questions),
        ("off-topic", not on_topic),
        ("too-long", len(reply.raw.split()) > LONGEST),
    ]
    return next((slug for slug, failed in checks if failed), "")


def _of_move(
    move: Move, reply: _Reply, findings: _Findings, new_words: int
) -> list[tuple[str, bool]]:
    """The checks of one move on a turn with errors, in order, and whether each fails."""
    grammar = ("grammar-term", bool(reply.grammar))
    match move:
        case Move.RECAST:
            weakest = min(findings.levels, key=_STRENGTH.__getitem__)
            return [
                ("repeats-error", findings.repeated),
                ("no-recast", weakest == "none"),
                ("form-only", weakest == "form"),
                grammar,
            ]
        case Move.EXPANSION:
            return [
                ("repeats-error", findings.repeated),
                grammar,
                ("nothing-new", new_words < _NEW_CONTENT),
            ]
        case Move.ELICITATION:
            return [("leak", findings.leaked), ("no-elicitation", not reply.elicits)]
        case Move.HINT:
            return [("leak", findings.leaked), ("no-hint", not reply.grammar)]
