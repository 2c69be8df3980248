"""What a judge's words add up to, and how far people bear them out."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from quimbot.evaluate.criteria import QUESTIONS, Criterion, applies, verifier_says
from quimbot.evaluate.kin import kin
from quimbot.evaluate.labels import Label, majority
from quimbot.evaluate.opinion import Finding
from quimbot.evaluate.people import FEWEST, AgainstPeople, against_people
from quimbot.evaluate.rates import rate_of
from quimbot.records.record import Strict
from quimbot.runs.scorecard import Judged, Rate


class Opinion(Strict, frozen=True, kw_only=True):
    """What the judge said about one reply."""

    reply: str
    """Id of the record that holds it."""
    criterion: Criterion
    finding: Finding
    said: tuple[str | None, str | None]
    """Its own words with yes offered first, then with no first; none where no answer came."""


class Tally(Strict, frozen=True, kw_only=True):
    """The judge's answers to one question about one runtime's replies."""

    address: str
    measure: str
    """The move that was asked for, or another check."""
    criterion: Criterion
    yes: Rate
    """Over the replies where both orders gave the same answer."""
    verifier_yes: Rate | None
    """The verifier's answers about the same replies; none where it has none."""
    flipped: Rate
    """Answers that followed the order, over the replies where both could be read."""
    unparsable: int
    """Replies where an answer began with neither yes nor no."""
    failed: int
    """Replies where an answer did not come."""


class Judgement(Strict, frozen=True, kw_only=True):
    """What `quimbot judge` found, and how far people bear it out."""

    judge: str
    scores: str
    questions: dict[Criterion, str]
    status: str
    """In plain words, whether the judge has been compared with people, and how they agree."""
    kin: tuple[str, ...]
    """The judged models of the judge's own family, as far as names tell: it may favour them."""
    labels_missing: dict[Criterion, int]
    """Labelled replies that each question still lacks."""
    divided: dict[Criterion, int]
    """Labelled replies left out because people are evenly divided about them."""
    calibration: dict[Criterion, AgainstPeople | None]
    """None until people have labelled at least 50 of the replies that it judged."""
    tallies: tuple[Tally, ...]


Opinions = dict[tuple[str, Criterion], Opinion]
"""By reply and question."""


def judgement(
    rows: Sequence[Judged],
    opinions: Opinions,
    labels: Sequence[Label],
    *,
    criteria: Sequence[Criterion],
    judge: str,
    scores: Path,
) -> Judgement:
    """The judge's answers by runtime and question, with people's beside them where there are."""
    people = majority(labels)
    compared = {
        criterion: against_people(
            [
                (answer, opinion.finding == "yes")
                for key, answer in people.items()
                if key[1] == criterion
                and (opinion := opinions.get(key))
                and opinion.finding in {"yes", "no"}
            ]
        )
        for criterion in criteria
    }
    missing = {criterion: max(0, FEWEST - held.n) for criterion, held in compared.items()}
    return Judgement(
        judge=judge,
        scores=str(scores),
        questions={criterion: QUESTIONS[criterion] for criterion in criteria},
        status=_status(compared, missing),
        kin=kin(judge, (row.address for row in rows)),
        labels_missing=missing,
        divided={
            criterion: len(
                {
                    label.reply
                    for label in labels
                    if criterion in label.answers and (label.reply, criterion) not in people
                }
            )
            for criterion in criteria
        },
        calibration={
            criterion: None if missing[criterion] else held for criterion, held in compared.items()
        },
        tallies=tuple(_tallies(rows, opinions, criteria)),
    )


def _tallies(
    rows: Sequence[Judged], opinions: Opinions, criteria: Sequence[Criterion]
) -> Iterator[Tally]:
    groups: dict[tuple[str, str], list[Judged]] = defaultdict(list)
    for row in rows:
        groups[row.address, row.measure].append(row)
    for own in groups.values():
        for criterion in criteria:
            if asked := [row for row in own if applies(criterion, row)]:
                yield _tally(asked, opinions, criterion)


def _tally(own: Sequence[Judged], opinions: Opinions, criterion: Criterion) -> Tally:
    def found(row: Judged) -> Finding:
        return opinions[row.record.id, criterion].finding

    settled = [row for row in own if found(row) in {"yes", "no"}]
    parsed = settled + [row for row in own if found(row) == "flipped"]
    counts = Counter(map(found, own))
    seen = [row for row in settled if verifier_says(criterion, row) is not None]
    return Tally(
        address=own[0].address,
        measure=own[0].measure,
        criterion=criterion,
        yes=rate_of(settled, lambda row: found(row) == "yes"),
        verifier_yes=rate_of(seen, lambda row: bool(verifier_says(criterion, row)))
        if seen
        else None,
        flipped=rate_of(parsed, lambda row: found(row) == "flipped"),
        unparsable=counts["unparsable"],
        failed=counts["failed"],
    )


def _status(compared: Mapping[Criterion, AgainstPeople], missing: Mapping[Criterion, int]) -> str:
    lacking = {criterion: count for criterion, count in missing.items() if count}
    known = "; ".join(
        f"{criterion} {_borne_out(held)}"
        for criterion, held in compared.items()
        if criterion not in lacking
    )
    known = known and f"compared with people, by kappa and how often each says yes: {known}"
    if not lacking:
        return known
    if not known and len(set(lacking.values())) == 1:
        count = next(iter(lacking.values()))
        wanted = "label of these replies is" if count == 1 else "labels of these replies are"
        return f"uncalibrated: {count} more human {wanted} needed"
    each = ", ".join(f"{criterion} {count}" for criterion, count in lacking.items())
    told = f"uncalibrated: more human labels of these replies are needed ({each})"
    return f"{told}; {known}" if known else told


def _borne_out(held: AgainstPeople) -> str:
    """How one question's answers agree with people's, with the base rates of both."""
    yes = f"people {held.people_yes.value:.0%}, judge {held.machine_yes.value:.0%} of {held.n}"
    if held.kappa is None or held.kappa_low is None or held.kappa_high is None:
        return f"none, both always say the same ({yes})"
    chance = "" if held.beyond_chance else ", no more than chance is shown"
    return f"{held.kappa:.2f} ({held.kappa_low:.2f} to {held.kappa_high:.2f}{chance}; {yes})"
