"""How many good and bad replies each shipped suite judges rightly.

    python benchmarks/suites.py            # --wrong lists those that are judged wrongly

The replies (`tests/golden/suite_replies.jsonl`) are what a good or a bad tutor would say to turns
of the suites, written by hand and not taken from the suites' own good replies. Those that are
*seen* were looked at when the checks were last mended; the others were written afterwards.
"""

import argparse
from collections import defaultdict
from pathlib import Path

import msgspec

from quimbot.evaluate.checks import verdicts
from quimbot.records.jsonl import read_rows
from quimbot.records.record import Move
from quimbot.verify.suite import load_suite

REPLIES = Path(__file__).parents[1] / "tests" / "golden" / "suite_replies.jsonl"


class Reply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reply that somebody wrote, and whether a good tutor would."""

    suite: str
    turn: str
    good: bool
    reply: str
    move: Move | None = None
    seen: bool = False


def main() -> None:
    """Print a line a suite: rightly judged of all, for good and bad, seen and new."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wrong", action="store_true", help="list what is judged wrongly")
    wrong = parser.parse_args().wrong
    rows = list(read_rows(REPLIES, Reply))
    suites = dict.fromkeys(row.suite for row in rows)
    turns = {turn.id: turn for suite in suites for turn in load_suite(suite)}
    found = verdicts([(turns[row.turn], row.move, row.reply) for row in rows])
    tally: dict[tuple[str, bool, bool], list[bool]] = defaultdict(list)
    for row, verdict in zip(rows, found, strict=True):
        tally[row.suite, row.seen, row.good].append(verdict.passed == row.good)
        if wrong and verdict.passed != row.good:
            print(f"{row.turn} {'good' if row.good else 'bad'} [{verdict.reason}] {row.reply}")
    for suite in suites:
        parts = [
            f"{'seen' if seen else 'new'} {'good' if good else 'bad'} {sum(held)}/{len(held)}"
            for seen in (True, False)
            for good in (True, False)
            if (held := tally[suite, seen, good])
        ]
        print(f"{suite:14}", "  ".join(parts))


if __name__ == "__main__":
    main()
