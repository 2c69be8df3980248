"""A second opinion on scored replies from any model: yes or no, asked twice, and never the gate.

Nothing chooses by it. Until people have labelled enough of the same replies it is uncalibrated, and
says so: two judges may agree with each other and with nobody else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from quimbot.evaluate.answers import AnswerLog, ask, kept_of
from quimbot.evaluate.criteria import Criterion, applies
from quimbot.evaluate.entrants import Entrant, entrants, local_folder
from quimbot.evaluate.judgement import Opinion, Opinions, judgement
from quimbot.evaluate.labels import read_labels
from quimbot.evaluate.opinion import ORDERS, JudgeQuestion, read, settle
from quimbot.evaluate.second_opinion import differences, render, summary
from quimbot.exceptions import DataError, OutOfCredit, QuimbotError, RecipeError
from quimbot.records.jsonl import replacing, write_json, write_rows
from quimbot.runs.scorecard import Judged, read_judged, score_folders
from quimbot.runs.watch import Watch
from quimbot.runtimes.connect import is_endpoint, open_runtimes
from quimbot.runtimes.runtime import Reply, Sampling
from quimbot.verify.suite import spread

_PAGE, _RESULT = "judge.html", "judge.json"
_OPINIONS, _LOG = "opinions.jsonl", "answers.jsonl"


@dataclass(frozen=True, kw_only=True)
class JudgeSettings:
    """Settings of `quimbot judge`."""

    scores: Path
    """Folder that `quimbot score` wrote."""
    endpoint: str
    """The judge: https://host/v1#model, or any other address that answers a chat."""
    output: Path
    """Folder for the page (`judge.html`) and its numbers (`judge.json`), for the opinion on each
    reply (`opinions.jsonl`) and for the judge's own words (`answers.jsonl`, kept even with --force,
    so that nothing is asked twice)."""
    criteria: tuple[Criterion, ...] = get_args(Criterion)
    """Questions to ask of each reply."""
    limit: int = 0
    """Judge the replies to this many learner turns, spread over them the same way each time; 0
    judges all. Labelled replies are judged besides, and count only beside their labels."""
    labels: tuple[Path, ...] = ()
    """What people said of these replies, as exported by the sheet of `quimbot label make`."""
    dry_run: bool = False
    """Tell how many requests and tokens it would take, and ask nothing."""
    max_requests: int = 0
    """Stop after this many requests, with status 3; the same command goes on. 0 sets no limit."""
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
        least_of = {"limit": 0, "max_requests": 0, "max_tokens": 1, "at_once": 1}
        for name, least in least_of.items():
            if getattr(self, name) < least:
                raise RecipeError(f"{name} is {getattr(self, name)}; it must be {least} or more")

    def inputs(self) -> tuple[Path, ...]:
        """The scores, the labels, and the judge where it is a folder."""
        folder = local_folder(self.endpoint)
        return (self.scores, *self.labels, *([folder] if folder else []))

    def outputs(self) -> tuple[Path, ...]:
        """What is made anew from the judge's words; those stay. Nothing when only counted."""
        if self.dry_run:
            return ()
        return (self.output / _PAGE, self.output / _RESULT, self.output / _OPINIONS)

    def sampling(self) -> Sampling:
        """The likeliest answer, always."""
        return Sampling(max_tokens=self.max_tokens)


def judge(settings: JudgeSettings, watch: Watch) -> str:
    """Ask, settle and write what the judge found.

    Raises:
        DataError: there is nothing to judge, or the labels are of other replies.
        OutOfCredit: the judge's account or `max_requests` is spent; what it said is kept.
        RuntimeFault: the judge is out of reach; what it said is kept.
    """
    every = _scored(settings.scores)
    chosen = spread(dict.fromkeys(row.item for row in every), settings.limit)
    rows = [row for row in every if row.item in chosen]
    if not rows:
        raise DataError(f"{settings.scores}: no reply to judge; score again")
    labels = read_labels(settings.labels, {row.record.id: row for row in every})
    labelled = {label.reply for label in labels}
    heard = [row for row in every if row.item in chosen or row.record.id in labelled]
    whom = entrants((settings.endpoint,))[-1]  # of a training run the last, as everywhere
    log = AnswerLog(settings.output / _LOG)
    asked = _asked(whom, heard, settings.criteria)
    if settings.dry_run:
        return _preview(asked, settings, log)
    _ask(asked, settings, log, watch)
    opinions = _opinions(whom, heard, settings, log)
    result = judgement(
        rows,
        opinions,
        labels,
        criteria=settings.criteria,
        judge=whom.address,
        scores=settings.scores,
    )
    page, numbers, each = settings.outputs()
    write_rows(each, opinions.values())
    write_json(numbers, result)
    with replacing(page) as file:
        file.write(render(result, differences(heard, opinions, labels)).encode("utf-8", "replace"))
    return summary(result, opinions.values())


def _scored(named: Path) -> list[Judged]:
    """The replies of one suite."""
    folder, *more = score_folders(named)
    if more:
        names = ", ".join(path.name for path in (folder, *more))
        raise DataError(f"{named}: holds several suites; name one: {names}")
    return list(read_judged(folder))


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


def _asked(
    whom: Entrant, rows: Sequence[Judged], criteria: Sequence[Criterion]
) -> list[JudgeQuestion]:
    return [
        question
        for row, criterion in _pairs(rows, criteria)
        for question in _questions(whom, row, criterion)
    ]


def _preview(asked: Sequence[JudgeQuestion], settings: JudgeSettings, log: AnswerLog) -> str:
    """How much is still to ask; a judge is paid by the token."""
    if is_endpoint(settings.endpoint):
        with open_runtimes([settings.endpoint]):
            pass  # an address that names no model, or tells a secret, is refused now
    sampling = settings.sampling()
    open_ = [question for question in asked if log.said(question.key(sampling)) is None]
    letters = sum(len(said.content) for question in open_ for said in question.chat())
    return (
        f"{len(open_):,} requests to {settings.endpoint} ({len(asked):,} in all, "
        f"{len(asked) - len(open_):,} answers are kept): about {letters // 4:,} tokens to read, at "
        f"four characters each, and at most {len(open_) * settings.max_tokens:,} to write"
    )


def _ask(
    asked: Sequence[JudgeQuestion], settings: JudgeSettings, log: AnswerLog, watch: Watch
) -> None:
    sampling, address = settings.sampling(), asked[0].judge.address
    open_ = [question for question in asked if log.said(question.key(sampling)) is None]
    if not open_:
        return
    kept = len(asked) - len(open_)
    unparsable = 0
    cost = 0.0

    def done(outcome: Reply | QuimbotError) -> None:
        nonlocal kept, unparsable, cost
        if isinstance(outcome, Reply):
            kept += 1
            unparsable += read(outcome.text) is None
            cost += outcome.cost or 0.0
            facts: dict[str, float | str] = {"unparsable": str(unparsable)} if unparsable else {}
            task.advance(1, **(facts | ({"cost": cost} if cost else {})))
            return
        task.advance()

    with (
        open_runtimes([address], at_once=settings.at_once) as opened,
        watch.task("judge", len(asked), done=kept) as task,
    ):
        ask(
            opened[address],
            asked,
            sampling,
            log,
            at_once=settings.at_once,
            most=settings.max_requests,
            done=done,
        )
    if 0 < settings.max_requests < len(open_):
        raise OutOfCredit(
            f"max_requests of {settings.max_requests:,} are made; {kept_of(kept, len(asked))}"
        )


def _opinions(
    whom: Entrant, rows: Sequence[Judged], settings: JudgeSettings, log: AnswerLog
) -> Opinions:
    def words(question: JudgeQuestion) -> str | None:
        return log.said(question.key(settings.sampling()))

    found: Opinions = {}
    for row, criterion in _pairs(rows, settings.criteria):
        first, second = _questions(whom, row, criterion)
        said = words(first), words(second)
        found[row.record.id, criterion] = Opinion(
            reply=row.record.id, criterion=criterion, finding=settle(said), said=said
        )
    return found
