"""Counting labels: the verifier against each person, and people against each other.

Counts, agreement and kappa are those of the labelled replies as they are. The sheet draws half of
them from what the verifier passes, so a share of them says nothing about all replies; precision and
recall are estimates for those (`estimate.py`).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import get_args

from quimbot.evaluate.agreement import Agreement, cohen_kappa
from quimbot.evaluate.criteria import Criterion, verifier_says
from quimbot.evaluate.label.estimate import Cell, Estimates, estimates
from quimbot.evaluate.labels import Label, majority, strata
from quimbot.evaluate.people import AgainstPeople, against_people
from quimbot.records.record import Strict
from quimbot.runs.scorecard import Judged

MOST = "most people"
"""Who stands for all raters together, where there are three or more."""

Answers = Mapping[str, bool]
"""One person's answers to one question, by reply."""


class Checked(Strict, frozen=True, kw_only=True):
    """The verifier's answers to one question, beside one person's."""

    criterion: Criterion
    rater: str
    labelled: AgainstPeople
    """On the labelled replies as they are."""
    whole: Estimates
    """For all replies of every kind of which the person labelled some."""


class Between(Strict, frozen=True, kw_only=True):
    """Two people on the replies that both labelled."""

    criterion: Criterion
    first: str
    second: str
    first_yes: int
    second_yes: int
    agreement: Agreement


class Dispute(Strict, frozen=True, kw_only=True):
    """A reply about which the verifier and people, or people among each other, do not agree."""

    criterion: Criterion
    reply: str
    learner: str
    right: str
    text: str
    verifier: bool | None
    check: str
    """The verifier's failing check, where there is one."""
    people: dict[str, bool]
    notes: dict[str, str]


def by_rater(labels: Sequence[Label]) -> dict[Criterion, dict[str, dict[str, bool]]]:
    """Criterion -> rater -> answers, the questions in their usual order."""
    found = {}
    for criterion in get_args(Criterion):
        own: dict[str, dict[str, bool]] = defaultdict(dict)
        for label in labels:
            if criterion in label.answers:
                own[label.rater][label.reply] = label.answers[criterion]
        if own:
            found[criterion] = dict(own)
    return found


def checked(labels: Sequence[Label], replies: Mapping[str, Judged]) -> Iterator[Checked]:
    """The verifier against every rater, and against most of them where there are three or more.

    What most of two say is only what both say, and that flatters.
    """
    most = majority(labels)
    for criterion, raters in by_rater(labels).items():
        everybody: Answers = {
            reply: yes for (reply, about), yes in most.items() if about == criterion
        }
        together = {MOST: everybody} if len(raters) > 2 else {}  # noqa: PLR2004 - as said
        for rater, answers in (together | raters).items():
            if pairs := _beside(criterion, answers, replies):
                yield _checked(criterion, rater, pairs, replies)


def _beside(
    criterion: Criterion, answers: Answers, replies: Mapping[str, Judged]
) -> dict[str, tuple[bool, bool]]:
    """(person, verifier) by reply, where both have an answer."""
    both = (
        (reply, yes, verifier_says(criterion, replies[reply])) for reply, yes in answers.items()
    )
    return {reply: (yes, says) for reply, yes, says in both if says is not None}


def _checked(
    criterion: Criterion,
    rater: str,
    pairs: Mapping[str, tuple[bool, bool]],
    replies: Mapping[str, Judged],
) -> Checked:
    return Checked(
        criterion=criterion,
        rater=rater,
        labelled=against_people(list(pairs.values())),
        whole=estimates(list(_cells(criterion, pairs, replies))),
    )


def _cells(
    criterion: Criterion, pairs: Mapping[str, tuple[bool, bool]], replies: Mapping[str, Judged]
) -> Iterator[Cell]:
    """The replies by verdict and by the verifier's answer, where the person labelled some."""
    for rows in strata(replies.values()).values():
        for says in (True, False):
            own = [row.record.id for row in rows if verifier_says(criterion, row) is says]
            labelled = [pairs[reply][0] for reply in own if reply in pairs]
            if labelled:
                yield Cell(says=says, of=len(own), labelled=len(labelled), yes=sum(labelled))


def between(labels: Sequence[Label]) -> Iterator[Between]:
    """Every two raters on what both labelled."""
    for criterion, raters in by_rater(labels).items():
        for first, second in combinations(raters, 2):
            shared = [reply for reply in raters[first] if reply in raters[second]]
            ours = [raters[first][reply] for reply in shared]
            theirs = [raters[second][reply] for reply in shared]
            if shared:
                yield Between(
                    criterion=criterion,
                    first=first,
                    second=second,
                    first_yes=sum(ours),
                    second_yes=sum(theirs),
                    agreement=cohen_kappa(ours, theirs),
                )


def disputes(labels: Sequence[Label], replies: Mapping[str, Judged]) -> Iterator[Dispute]:
    """The replies with more than one answer to a question, question by question."""
    notes: dict[str, dict[str, str]] = defaultdict(dict)
    for label in labels:
        if label.note.strip():
            notes[label.reply][label.rater] = label.note.strip()
    for criterion, raters in by_rater(labels).items():
        for reply, row in replies.items():
            people = {rater: own[reply] for rater, own in raters.items() if reply in own}
            says = verifier_says(criterion, row)
            if people and len({*people.values(), *(() if says is None else (says,))}) > 1:
                yield Dispute(
                    criterion=criterion,
                    reply=reply,
                    learner=row.learner.strip(),
                    right=row.corrections[0],
                    text=row.reply.strip(),
                    verifier=says,
                    check=row.verdict.reason,
                    people=people,
                    notes=notes[reply],
                )
