"""What a judge said, for people: one line, and a page with the replies where it differs.

Both begin with whether people bear the judge out.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from quimbot.evaluate.criteria import Criterion, verifier_says
from quimbot.evaluate.judgement import Judgement, Opinion, Opinions, Tally
from quimbot.evaluate.labels import Label, majority
from quimbot.evaluate.opinion import spoken
from quimbot.evaluate.templates import source, template
from quimbot.runs.scorecard import Judged

_STYLES = ("report.css", "labelled.css", "second_opinion.css")
_SHOWN = 8
"""Replies shown of each question."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A reply about which the judge says other than the verifier or most people."""

    criterion: Criterion
    row: Judged
    judge: bool
    verifier: bool | None
    people: bool | None


def differences(
    rows: Sequence[Judged], opinions: Opinions, labels: Sequence[Label]
) -> list[Difference]:
    """All of them, those with people first; equal replies to equal turns once."""
    people = majority(labels)
    by_id = {row.record.id: row for row in rows}
    found = []
    for (reply, criterion), opinion in opinions.items():
        if opinion.finding not in {"yes", "no"}:
            continue
        row, says = by_id[reply], opinion.finding == "yes"
        others = verifier_says(criterion, row), people.get((reply, criterion))
        if (not says) in others:
            found.append(
                Difference(
                    criterion=criterion, row=row, judge=says, verifier=others[0], people=others[1]
                )
            )
    return sorted(found, key=lambda one: one.people in {None, one.judge})


def render(result: Judgement, differing: Sequence[Difference]) -> str:
    """The page as HTML; what models and learners wrote is escaped."""
    by_model: dict[tuple[str, str], dict[Criterion, Tally]] = defaultdict(dict)
    for tally in result.tallies:
        by_model[tally.address, tally.measure][tally.criterion] = tally
    by_question = {
        criterion: [one for one in differing if one.criterion == criterion]
        for criterion in result.questions
    }
    return template("second_opinion.html").render(
        result=result,
        by_model=by_model,
        by_chance=[
            criterion
            for criterion, held in result.calibration.items()
            if held and not held.beyond_chance
        ],
        by_question=by_question,
        shown=_SHOWN,
        css=Markup("".join(map(source, _STYLES))),  # noqa: S704 - our own files
    )


def summary(result: Judgement, opinions: Collection[Opinion]) -> str:
    """One line: what came of the questions, what to mind, and whether people bear it out."""
    found = Counter(opinion.finding for opinion in opinions)
    settled = found["yes"] + found["no"]
    both = settled + found["flipped"]
    flipped = f"{found['flipped'] / both:.0%} of {both:,} flipped" if both else "none could be read"
    models = len({tally.address for tally in result.tallies})
    parts = [
        (
            f"{result.judge} was asked {len(opinions):,} questions about {models} "
            f"model{'s' if models > 1 else ''}, each in both orders: {flipped}, "
            f"{found['unparsable']:,} unparsable, {found['failed']:,} failed"
        )
    ]
    if found["failed"]:
        parts.append("--force asks again what failed")
    if silent := sum(
        text is not None and not spoken(text) for one in opinions for text in one.said
    ):
        parts.append(
            f"{silent:,} answers hold no words after any thoughts: a judge that thinks needs more "
            "--max-tokens"
        )
    if result.kin:
        parts.append(
            f"the judge's own family is among the judged ({', '.join(result.kin)}), which it may "
            "favour: take another"
        )
    return "; ".join([*parts, result.status])
