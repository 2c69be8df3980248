"""Ask every model the same real learner turns, and let the verifier grade the replies.

The verifier that admitted the training rows grades the model: a reply counts when it performs the
move. A request that failed is counted as failed, never as a wrong answer.
"""

import importlib.metadata
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from quimbot.evaluate.answers import AnswerLog, Question, ask
from quimbot.evaluate.checks import verdicts
from quimbot.evaluate.entrants import Entrant, entrants, local_folder
from quimbot.evaluate.exemplar import exemplar
from quimbot.evaluate.rates import rate_of
from quimbot.exceptions import ModelError, QuimbotError, RecipeError, RuntimeFault
from quimbot.records.jsonl import write_json, write_rows
from quimbot.records.record import Move
from quimbot.runs.scorecard import JUDGED, SCORES, Check, Judged, Rate, Score, Scorecard
from quimbot.runs.watch import Task, Watch
from quimbot.runtimes.connect import open_runtimes
from quimbot.runtimes.runtime import Reply, Sampling
from quimbot.verify.suite import SCAFFOLDING, SHIPPED, LearnerTurn, load_suite, subset, suite_hash

_JUDGED_AT_ONCE = 64
_TELLING = 5  # so many equal replies are no accident


@dataclass(frozen=True, kw_only=True)
class ScoreSettings:
    """Settings of `quimbot score`."""

    runtimes: tuple[str, ...]
    """Models and adapters to score; a training run stands for all its checkpoints."""
    output: Path
    """Folder for judged replies and scores, with a folder for each suite when there are several."""
    replies: Path | None = None
    """File that keeps every reply as it comes, so that nothing is asked twice, by this scoring or
    another that names the same file; OUTPUT.replies.jsonl when left out. --force keeps it, and asks
    only what failed."""
    suites: tuple[str, ...] = (SCAFFOLDING,)
    """Learner turns to answer: shipped suites by name, or .jsonl files."""
    moves: tuple[Move, ...] = tuple(Move)
    """Moves to ask for, each on every turn that is checked for a move and names none itself."""
    limit: int = 0
    """Ask only this many turns of a suite, the same ones each time; 0 asks all."""
    max_tokens: int = 48
    """Longest reply, in tokens; thoughts count."""
    at_once: int = 16
    """Requests in flight: llama.cpp is fastest with 16, a hosted endpoint may want fewer."""
    temperature: float = 0.0
    """0 takes the likeliest token; above it, replies are drawn."""
    seed: int = 0
    """Seed of drawn replies."""
    samples: int = 1
    """Replies to draw for each question, each with the next seed; several need a temperature."""

    def __post_init__(self) -> None:
        """Check ranges."""
        if not self.runtimes:
            raise RecipeError("runtimes is empty; name at least one model or adapter")
        if not self.moves:
            allowed = ", ".join(Move)
            raise RecipeError(f"moves is empty; name at least one of {allowed}")
        for name, least in (
            ("limit", 0),
            ("max_tokens", 1),
            ("at_once", 1),
            ("temperature", 0),
            ("samples", 1),
        ):
            if getattr(self, name) < least:
                raise RecipeError(f"{name} is {getattr(self, name)}; it must be {least} or more")
        if self.samples > 1 and not self.temperature:
            raise RecipeError(
                f"samples is {self.samples} at temperature 0, where all are the same; "
                "give temperature 0.7, or one sample"
            )
        self._check_suites()

    def _check_suites(self) -> None:
        if not self.suites:
            raise RecipeError(f"suites is empty; name some of {', '.join(SHIPPED)}, or a file")
        for name, count in Counter(Path(suite).stem for suite in self.suites).items():
            if count > 1:
                raise RecipeError(
                    f"suites has {count} that are called {name!r} ({', '.join(self.suites)}); "
                    "name each once, and rename a file that has the name of another suite"
                )
        for suite in self.suites:
            if suite not in SHIPPED and Path(suite).stem in SHIPPED:
                raise RecipeError(
                    f"{suite}: has the name of a suite that ships, and reports would take it for "
                    "that one; rename the file"
                )

    def inputs(self) -> tuple[Path, ...]:
        """The folders among the runtimes, and the suite where it is a file."""
        folders = [folder for name in self.runtimes if (folder := local_folder(name))]
        return (*folders, *(Path(name) for name in self.suites if Path(name).is_file()))

    def outputs(self) -> tuple[Path, ...]:
        """The folder."""
        return (self.output,)

    def folders(self) -> dict[str, Path]:
        """Where the scores of each suite go."""
        if len(self.suites) == 1:
            return {self.suites[0]: self.output}
        return {Path(name).stem: self.output / Path(name).stem for name in self.suites}

    def kept(self) -> Path:
        """The file of replies, outside of what is made anew."""
        return self.replies or self.output.with_name(f"{self.output.name}.replies.jsonl")

    def sampling(self) -> Sampling:
        """How replies are drawn; of several, the first."""
        return Sampling(max_tokens=self.max_tokens, temperature=self.temperature, seed=self.seed)


@dataclass(frozen=True, kw_only=True)
class _Exam:
    """One suite as it is put to everybody."""

    name: str
    folder: Path
    turns: tuple[LearnerTurn, ...]
    of: int
    questions: tuple[Question, ...]


def score(settings: ScoreSettings, watch: Watch) -> str:
    """Ask, judge and write the scores.

    Raises:
        ModelError: an adapter answers exactly as the model without one, so it was not applied.
        RuntimeFault: a model answers nothing more; the replies so far are kept.
    """
    field = entrants(settings.runtimes)
    exams = [
        _exam(name, folder, field, settings)
        for name, folder in zip(settings.suites, settings.folders().values(), strict=True)
    ]
    log = AnswerLog(settings.kept())
    _ask_everybody([each for exam in exams for each in exam.questions], settings, log, watch)
    judged = [_judge(exam.questions, settings.sampling(), log, watch) for exam in exams]
    _refuse_idle_adapters(field, [row for rows in judged for row in rows])
    cards = [_card(exam, rows, settings) for exam, rows in zip(exams, judged, strict=True)]
    for exam, rows, card in zip(exams, judged, cards, strict=True):
        write_rows(exam.folder / JUDGED, rows)
        write_json(exam.folder / SCORES, card)
    return "; ".join(_summary(card) for card in cards)


def _exam(name: str, folder: Path, field: Sequence[Entrant], settings: ScoreSettings) -> _Exam:
    whole = load_suite(name)
    turns = subset(whole, settings.limit)
    questions = tuple(
        Question(entrant=entrant, turn=turn, move=move, suite=Path(name).stem, sample=sample)
        for entrant in field
        for turn in turns
        for move in _moves(turn, settings.moves)
        for sample in range(settings.samples)
    )
    return _Exam(name=name, folder=folder, turns=turns, of=len(whole), questions=questions)


def _moves(turn: LearnerTurn, moves: tuple[Move, ...]) -> tuple[Move | None, ...]:
    if turn.check != "move":
        return (None,)
    return (turn.move,) if turn.move else moves


def _card(exam: _Exam, rows: Sequence[Judged], settings: ScoreSettings) -> Scorecard:
    return Scorecard(
        suite=exam.name,
        suite_sha256=suite_hash(exam.turns),
        turns=len(exam.turns),
        of=exam.of,
        max_tokens=settings.max_tokens,
        temperature=settings.temperature,
        seed=settings.seed,
        samples=settings.samples,
        quimbot=importlib.metadata.version("quimbot"),
        scores=_scores(exam.questions, rows),
    )


def _ask_everybody(
    questions: Sequence[Question], settings: ScoreSettings, log: AnswerLog, watch: Watch
) -> None:
    sampling = settings.sampling()
    keys = {question.key(sampling): question for question in questions}
    open_ = {key: question for key, question in keys.items() if log.said(key) is None}
    if not open_:
        return
    asked: dict[str, list[Question]] = defaultdict(list)
    for question in keys.values():
        asked[question.entrant.address].append(question)
    who = list(dict.fromkeys(question.entrant.address for question in open_.values()))
    script = {question.chat(): exemplar(question.turn, question.move) for question in questions}
    silent: list[RuntimeFault] = []
    with (
        open_runtimes(who, at_once=settings.at_once, script=script) as opened,
        watch.task("ask", len(keys), done=len(keys) - len(open_)) as task,
    ):
        for name in who:
            try:
                ask(
                    opened[name],
                    asked[name],
                    sampling,
                    log,
                    at_once=settings.at_once,
                    done=partial(_advance, task, name),
                )
            except RuntimeFault as fault:  # the others are asked all the same
                silent.append(fault)
            _tell(name, asked[name], sampling, log, watch)
    if silent:
        raise silent[0]


def _advance(task: Task, name: str, _: Reply | QuimbotError) -> None:
    task.advance(model=name)


def _tell(
    name: str, asked: Sequence[Question], sampling: Sampling, log: AnswerLog, watch: Watch
) -> None:
    """One reply, to see what the model is like, and what went wrong."""
    said = [(each, log.said(each.key(sampling))) for each in asked]
    example = next(((each, text) for each, text in said if text is not None), None)
    if example:
        watch.say(f"{name}: {example[0].turn.learner!r} -> {' '.join(example[1].split())!r}")
    faults = [fault for each in asked if (fault := log.fault(each.key(sampling)))]
    if faults:
        watch.say(f"{name}: {len(faults)} requests failed, the first: {faults[0]}")


def _judge(
    questions: Sequence[Question], sampling: Sampling, log: AnswerLog, watch: Watch
) -> list[Judged]:
    answered = [
        (question, question.record(text))
        for question in questions
        if (text := log.said(question.key(sampling))) is not None
    ]
    rows: list[Judged] = []
    with watch.task("judge", len(answered)) as task:
        for start in range(0, len(answered), _JUDGED_AT_ONCE):
            chunk = answered[start : start + _JUDGED_AT_ONCE]
            found = verdicts(
                [(asked.turn, asked.move, record.messages[-1].content) for asked, record in chunk]
            )
            rows += [
                Judged(
                    address=asked.entrant.address,
                    adapter=asked.entrant.adapter,
                    item=asked.turn.id,
                    group=asked.turn.group,
                    check=asked.turn.check,
                    move=asked.move,
                    sample=asked.sample,
                    kind=asked.turn.kind,
                    l1=asked.turn.l1,
                    record=record,
                    verdict=verdict,
                )
                for (asked, record), verdict in zip(chunk, found, strict=True)
            ]
            task.advance(len(chunk))
    return rows


def _refuse_idle_adapters(field: Sequence[Entrant], rows: Sequence[Judged]) -> None:
    said: dict[str, dict[tuple[object, ...], str]] = {entrant.address: {} for entrant in field}
    for row in rows:
        said[row.address][row.record.messages[:-1], row.sample] = row.reply
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
    asked = Counter((each.entrant, each.turn.check, each.move) for each in questions)
    held: dict[tuple[str, Check, Move | None], list[Judged]] = defaultdict(list)
    for row in rows:
        held[row.address, row.check, row.move].append(row)
    return tuple(
        score_of(entrant, move, n, held[entrant.address, check, move], check=check)
        for (entrant, check, move), n in asked.items()
    )


def score_of(
    entrant: Entrant,
    move: Move | None,
    asked: int,
    rows: Sequence[Judged],
    *,
    check: Check = "move",
) -> Score:
    """How one entrant did with one check, from its judged replies and the number asked for."""
    counted = [row for row in rows if row.counts]
    erroneous = [row for row in rows if row.erroneous]
    return Score(
        address=entrant.address,
        adapter=entrant.adapter,
        step=entrant.step,
        check=check,
        move=move,
        asked=asked,
        failed=asked - len(rows),
        verified=rate_of(counted, lambda row: row.verified),
        recast=rate_of(erroneous, lambda row: row.recast),
        recast_any=rate_of(erroneous, lambda row: row.recast_any),
        form_only=rate_of(erroneous, lambda row: row.form_only),
        repeats=rate_of(erroneous, lambda row: row.shows("error")),
        red_pen=rate_of(rows, lambda row: row.shows("red_pen")),
        question=rate_of(rows, lambda row: row.shows("question")),
        median_words=statistics.median([len(row.reply.split()) for row in rows] or [0]),
        by_type=_by(counted, lambda row: row.error_types),
        by_kind=_by(counted, lambda row: (row.kind,)),
        by_l1=_by(counted, lambda row: (row.l1,)),
    )


def _by(rows: Sequence[Judged], names: Callable[[Judged], Sequence[str]]) -> dict[str, Rate]:
    """The share verified of the replies under each name; an empty name is none."""
    held: dict[str, list[Judged]] = defaultdict(list)
    for row in rows:
        for name in names(row):
            held[name].append(row)
    held.pop("", None)
    return {name: rate_of(held[name], lambda row: row.verified) for name in sorted(held)}


def _summary(card: Scorecard) -> str:
    best = max(card.scores, key=lambda row: row.verified.value)
    failed = sum(row.failed for row in card.scores)
    lost = f"{failed} requests failed" + ("; --force asks them again" if failed else "")
    what = best.move or Path(card.suite).stem
    return (
        f"scored {len({row.address for row in card.scores})} models on {card.turns} of {card.of} "
        f"learner turns ({lost}): most verified, {best.verified.value:.0%} "
        f"({what} by {best.address})"
    )
