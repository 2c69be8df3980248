"""`blind open`: what the raters saved, joined with the key: a page, the numbers, one sentence."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from quimbot.evaluate.agreement import Agreement
from quimbot.evaluate.blind import tally
from quimbot.evaluate.blind.given import read_all
from quimbot.evaluate.blind.raters import doubts, in_words, whoever_stood_there
from quimbot.evaluate.blind.sheet import BAD, REASONS, TIE, read_key
from quimbot.evaluate.blind.tally import Dispute, Preference, Rater
from quimbot.evaluate.table import names
from quimbot.evaluate.templates import must_be_page, source, template
from quimbot.exceptions import RecipeError
from quimbot.records.jsonl import replacing, write_json
from quimbot.records.record import Strict
from quimbot.runs.watch import Watch

_FEW = 50
"""Turns under which agreement is a rough figure: at 30, a kappa of .6 is .3 off either way."""


@dataclass(frozen=True, kw_only=True)
class BlindOpenSettings:
    """Settings of `quimbot blind open`."""

    exports: tuple[Path, ...]
    """Files that the raters saved, one each."""
    key: Path
    """Key that `quimbot blind make` wrote with the page."""
    output: Path
    """HTML file for the result; the numbers go beside it as JSON."""

    def __post_init__(self) -> None:
        """Check that there is something to open."""
        if not self.exports:
            raise RecipeError("exports is empty; name at least one file that a rater saved")
        twice = [path for path, times in Counter(self.inputs()).items() if times > 1]
        if twice:
            raise RecipeError(f"{twice[0]} is named twice; name the key and each export once")
        if len({*self.inputs(), *self.outputs()}) < len(self.inputs()) + len(self.outputs()):
            raise RecipeError(
                f"output {self.output}: it and its .json must be files of their own, not the key "
                "or an export; give another output"
            )
        must_be_page(self.output)

    def inputs(self) -> tuple[Path, ...]:
        """The key and what the raters saved."""
        return (self.key, *self.exports)

    def outputs(self) -> tuple[Path, ...]:
        """The page and the numbers."""
        return (self.output, self.output.with_suffix(".json"))


class Opened(Strict, frozen=True, kw_only=True):
    """What a blind review found."""

    sheet: str
    suite: str
    verdict: str
    details: tuple[str, ...]
    """The numbers behind the verdict in words, a sentence a comparison."""
    preferences: tuple[Preference, ...]
    bad: int
    """Judgements that found all replies bad."""
    judgements: int
    """On pairs that count."""
    sides: tuple[int, ...]
    """How often each side was preferred on pairs that count."""
    measure: str
    """What `agreement` is; empty for one rater."""
    agreement: Agreement | None
    agree: str
    """The same in words."""
    raters: tuple[Rater, ...]
    doubts: tuple[str, ...]
    """What to know of raters before relying on their answers."""
    missing: tuple[str, ...]
    """Asked, but saved nothing yet."""
    reasons: dict[str, dict[str, int]]
    disputes: tuple[Dispute, ...]


def open_(settings: BlindOpenSettings, watch: Watch) -> str:  # noqa: ARG001 - it takes no time
    """Count, and write the page and the numbers.

    Raises:
        DataError: a file is not what a rater of this page saved, or a rater comes twice.
    """
    key = read_key(settings.key)
    given = read_all(settings.exports, key)
    short = names(key.runtimes)
    found = tally.preferences(key, given)
    judged = [answer for _, answers in tally.counted(key, given) for answer in answers]
    measured = tally.agreement(key, given)
    raters = tuple(tally.rater(key, name, own) for name, own in given.items())
    opened = Opened(
        sheet=key.sheet,
        suite=key.suite,
        verdict=_verdict(found, short),
        details=tuple(_detail(one, short) for one in found),
        preferences=found,
        bad=sum(answer.choice == BAD for answer in judged),
        judgements=len(judged),
        sides=tally.sides(key, given),
        measure=measured[0] if measured else "",
        agreement=measured[1] if measured else None,
        agree=_agree(*measured) if measured else "One rater: agreement takes two.",
        raters=raters,
        doubts=tuple(said for one in raters for said in doubts(one)),
        missing=tuple(name for name in key.raters if name not in given),
        reasons=tally.reasons(key, given),
        disputes=tuple(tally.disputes(key, given)),
    )
    page, numbers = settings.outputs()
    with replacing(page) as file:
        file.write(render(opened, short).encode("utf-8", "replace"))
    write_json(numbers, opened)
    return " ".join((opened.verdict, *opened.details, opened.agree, *opened.doubts))


def render(opened: Opened, short: Mapping[str, str]) -> str:
    """The page as HTML; what models and raters wrote is escaped."""
    return template("opened.html").render(
        opened=opened,
        short={**short, TIE: "about equal", BAD: "both bad" if len(short) == 2 else "all bad"},  # noqa: PLR2004 - both are two
        reasons=REASONS,
        raters=[(one.name, in_words(one)) for one in opened.raters],
        leaning=whoever_stood_there(opened.sides),
        disputes=[one for one in opened.disputes if not one.agreed],
        noted=[one for one in opened.disputes if one.agreed and any(s.note for s in one.said)],
        css=Markup(source("report.css") + source("opened.css")),  # noqa: S704 - our own files
    )


def _verdict(found: Sequence[Preference], short: Mapping[str, str]) -> str:
    """Who was found better, or that nobody was: an interval that holds one half shows nothing."""
    shown = [one for one in found if one.shown]
    if shown:
        return " ".join(
            f"People found {short[one.ours]} better than {short[one.theirs]}." for one in shown
        )
    *most, last = short.values()
    return f"No preference shown between {', '.join(most)} and {last}."


def _detail(found: Preference, short: Mapping[str, str]) -> str:
    """The numbers behind one comparison."""
    ours, theirs = short[found.ours], short[found.theirs]
    if not found.turns:
        return f"Nobody preferred {ours} or {theirs}."
    share = (
        f"Against {theirs}, {ours} won {found.rate:.0%} of {found.turns} learner turns, ties half "
        f"(95% interval {100 * found.low:.0f} to {100 * found.high:.0f})"
    )
    if found.shown:
        return f"{share}."
    if found.would_show is None:
        return f"{share}; so few turns can show nothing."
    return f"{share}; so few turns show only a win rate of {found.would_show:.0%} or more."


def _agree(measure: str, found: Agreement) -> str:
    """How far the raters agree, with a word of caution where turns are few."""
    plain = f"Raters say the same in {found.observed:.0%} of cases on {found.n} learner turns"
    if found.value is None or found.low is None or found.high is None:
        return f"{plain}; how much of that is chance cannot be told."
    figure = f"{measure} {found.value:.2f} (95% interval {found.low:.2f} to {found.high:.2f})"
    caution = "; with so few turns that is a rough figure" if found.n < _FEW else ""
    return f"{plain}; {figure}, where 0 is chance and 1 is perfect{caution}."
