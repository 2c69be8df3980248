"""What an earlier public set of 10,000 tutor rows holds, found by `inventory` and `filter` alone.

    python benchmarks/findings.py toefl_synth_10k.jsonl

The set (milwrite/quimbot, `toefl_synth_10k`) states no licence, so none of its sentences are here:
`first_turn_edits.jsonl` has, for a hash of each of its 558 first learner turns, the edits that a
teacher would make (words from, words to, instead), several ways where there are several. Joined
with the set they make a file of corrections; a turn without edits holds no error. Then it runs:

    quimbot pull SET --output toefl.jsonl
    quimbot inventory DATA --output inventory.json
    quimbot filter --input toefl.jsonl --output proved.jsonl --corrections corrections.jsonl
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from quimbot.records.jsonl import read_records, read_rows, write_rows
from quimbot.records.manifest import read_manifest
from quimbot.records.texts import fingerprint, first_turn

EDITS = Path(__file__).with_name("first_turn_edits.jsonl")
Edit = tuple[int, int, str]
"""Words of the turn from one place to before another, and what stands there instead."""


class Edits(msgspec.Struct):
    """A line of the file of edits."""

    turn: str
    """Hash of the turn."""
    edits: tuple[tuple[Edit, ...], ...]
    """For each acceptable correction its edits, in order."""


def key(turn: str) -> str:
    """The hash of a turn; how it is spaced does not matter."""
    return f"{fingerprint(' '.join(turn.split())):016x}"


def corrected(turn: str, edits: tuple[Edit, ...]) -> str:
    """The turn after its edits."""
    words = turn.split()
    for begin, end, instead in reversed(edits):
        words[begin:end] = instead.split()
    return " ".join(words)


def corrections(records: Path) -> Iterator[dict[str, Any]]:
    """Every first learner turn of the records with its corrections."""
    known = {row.turn: row.edits for row in read_rows(EDITS, Edits)}
    for turn in dict.fromkeys(first_turn(record) for record in read_records(records)):
        edits = known.get(key(turn), ())
        if edits:
            yield {"learner": turn, "corrections": [corrected(turn, some) for some in edits]}


def quimbot(*arguments: object) -> None:
    """One command as a user types it."""
    typed = [str(argument) for argument in arguments]
    print("$ quimbot", *typed, flush=True)
    subprocess.run([sys.executable, "-m", "quimbot", *typed], check=True, capture_output=True)


def share(part: int, whole: int) -> str:
    """A count and its share."""
    return f"{part:,} of {whole:,} ({part / whole:.1%})"


def findings(counts: dict[str, Any], steps: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(finding, as found now, as first measured by a prototype), from the two commands' files."""
    rows, turns = counts["rows"], counts["commonest_turns"]
    first, replies = steps["corrections"]["found"], steps["scaffolding"]["found"]
    wrong = first["error"]
    some = replies["recast"] + replies["recast-in-part"]
    return [
        ("F1 first learner turns that differ", f"{counts['first_turns']:,}", "558"),
        ("F1 the ten commonest begin", share(sum(t["count"] for t in turns), rows), "32.8%"),
        ("F1 the commonest", f"{turns[0]['text']} {turns[0]['count']}", "the same, 725"),
        ("F2 rows that differ", f"{counts['distinct']:,}", "5,764"),
        ("F2 exact repeats", share(rows - counts["distinct"], rows), "42%"),
        ("F3 first turns with an error", f"{wrong:,}", "9,649"),
        ("F3 a reply recasts some error", share(some, wrong), "1,296 (13.4%); by hand 16.6%"),
        ("F3 a reply recasts every error", share(replies["recast"], wrong), "-"),
        ("F3 a reply has a right form only", share(replies["form"], wrong), "7.6%"),
        ("F3 a reply has none", share(replies["none"], wrong), "79%"),
        ("F7 first turns without an error", share(first["no-error"], rows), "351 (3.5%)"),
    ]


def main() -> None:
    """Run the commands and print the findings side by side."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, help="folder to keep what the commands write")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = asked.work or Path(temporary)
        data, written = work / "data", work / "data" / "toefl.jsonl"
        quimbot("pull", asked.data, "--output", written, "--force")
        write_rows(work / "corrections.jsonl", corrections(written))
        quimbot("inventory", data, "--output", work / "inventory.json", "--force")
        proved = work / "proved.jsonl"
        quimbot(
            *("filter", "--input", written, "--output", proved),
            *("--corrections", work / "corrections.jsonl", "--force"),
        )
        counts = json.loads((work / "inventory.json").read_bytes())["counts"]
        facts: dict[str, Any] = read_manifest(proved).facts
    steps = {step["check"]: step for step in facts["funnel"]["steps"]}
    table = [("", "now", "first measured"), *findings(counts, steps)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))


if __name__ == "__main__":
    main()
