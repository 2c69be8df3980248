"""What the suites' checks say of replies that a good and a bad tutor would give."""

from collections import defaultdict
from pathlib import Path

import msgspec

from quimbot.evaluate.checks import verdicts
from quimbot.records.record import Move
from quimbot.verify.suite import SHIPPED, load_suite

REPLIES = Path(__file__).parents[1] / "golden" / "suite_replies.jsonl"
_GOOD = {"scaffolding": 0.8}
"""Least share of good replies that pass; .95 where none is named."""
_BAD = 0.95


def test_good_replies_pass_and_bad_ones_do_not() -> None:
    rows = [msgspec.json.decode(line) for line in REPLIES.read_bytes().splitlines()]
    turns = {turn.id: turn for name in SHIPPED for turn in load_suite(name)}
    asked = [
        (turns[row["turn"]], Move(row["move"]) if "move" in row else None, row["reply"])
        for row in rows
    ]
    right: dict[tuple[str, bool], list[bool]] = defaultdict(list)
    for row, verdict in zip(rows, verdicts(asked), strict=True):
        right[row["suite"], row["good"]].append(verdict.passed == row["good"])
    assert {name for name, _ in right} == set(SHIPPED)
    for (name, good), held in right.items():
        assert len(held) > 20
        least = _GOOD.get(name, 0.95) if good else _BAD
        assert sum(held) >= least * len(held), (name, good, sum(held), len(held))
