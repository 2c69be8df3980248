"""What an inventory costs: CPU-seconds and memory over made-up chats, near repeats or not.

    python benchmarks/inventory.py --rows 200000
    python benchmarks/inventory.py --files 700 --rows 35000

A quarter of the chats are as made by the rule teacher's sort of turns; the rest have two words in
five replaced, so that they seldom repeat another.
"""

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from quimbot.curate.counts import count_folder
from quimbot.records.jsonl import write_rows
from quimbot.records.record import Lesson, Message, Move, Provenance, Record
from quimbot.runs.watch import Silent

WORDS = [
    f"{first}{last}" for first in "bdfgklmnprst" for last in ("an", "ell", "ist", "oam", "une")
]
BASES = 5000
REPLACED = 0.4


def chat(rng: random.Random) -> tuple[str, ...]:
    """Two to four turns of eight to sixteen words."""
    return tuple(
        " ".join(rng.choices(WORDS, k=rng.randint(8, 16))) for _ in range(rng.choice((2, 4)))
    )


def records(rows: int, rng: random.Random) -> Iterator[Record]:
    """Chats with a lesson each, a quarter of them drawn from a few that come again."""
    bases = [chat(rng) for _ in range(BASES)]
    for row in range(rows):
        turns = rng.choice(bases)
        if row % 4:
            turns = tuple(
                " ".join(
                    rng.choice(WORDS) if rng.random() < REPLACED else word for word in turn.split()
                )
                for turn in turns
            )
        yield Record(
            messages=tuple(
                Message(role="assistant" if place % 2 else "user", content=turn)
                for place, turn in enumerate(turns)
            ),
            lessons=(Lesson(turn=1, move=list(Move)[row % 4], corrections=(turns[0],)),),
            provenance=Provenance(source="made-up", licence="CC0-1.0"),
        )


def main() -> None:
    """Write the chats, count them twice, and print what it took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--files", type=int, default=1)
    asked = parser.parse_args()
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        made = records(asked.rows, rng)
        for number in range(asked.files):
            write_rows(Path(folder) / f"{number:04}.jsonl", islice(made, asked.rows // asked.files))
        for near in (False, True):
            began = time.process_time()
            found = count_folder(Path(folder), Silent(), near=near)
            spent = time.process_time() - began
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{len(found.files)} files, {found.rows:,} rows, {found.distinct:,} distinct, "
                f"near repeats {'counted' if near else 'left out'}: {spent:.1f} CPU-s, "
                f"{peak:.0f} MB at most so far"
            )


if __name__ == "__main__":
    main()
