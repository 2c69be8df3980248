"""Criteria proposed for a corpus, and what each takes out of it: alone, and after the others."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quimbot.curate.design_report import Basis, Criterion, Example, Shape
from quimbot.curate.looked_at import Row
from quimbot.records.record import Record, Verdict
from quimbot.records.texts import first_turn
from quimbot.runs.scorecard import Rate
from quimbot.runs.watch import Task, Watch
from quimbot.verify.catalog import verifier
from quimbot.verify.found import PASSED
from quimbot.verify.private_data import masked, private_data

Mask = npt.NDArray[np.bool_]

LONGEST = 400
_BATCH = 1024
_EXAMPLES = 3
_SHOWN = 110
_UNSHOWN = ("moderation",)
"""Checks of whose rows nothing is shown but the reason."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One criterion with its verdict on every row looked at."""

    check: str
    why: str
    basis: Basis
    verdicts: Sequence[Verdict]

    @property
    def passed(self) -> Mask:
        """Whether each row stays."""
        return np.array([verdict.passed for verdict in self.verdicts], np.bool_)


Proposed = tuple[str, str, Basis]
"""The spelling of a check, why it is proposed, and on what its number rests."""


def proposed(records: Sequence[Record], language: str, shape: Shape) -> list[Proposed]:
    """Checks that any corpus of that language should pass, the cheap ones first."""
    tags = set().union(*(record.tags for record in records)) if records else set()
    long = f"at most {shape.reply_words.p95:,} words"
    checks: list[Proposed] = [
        ("structure", "only a chat that ends in a reply can be learnt from", "judgement")
    ]
    if tags & {"flagged", "redacted"}:
        checks.append(("moderation", "the corpus itself marks such rows", "measured"))
    if "quality" in tags:
        checks.append(("quality:good,excellent", "the corpus grades its own rows", "judgement"))
    checks += [
        (
            f"length:3-{LONGEST}",
            f"longer is cut at 1,024 tokens when learnt; 95 in 100 replies have {long}",
            "judgement",
        ),
        ("refusals", "a tutor that refuses, or speaks of itself as a model, is none", "judgement"),
        ("pii", "what is learnt may be said again, to anybody", "judgement"),
        (f"language:{language}", "a variant speaks one language; short text passes", "measured"),
    ]
    return checks


def looked_into(checks: Iterable[Proposed], rows: Sequence[Row], watch: Watch) -> list[Finding]:
    """The verdicts of checks, each on every row."""
    records, checks = [row.record for row in rows], list(checks)
    with watch.task("checks", len(records) * len(checks)) as task:
        return [
            Finding(check, why, basis, _verdicts(check, records, task))
            for check, why, basis in checks
        ]


def _verdicts(check: str, records: Sequence[Record], task: Task) -> list[Verdict]:
    verify = verifier(check)
    verdicts: list[Verdict] = []
    for begin in range(0, len(records), _BATCH):
        batch = records[begin : begin + _BATCH]
        verdicts += verify.check(batch)
        task.advance(len(batch))
    return verdicts


def repeated(rows: Sequence[Row]) -> Finding:
    """What `dedup` takes out: what Stage 1 or another row says already."""
    verdicts = [
        Verdict(passed=False, reason=row.repeats) if row.repeats else PASSED for row in rows
    ]
    why = "learnt twice is learnt by heart; of copies one stays"
    return Finding("dedup", why, "judgement", verdicts)


def told(
    findings: Sequence[Finding], rows: Sequence[Row], alive: Mask | None = None
) -> tuple[tuple[Criterion, ...], Mask]:
    """The criteria with their counts, in sequence from the rows that are alive; who is left."""
    alive = np.ones(len(rows), np.bool_) if alive is None else alive
    criteria = []
    for finding in findings:
        passed = finding.passed
        criteria.append(_told(finding, rows, passed, alive))
        alive = alive & passed
    return tuple(criteria), alive


def _told(finding: Finding, rows: Sequence[Row], passed: Mask, alive: Mask) -> Criterion:
    fallen = np.flatnonzero(~passed).tolist()
    reasons = Counter(finding.verdicts[place].reason for place in fallen)
    return Criterion(
        check=finding.check,
        why=finding.why,
        basis=finding.basis,
        alone=Rate.of(len(fallen), len(rows)),
        entered=int(alive.sum()),
        left=int((alive & passed).sum()),
        reasons=dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        examples=tuple(_examples(finding, rows, fallen)),
    )


def _examples(finding: Finding, rows: Sequence[Row], fallen: Sequence[int]) -> Iterable[Example]:
    """A few rows, of different reasons first."""
    firsts = {finding.verdicts[place].reason: place for place in reversed(fallen)}
    for place in sorted(list(dict.fromkeys((*firsts.values(), *fallen)))[:_EXAMPLES]):
        record, verdict = rows[place].record, finding.verdicts[place]
        # A detail quotes so many characters: private data cut in half are not known as such.
        quoted = verdict.detail if finding.check == "pii" or not _private(record) else ""
        begins = "" if finding.check in _UNSHOWN else masked(first_turn(record))
        yield Example(
            reason=verdict.reason,
            detail=quoted,
            learner=textwrap.shorten(begins, _SHOWN, placeholder=" …"),
        )


def _private(record: Record) -> bool:
    return any(any(private_data(message.content)) for message in record.messages)
