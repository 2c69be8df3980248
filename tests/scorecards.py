"""Judged replies, scorecards and perplexities made up for tests of what reads them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from msgspec import structs

from quimbot.evaluate.entrants import Entrant
from quimbot.evaluate.perplexity import surprise
from quimbot.evaluate.report import ReportSettings
from quimbot.evaluate.score import score_of
from quimbot.evaluate.select import SelectSettings, select
from quimbot.records.jsonl import write_json, write_rows
from quimbot.records.record import (
    Evidence,
    Lesson,
    Message,
    Move,
    Provenance,
    Record,
    Verdict,
)
from quimbot.runs.checkpoints import step_of
from quimbot.runs.scorecard import Check, Judged, Perplexities, Perplexity, Picked, Rate, Scorecard
from quimbot.runs.stamp import make_stamp, write_stamp
from quimbot.runs.watch import Silent

LEARNER = "Yesterday I go to the <b>store</b> number {}."
RIGHT = "Yesterday I went to the <b>store</b> number {}."


def judged(
    address: str,
    number: int,
    *,
    passed: bool,
    question: bool = True,
    red_pen: bool = False,
    kind: str = "R:VERB:TENSE",
) -> Judged:
    """One reply to learner turn `number`; two turns make a dialogue."""
    reply = f"Oh, you went there & back {number}?" if passed else f"You should say {number}. Why?"
    evidence = [Evidence(start=8, end=12, label="recast")] if passed else []
    if red_pen:
        evidence.append(Evidence(start=0, end=14, label="red_pen"))
    if question:
        evidence.append(Evidence(start=len(reply) - 5, end=len(reply), label="question"))
    verdict = Verdict(
        passed=passed,
        reason="" if passed else "red-pen" if red_pen else "no-recast",
        level="recast" if passed else "none",
        score=float(passed),
        evidence=tuple(evidence),
    )
    return Judged(
        address=address,
        item=f"turn-{number}",
        group=f"dialogue-{number // 2}",
        move=Move.RECAST,
        record=Record(
            messages=(
                Message(role="system", content="Be a tutor."),
                Message(role="user", content=LEARNER.format(number)),
                Message(role="assistant", content=reply),
            ),
            lessons=(
                Lesson(
                    turn=2,
                    move=Move.RECAST,
                    corrections=(RIGHT.format(number),),
                    error_types=(kind,),
                ),
            ),
            provenance=Provenance(source="suite", licence="MIT", author=address),
        ),
        verdict=verdict,
    )


def as_check(row: Judged, check: Check, *, l1: str = "") -> Judged:
    """The same reply, judged by another check than a move."""
    return structs.replace(row, check=check, move=None, l1=l1)


def write_scores(
    folder: Path,
    rows: Mapping[str, Sequence[Judged]],
    *,
    of: int = 233,
    suite: str = "scaffolding",
    max_tokens: int = 48,
) -> Path:
    """A score folder as `quimbot score` leaves it."""
    every = [row for own in rows.values() for row in own]
    asked = {(name, row.check, row.move): None for name, own in rows.items() for row in own}
    turns = max(len(own) for own in rows.values())
    card = Scorecard(
        suite=suite,
        suite_sha256=hashlib.sha256(f"{suite} {turns}".encode()).hexdigest(),
        turns=turns,
        of=of,
        max_tokens=max_tokens,
        temperature=0.0,
        seed=0,
        quimbot="0.1.0",
        scores=tuple(
            score_of(
                Entrant(address=address, step=step_of(address)), move, len(own), own, check=check
            )
            for address, check, move in asked
            if (own := [row for row in rows[address] if (row.check, row.move) == (check, move)])
        ),
    )
    write_rows(folder / "judged.jsonl", every)
    write_json(folder / "scores.json", card)
    return folder


def write_perplexity(
    path: Path, nats_a_token: Mapping[str, float], *, data: str = "held.jsonl"
) -> Path:
    """Perplexities as `quimbot perplexity` leaves them."""
    write_json(
        path,
        Perplexities(
            data=data,
            data_sha256=hashlib.sha256(data.encode()).hexdigest(),
            records=100,
            records_sha256=hashlib.sha256(data.encode()).hexdigest(),
            leaked=0,
            leaked_share=0.0,
            runtimes=tuple(
                Perplexity(
                    address=address,
                    adapter="",
                    step=step_of(address),
                    overall=surprise([(nats * 1000, 1000, 4000)]),
                    sources={
                        "bank": surprise([(nats * 600, 600, 2400)]),
                        "chat": surprise([(nats * 400, 400, 1600)]),
                    },
                )
                for address, nats in nats_a_token.items()
            ),
        ),
    )
    return path


def choice(address: str) -> Picked:
    """A choice over the model `base`."""
    rate = Rate.of(30, 60)
    return Picked(
        address=address,
        adapter="",
        step=step_of(address),
        base="base",
        rule="",
        sentence="",
        n=60,
        verified=rate,
        red_pen=rate,
        question=rate,
        perplexity=None,
        over_base=(0.0, 0.0, 0.0),
        over_next=None,
    )


ATTACK = "<script>alert(1)</script> {{ 7 * 7 }} \"'><img src=x onerror=alert(2)>"


def attacking(row: Judged) -> Judged:
    """The same reply with an attack for text, its evidence still in place."""
    messages = (*row.record.messages[:2], Message(role="assistant", content=ATTACK))
    record = Record(messages=messages, lessons=row.record.lessons, provenance=row.record.provenance)
    return structs.replace(row, record=record)


def make_run(folder: Path, *, attack: bool = False) -> ReportSettings:
    """A whole run folder: a choice on 40 turns, base, choice and variant on 60."""
    rates = {"base": 1, "stage1/step-000010": 20, "stage1/step-000020": 30, "es/step-000005": 28}

    def rows(address: str, n: int) -> list[Judged]:
        made = [judged(address, i, passed=i * 37 % n < rates[address]) for i in range(n)]
        return [attacking(row) if attack and i % 5 == 0 else row for i, row in enumerate(made)]

    first = [name for name in rates if not name.startswith("es")]
    write_scores(folder / "scores" / "steps", {name: rows(name, 40) for name in first})
    last = ["base", "stage1/step-000020", "es/step-000005"]
    write_scores(folder / "scores" / "all", {name: rows(name, 60) for name in last}, of=60)
    write_perplexity(folder / "perplexity.json", {name: 0.5 + len(name) / 9 for name in rates})
    choice = SelectSettings(
        scores=folder / "scores" / "steps",
        perplexity=folder / "perplexity.json",
        output=folder / "picked.json",
        base="base",
    )
    summary = select(choice, Silent())
    write_stamp(choice.output, make_stamp("select", choice, summary=summary, seconds=0.5))
    write_rows(
        folder / "stage1" / "metrics.jsonl",
        [
            {"step": i, "loss": 3 / i, "lr": 0.1, **({} if i % 10 else {"valid_loss": 4 / i})}
            for i in range(1, 21)
        ],
    )
    return ReportSettings(
        scores=(folder / "scores" / "steps", folder / "scores" / "all"),
        picked=folder / "picked.json",
        perplexity=(folder / "perplexity.json",),
        metrics=(folder / "stage1" / "metrics.jsonl",),
        output=folder / "report.html",
    )


def with_suites(folder: Path, *, attack: bool = False) -> ReportSettings:
    """The run, and two other suites scored into one folder, one of them tiny."""
    settings = make_run(folder, attack=attack)
    who = {"base": 2, "stage1/step-000020": 19}
    suites: tuple[tuple[str, Check, int], ...] = (("kind", "tone", 20), ("facts", "answer", 3))
    for suite, check, n in suites:
        write_scores(
            folder / "scores" / "more" / suite,
            {
                name: [
                    as_check(judged(name, i, passed=i < right), check, l1="es" if i < 9 else "zh")
                    for i in range(n)
                ]
                for name, right in who.items()
            },
            of=n,
            suite=f"{suite}.jsonl",
        )
    return replace(settings, scores=(*settings.scores, folder / "scores" / "more"))
