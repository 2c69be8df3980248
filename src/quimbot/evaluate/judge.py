"""A second opinion on scored replies from any model: yes or no, asked twice, and never the gate.

Nothing chooses by it. Until people have labelled enough of the same replies it is uncalibrated, and
says so: two judges may agree with each other and with nobody else.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from quimbot.evaluate.answers import AnswerLog, ask
from quimbot.evaluate.criteria import Criterion, applies
from quimbot.evaluate.entrants import Entrant, entrants, local_folder
from quimbot.evaluate.judgement import Judgement, Opinion, Opinions, judgement
from quimbot.evaluate.labels import read_labels
from quimbot.evaluate.opinion import ORDERS, JudgeQuestion, settle
from quimbot.evaluate.rates import rate
from quimbot.exceptions import (
    DataError,
    OutOfCredit,
    QuimbotError,
    RecipeError,
    RuntimeFault,
    Unusable,
)
from quimbot.records.jsonl import write_json, write_rows
from quimbot.runs.scorecard import Judged, read_judged
from quimbot.runs.watch import Watch
from quimbot.runtimes.connect import open_runtimes
from quimbot.runtimes.runtime import Reply, Sampling
from quimbot.verify.suite import spread

_RESULT, _OPINIONS, _LOG = "judge.json", "opinions.jsonl", "answers.jsonl"
_PATIENCE = 4  # failures in a row, at least, before a judge is taken for dead


@dataclass(frozen=True, kw_only=True)
class JudgeSettings:
    """Settings of `quimbot judge`."""

    scores: Path
    """Folder that `quimbot score` wrote."""
    endpoint: str
    """The judge: https://host/v1#model, or any other address that answers a chat."""
    output: Path
    """Folder for `judge.json`, for the opinion on each reply (`opinions.jsonl`) and for the judge's
    own words (`answers.jsonl`, kept even with --force, so that nothing is asked twice)."""
    criteria: tuple[Criterion, ...] = get_args(Criterion)
    """Questions to ask of each reply."""
    limit: int = 0
    """Judge the replies to this many learner turns, spread over them the same way each time; 0
    judges all."""
    labels: tuple[Path, ...] = ()
    """What people said of these replies, as exported by the sheet of `quimbot label make`."""
    at_once: int = 8
    """Requests in flight."""
    max_tokens: int = 16
    """Longest answer, in tokens; a judge that thinks first needs hundreds."""

    def __post_init__(self) -> None:
        """Check ranges."""
        if not self.criteria:
            raise RecipeError(
                f"criteria is empty; name at least one of {', '.join(get_args(Criterion))}"
            )
        for name, least in (("limit", 0), ("max_tokens", 1), ("at_once", 1)):
            if getattr(self, name) < least:
                raise RecipeError(f"{name} is {getattr(self, name)}; it must be {least} or more")

    def inputs(self) -> tuple[Path, ...]:
        """The scores, the labels, and the judge where it is a folder."""
        folder = local_folder(self.endpoint)
        return (self.scores, *self.labels, *([folder] if folder else []))

    def outputs(self) -> tuple[Path, ...]:
        """What is made anew from the judge's words; those stay."""
        return (self.output / _RESULT, self.output / _OPINIONS)

    def sampling(self) -> Sampling:
        """The likeliest answer, always."""
        return Sampling(max_tokens=self.max_tokens)


def judge(settings: JudgeSettings, watch: Watch) -> str:
    """Ask, settle and write what the judge found.

    Raises:
        DataError: there is nothing to judge, or the labels are of other replies.
        RuntimeFault: the judge is out of reach; what it said is kept.
    """
    every = list(read_judged(settings.scores))
    chosen = spread(dict.fromkeys(row.item for row in every), settings.limit)
    rows = [row for row in every if row.item in chosen]
    if not rows:
        raise DataError(f"{settings.scores}: no reply to judge; score again")
    labels = read_labels(settings.labels, {row.record.id: row for row in every})
    whom = entrants((settings.endpoint,))[-1]  # of a training run the last, as everywhere
    log = AnswerLog(settings.output / _LOG)
    _ask(whom, rows, settings, log, watch)
    opinions = _opinions(whom, rows, settings, log)
    result = judgement(
        rows,
        opinions,
        labels,
        criteria=settings.criteria,
        judge=settings.endpoint,
        scores=settings.scores,
    )
    write_rows(settings.output / _OPINIONS, opinions.values())
    write_json(settings.output / _RESULT, result)
    return _summary(result, opinions.values())


def _questions(
    whom: Entrant, row: Judged, criterion: Criterion
) -> tuple[JudgeQuestion, JudgeQuestion]:
    first, second = (
        JudgeQuestion(judge=whom, row=row, criterion=criterion, order=order) for order in ORDERS
    )
    return first, second


def _pairs(
    rows: Sequence[Judged], criteria: Sequence[Criterion]
) -> Iterator[tuple[Judged, Criterion]]:
    """Each reply with each question that makes sense; equal replies to equal turns once."""
    pairs = ((row, criterion) for row in rows for criterion in criteria if applies(criterion, row))
    yield from {(row.record.id, criterion): (row, criterion) for row, criterion in pairs}.values()


def _ask(
    whom: Entrant, rows: Sequence[Judged], settings: JudgeSettings, log: AnswerLog, watch: Watch
) -> None:
    sampling = settings.sampling()
    asked = [
        question
        for row, criterion in _pairs(rows, settings.criteria)
        for question in _questions(whom, row, criterion)
    ]
    open_ = [question for question in asked if log.record(question.key(sampling)) is None]
    if not open_:
        return
    kept = len(asked) - len(open_)
    failures = 0

    def done(outcome: Reply | QuimbotError) -> None:
        nonlocal kept, failures
        task.advance()
        if isinstance(outcome, Reply):
            kept, failures = kept + 1, 0
            return
        failures += 1
        if isinstance(outcome, Unusable) or failures >= max(_PATIENCE, settings.at_once):
            kind = OutOfCredit if isinstance(outcome, OutOfCredit) else RuntimeFault
            raise kind(
                f"{outcome}; {kept:,} of {len(asked):,} answers are kept, and the same command "
                "continues"
            )

    with (
        open_runtimes([whom.address], at_once=settings.at_once) as opened,
        watch.task("judge", len(asked), done=kept) as task,
    ):
        ask(opened[whom.address], open_, sampling, log, at_once=settings.at_once, done=done)


def _opinions(
    whom: Entrant, rows: Sequence[Judged], settings: JudgeSettings, log: AnswerLog
) -> Opinions:
    def words(question: JudgeQuestion) -> str | None:
        record = log.record(question.key(settings.sampling()))
        return record.messages[-1].content if record else None

    found: Opinions = {}
    for row, criterion in _pairs(rows, settings.criteria):
        first, second = _questions(whom, row, criterion)
        said = words(first), words(second)
        found[row.record.id, criterion] = Opinion(
            reply=row.record.id, criterion=criterion, finding=settle(said), said=said
        )
    return found


def _summary(result: Judgement, opinions: Iterable[Opinion]) -> str:
    found = Counter(opinion.finding for opinion in opinions)
    flipped = rate([True] * found["flipped"] + [False] * (found["yes"] + found["no"]))
    return (
        f"{result.judge} answered {len(result.questions)} questions about "
        f"{len({tally.address for tally in result.tallies})} models, each in both orders: "
        f"{flipped.value:.0%} flipped, {found['unparsable']} unparsable, {found['failed']} failed; "
        f"{result.status}"
    )
