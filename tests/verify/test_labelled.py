"""Real replies of tuned and untuned models to real learner turns, read twice and independently.

Neither reading saw the verifier's verdict; one began with the first row, the other with the last.
Where they differ (12 rows), `recast` is what a third reading decided. A reply is a recast when
every error of the turn comes back mended in the learner's own context, by the correction's repair
or one plainly as good, nothing is corrected openly, and the talk is kept going.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from quimbot.records.record import Move
from quimbot.verify.scaffolding import judge_all

PRECISION, RECALL = 0.97, 0.93
"""What the verifier must keep; it misses paraphrases and repairs that no correction names."""


@cache
def rows() -> list[dict[str, Any]]:
    path = Path(__file__).parent.parent / "golden" / "labelled.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_two_readings_agree_far_beyond_chance() -> None:
    first, second = ([bool(row[which]) for row in rows()] for which in ("first", "second"))
    agreed = sum(a == b for a, b in zip(first, second, strict=True)) / len(rows())
    shares = sum(first) / len(rows()), sum(second) / len(rows())
    chance = shares[0] * shares[1] + (1 - shares[0]) * (1 - shares[1])
    assert len(rows()) >= 300
    assert (agreed - chance) / (1 - chance) > 0.9  # Cohen's kappa


def test_the_verdicts_are_those_of_careful_readers() -> None:
    verdicts = judge_all(
        [(row["learner"], [row["correction"]], row["reply"], Move.RECAST) for row in rows()]
    )
    pairs = [(v.passed, row["recast"]) for v, row in zip(verdicts, rows(), strict=True)]
    found = [
        row["reply"] for row, (ours, theirs) in zip(rows(), pairs, strict=True) if ours > theirs
    ]
    missed = [
        row["reply"] for row, (ours, theirs) in zip(rows(), pairs, strict=True) if ours < theirs
    ]
    right = pairs.count((True, True))
    assert right / (right + len(found)) >= PRECISION, found
    assert right / (right + len(missed)) >= RECALL, missed
