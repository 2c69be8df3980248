"""Which criteria and variants a design proposes: as strict as still leaves enough rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from quimbot.curate.criteria import Finding, Mask, looked_into, told
from quimbot.curate.design_report import Variant
from quimbot.curate.looked_at import Row
from quimbot.curate.proposal import Learners, available, held_out, learners, propose, wanted
from quimbot.exceptions import DataError
from quimbot.runs.scorecard import Rate
from quimbot.runs.watch import Watch

_KINDS = ("talk", "talk:talk,task", "talk:talk,task,long")
"""Kinds of chat to keep, from the best to the last that a tutor can use."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """What is known of the corpus before anything is chosen."""

    rows: Sequence[Row]
    """Those looked at."""
    count: int
    """Of all rows."""
    stage1_rows: int
    language: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What is proposed."""

    findings: list[Finding]
    """The common criteria in order."""
    held_out: float
    variants: tuple[Variant, ...]
    warnings: tuple[str, ...]


def choose(
    corpus: Candidate, common: Sequence[Finding], last: Sequence[Finding], rate: float, watch: Watch
) -> Choice:
    """The strictest kinds of chat that leave enough rows for every variant, and the variants.

    `last` are the steps after the checks, `rate` is the learning rate of the recipe.

    Raises:
        DataError: no row is left for any variant.
    """
    who = learners(corpus.language)
    own = {one.name: looked_into(one.checks, corpus.rows, watch) for one in who}
    kinds = looked_into([(kind, _why(kind), "measured") for kind in _KINDS], corpus.rows, watch)
    goal = wanted(corpus.stage1_rows)
    findings = [*common, kinds[0], *last]
    alive = told(findings, corpus.rows)[1]
    for kind in kinds[1:]:
        if min(_room(one, own, alive, corpus) for one in who) >= goal:
            break
        findings = [*common, kind, *last]
        alive = told(findings, corpus.rows)[1]
    variants = tuple(_variants(who, own, alive, corpus, rate))
    if not variants:
        worst = max(findings, key=lambda finding: int((~finding.passed).sum()))
        raise DataError(
            f"no row of the corpus can be used: of {len(corpus.rows):,} looked at {worst.check} "
            f"takes out {int((~worst.passed).sum()):,}; give another corpus or --language"
        )
    made = {one.name: one.size for one in variants}
    warnings = [
        f"the corpus has rows for {made.get(one.name, 0):,} of the {goal:,} wanted for {one.name}"
        for one in who
        if made.get(one.name, 0) < goal // 10 * 10
    ]
    return Choice(findings, _held(alive, corpus), variants, tuple(warnings))


def _variants(
    who: Sequence[Learners],
    own: Mapping[str, Sequence[Finding]],
    alive: Mask,
    corpus: Candidate,
    rate: float,
) -> list[Variant]:
    """The variants that rows are left for."""
    return [
        propose(
            one,
            told(own[one.name], corpus.rows, alive)[0],
            _left(own[one.name], alive),
            language=corpus.language,
            rows=corpus.count,
            stage1_rows=corpus.stage1_rows,
            held=_held(alive, corpus),
            learning_rate=rate,
        )
        for one in who
        if _room(one, own, alive, corpus)
    ]


def _room(
    one: Learners, own: Mapping[str, Sequence[Finding]], alive: Mask, corpus: Candidate
) -> int:
    """Rows of a mix that the corpus has new rows for."""
    usable = _left(own[one.name], alive)
    return int(available(usable, corpus.count, _held(alive, corpus)) / one.new)


def _held(alive: Mask, corpus: Candidate) -> float:
    """The share to hold out of the rows that are left for all variants."""
    return held_out(int(alive.mean() * corpus.count))


def _left(own: Sequence[Finding], alive: Mask) -> Rate:
    for finding in own:
        alive = alive & finding.passed
    return Rate.of(int(np.count_nonzero(alive)), len(alive))


def _why(kind: str) -> str:
    why = "a tutor talks; code and lists teach it something else"
    return why if kind == _KINDS[0] else f"{why}; others stay, since too few rows are talk"
