"""Ask every model the same real learner turns, and let the verifier grade the replies.

The verifier that admitted the training rows grades the model: a reply counts when it performs the
move. A request that failed is counted as failed, never as a wrong answer.
"""

import importlib.metadata
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

from msgspec import structs

from quimbot.evaluate.answers import AnswerLog, Question, ask
from quimbot.evaluate.compare import wilson
from quimbot.evaluate.entrants import Entrant, entrants, local_folder
from quimbot.evaluate.suite import load_suite, subset, suite_hash
from quimbot.exceptions import ModelError, RecipeError
from quimbot.records.jsonl import write_json, write_rows
from quimbot.records.record import Move
from quimbot.runs.scorecard import JUDGED, REPLIES, SCORES, Judged, Rate, Score, Scorecard
from quimbot.runs.watch import Watch
from quimbot.runtimes.connect import open_runtimes
from quimbot.runtimes.runtime import Sampling
from quimbot.verify.scaffolding import Scaffolding

_JUDGED_AT_ONCE = 64
_TELLING = 5  # so many equal replies are no accident


@dataclass(frozen=True, kw_only=True)
class ScoreSettings:
    """Settings of `quimbot score`."""

    runtimes: tuple[str, ...]
    """Models and adapters to score; a training run stands for all its checkpoints."""
    output: Path
    """Folder for judged replies and scores."""
    replies: Path | None = None
    """File that keeps every reply as it comes, so that nothing is asked twice, by this scoring or
    another that names the same file; `replies.jsonl` in the output folder when left out."""
    suite: str = "eracond"
    """Learner turns to answer: a shipped suite by name, or a .jsonl file."""
    moves: tuple[Move, ...] = (Move.RECAST,)
    """Moves to ask for, each on every turn."""
    limit: int = 0
    """Ask only this many turns, spread over the suite the same way each time; 0 asks all."""
    max_tokens: int = 48
    """Longest reply, in tokens."""
    at_once: int = 16
    """Requests in flight: llama.cpp is fastest with 16, a hosted endpoint may want fewer."""
    temperature: float = 0.0
    """0 takes the likeliest token; above it, replies are drawn."""
    seed: int = 0
    """Seed of drawn replies."""

    def __post_init__(self) -> None:
        """Check ranges."""
        if not self.runtimes:
            raise RecipeError("runtimes is empty; name at least one model or adapter")
        if not self.moves:
            allowed = ", ".join(Move)
            raise RecipeError(f"moves is empty; name at least one of {allowed}")
        for name, least in (("limit", 0), ("max_tokens", 1), ("at_once", 1), ("temperature", 0)):
            if getattr(self, name) < least:
                raise RecipeError(f"{name} is {getattr(self, name)}; it must be {least} or more")

    def inputs(self) -> tuple[Path, ...]:
        """The folders among the runtimes, and the suite where it is a file."""
        folders = [folder for name in self.runtimes if (folder := local_folder(name))]
        suite = [Path(self.suite)] if Path(self.suite).is_file() else []
        return (*folders, *suite)

    def outputs(self) -> tuple[Path, ...]:
        """The folder."""
        return (self.output,)

    def sampling(self) -> Sampling:
        """How replies are drawn."""
        return Sampling(max_tokens=self.max_tokens, temperature=self.temperature, seed=self.seed)


def score(settings: ScoreSettings, watch: Watch) -> str:
    """Ask, judge and write the scores.

    Raises:
        ModelError: an adapter answers exactly as the model without one, so it was not applied.
    """
    whole = load_suite(settings.suite)
    turns = subset(whole, settings.limit)
    field = entrants(settings.runtimes)
    questions = [
        Question(entrant=entrant, turn=turn, move=move, suite=Path(settings.suite).stem)
        for entrant in field
        for turn in turns
        for move in ((turn.move,) if turn.move else settings.moves)
    ]
    log = AnswerLog(settings.replies or settings.output / REPLIES)
    _ask_everybody(questions, settings, log, watch)
    rows = _judge(questions, settings.sampling(), log, watch)
    _refuse_idle_adapters(field, rows)
    card = Scorecard(
        suite=settings.suite,
        suite_sha256=suite_hash(turns),
        turns=len(turns),
        of=len(whole),
        max_tokens=settings.max_tokens,
        temperature=settings.temperature,
        seed=settings.seed,
        quimbot=importlib.metadata.version("quimbot"),
        scores=_scores(questions, rows),
    )
    write_rows(settings.output / JUDGED, rows)
    write_json(settings.output / SCORES, card)
    return _summary(card)


def _ask_everybody(
    questions: Sequence[Question], settings: ScoreSettings, log: AnswerLog, watch: Watch
) -> None:
    sampling = settings.sampling()
    open_ = [question for question in questions if log.record(question.key(sampling)) is None]
    if not open_:
        return
    names = list(dict.fromkeys(question.entrant.address for question in open_))
    known = {question.turn.learner: question.turn.corrections[0] for question in open_}
    with (
        open_runtimes(names, at_once=settings.at_once, corrections=known) as opened,
        watch.task("ask", len(questions), done=len(questions) - len(open_)) as task,
    ):
        for name, group in groupby(open_, key=lambda question: question.entrant.address):
            own = list(group)
            ask(
                opened[name],
                own,
                sampling,
                log,
                at_once=settings.at_once,
                done=partial(task.advance, model=name),
            )
            sample = log.record(own[0].key(sampling))
            if sample:
                said = " ".join(sample.messages[-1].content.split())
                watch.say(f"{name}: {own[0].turn.learner!r} -> {said!r}")


def _judge(
    questions: Sequence[Question], sampling: Sampling, log: AnswerLog, watch: Watch
) -> list[Judged]:
    answered = [
        (question, record)
        for question in questions
        if (record := log.record(question.key(sampling))) is not None
    ]
    verifier = Scaffolding()
    rows: list[Judged] = []
    with watch.task("judge", len(answered)) as task:
        for start in range(0, len(answered), _JUDGED_AT_ONCE):
            chunk = answered[start : start + _JUDGED_AT_ONCE]
            verdicts = verifier.check([record for _, record in chunk])
            for (question, record), verdict in zip(chunk, verdicts, strict=True):
                lesson = structs.replace(record.lessons[0], verdict=verdict)
                rows.append(
                    Judged(
                        address=question.entrant.address,
                        item=question.turn.id,
                        group=question.turn.group,
                        record=structs.replace(record, lessons=(lesson,)),
                    )
                )
            task.advance(len(chunk))
    return rows


def _refuse_idle_adapters(field: Sequence[Entrant], rows: Sequence[Judged]) -> None:
    said: dict[str, dict[tuple[str, Move], str]] = {entrant.address: {} for entrant in field}
    for row in rows:
        said[row.address][row.item, row.lesson.move] = row.reply
    for entrant in field:
        for base in field:
            if not entrant.adapter or base.adapter:
                continue
            ours, theirs = said[entrant.address], said[base.address]
            if len(ours) >= _TELLING and ours == theirs:
                raise ModelError(
                    f"{entrant.address}: all {len(ours)} replies equal those of {base.address}; "
                    "the adapter was not applied or learnt nothing; check it before scoring"
                )


def _scores(questions: Sequence[Question], rows: Sequence[Judged]) -> tuple[Score, ...]:
    asked: dict[tuple[Entrant, Move], int] = {}
    for question in questions:
        key = question.entrant, question.move
        asked[key] = asked.get(key, 0) + 1
    return tuple(
        score_of(
            entrant,
            move,
            n,
            [row for row in rows if row.address == entrant.address and row.lesson.move is move],
        )
        for (entrant, move), n in asked.items()
    )


def score_of(entrant: Entrant, move: Move, asked: int, rows: Sequence[Judged]) -> Score:
    """How one entrant did with one move, from its judged replies and the number asked for."""
    erroneous = [row for row in rows if row.erroneous]
    kinds = sorted({kind for row in erroneous for kind in row.lesson.error_types})
    return Score(
        address=entrant.address,
        adapter=entrant.adapter,
        step=entrant.step,
        move=move,
        asked=asked,
        failed=asked - len(rows),
        verified=_rate(row.verified for row in erroneous),
        recast=_rate(row.recast for row in erroneous),
        recast_any=_rate(row.recast_any for row in erroneous),
        form_only=_rate(row.form_only for row in erroneous),
        repeats=_rate(row.shows("error") for row in erroneous),
        red_pen=_rate(row.shows("red_pen") for row in rows),
        question=_rate(row.shows("question") for row in rows),
        median_words=statistics.median([len(row.reply.split()) for row in rows] or [0]),
        by_type={
            kind: _rate(row.verified for row in erroneous if kind in row.lesson.error_types)
            for kind in kinds
        },
    )


def _rate(outcomes: Iterable[bool]) -> Rate:
    held = list(outcomes)
    low, high = wilson(sum(held), len(held))
    return Rate(passed=sum(held), n=len(held), low=low, high=high)


def _summary(card: Scorecard) -> str:
    best = max(card.scores, key=lambda row: row.verified.value)
    failed = sum(row.failed for row in card.scores)
    return (
        f"scored {len({row.address for row in card.scores})} models on {card.turns} of {card.of} "
        f"learner turns ({failed} requests failed): most verified, {best.verified.value:.0%} "
        f"({best.move} by {best.address})"
    )
