"""`label open`: what people said, held against the verifier: a page, the numbers, one sentence."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from quimbot.evaluate.criteria import QUESTIONS, Criterion
from quimbot.evaluate.label import tally
from quimbot.evaluate.label.tally import MOST, Between, Checked, Dispute
from quimbot.evaluate.labels import labelled_replies, read_labels
from quimbot.evaluate.people import FEWEST
from quimbot.evaluate.templates import must_be_page, source, template
from quimbot.evaluate.wording import FAULTS
from quimbot.exceptions import RecipeError
from quimbot.records.jsonl import replacing, write_json
from quimbot.records.record import Strict
from quimbot.runs.scorecard import read_judged
from quimbot.runs.watch import Watch


@dataclass(frozen=True, kw_only=True)
class LabelOpenSettings:
    """Settings of `quimbot label open`."""

    exports: tuple[Path, ...]
    """Files that the raters saved, one each."""
    scores: Path
    """Folder that `quimbot score` wrote and the sheet was made from."""
    output: Path
    """HTML file for the result; the numbers go beside it as JSON."""

    def __post_init__(self) -> None:
        """Check that there is something to open."""
        if not self.exports:
            raise RecipeError("exports is empty; name at least one file that a rater saved")
        must_be_page(self.output)

    def inputs(self) -> tuple[Path, ...]:
        """The scores and what the raters saved."""
        return (self.scores, *self.exports)

    def outputs(self) -> tuple[Path, ...]:
        """The page and the numbers."""
        return (self.output, self.output.with_suffix(".json"))


class Opened(Strict, frozen=True, kw_only=True):
    """How the verifier and people compare."""

    verdict: str
    enough: str
    """Whether so many labels say much."""
    about: str
    """What precision and recall are about."""
    raters: dict[str, int]
    """Rater -> replies labelled."""
    questions: dict[Criterion, str]
    verifier: tuple[Checked, ...]
    people: tuple[Between, ...]
    disputes: tuple[Dispute, ...]


def label_open(settings: LabelOpenSettings, watch: Watch) -> str:  # noqa: ARG001 - it takes no time
    """Compare, and write the page and the numbers.

    Raises:
        DataError: a file is not what a rater saved, is about other replies, or a rater comes twice.
    """
    replies = labelled_replies(read_judged(settings.scores))
    labels = read_labels(settings.exports, replies)
    checked = tuple(tally.checked(labels, replies))
    raters = Counter(label.rater for label in labels)
    opened = Opened(
        verdict=_verdict(checked),
        enough=_enough(raters),
        about=_about(checked, len(replies)),
        raters=dict(raters),
        questions={criterion: QUESTIONS[criterion] for criterion in tally.by_rater(labels)},
        verifier=checked,
        people=tuple(tally.between(labels)),
        disputes=tuple(tally.disputes(labels, replies)),
    )
    page, numbers = settings.outputs()
    with replacing(page) as file:
        file.write(render(opened).encode("utf-8", "replace"))
    write_json(numbers, opened)
    return f"{opened.verdict} {opened.enough}"


def render(opened: Opened) -> str:
    """The page as HTML; what models and raters wrote is escaped."""
    return template("labelled.html").render(
        opened=opened,
        faults=FAULTS,
        css=Markup(source("report.css") + source("labelled.css")),  # noqa: S704 - our own files
    )


def _verdict(checked: Sequence[Checked]) -> str:
    """The first question in words: with most people, or with each where there are one or two."""
    own = [one for one in checked if one.criterion == checked[0].criterion]
    if not own:
        return "The verifier has no answer of its own to what was asked."
    with_whom = [one for one in own if one.rater == MOST] or own
    name = own[0].criterion.replace("_", " ")
    return f"On {name}, the verifier says the same as {' and '.join(map(_agreed, with_whom))}."


def _agreed(one: Checked) -> str:
    held = one.labelled
    text = f"{one.rater} about {held.agreement.passed} of {held.n} replies"
    if held.kappa is None or held.kappa_low is None or held.kappa_high is None:
        return f"{text} (how much of that is chance cannot be told)"
    interval = f"95% interval {held.kappa_low:.2f} to {held.kappa_high:.2f}"
    return f"{text} (kappa {held.kappa:.2f}, {interval})"


def _enough(raters: Mapping[str, int]) -> str:
    few = {rater: count for rater, count in raters.items() if count < FEWEST}
    if not few:
        return f"Everybody labelled at least {FEWEST} replies."
    each = ", ".join(f"{rater} {count}" for rater, count in few.items())
    return f"Fewer than {FEWEST} labels ({each}): too few to trust any one number."


def _about(checked: Sequence[Checked], every: int) -> str:
    covered = min((one.whole.of for one in checked), default=0)
    which = f"all {every}" if covered == every else f"{covered} to {every} of the {every}"
    return (
        "The sheet holds as many passed as failed replies, which the scores do not. Precision, "
        f"recall and F1 are estimates for {which} replies in the scores that answer a turn with an "
        "error, with 95% intervals; the counts and kappa are of the labelled replies as they are. "
        "Precision: of what the verifier calls yes, how much the person calls yes too. Recall: of "
        "what the person calls yes, how much the verifier does. F1 is their harmonic mean. Kappa "
        "is agreement beyond chance: 0 is chance, 1 is perfect."
    )
