"""What `quimbot decontaminate` finds of planted leaks, and what falls in chats without any.

    python benchmarks/decontaminate.py --clean general.jsonl sharegpt.jsonl

Every turn of the shipped suites is planted once a stratum: as it is, with one word replaced, left
out or put in, with two replaced, in the middle of more talk, as its first half, and said by the
tutor. `--clean` are record files (from `quimbot pull`); what falls there is read by eye and counted
as a false alarm. Everything is done for several lengths of the shared run.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from quimbot.curate.leaks import EVERYDAY, Leaks
from quimbot.curate.protected import Protected, protected
from quimbot.records.jsonl import read_records
from quimbot.records.record import Message, Provenance, Record
from quimbot.verify.suite import SHIPPED

RUNS = (5, 6, 7, 8, 9, 10, 13)
Change = Callable[[list[str], Random], list[str]]


def replaced(times: int) -> Change:
    """So many words become others."""

    def change(words: list[str], rng: Random) -> list[str]:
        words = words.copy()
        for place in rng.sample(range(len(words)), min(times, len(words))):
            words[place] = f"other{rng.randrange(999)}"
        return words

    return change


def left_out(words: list[str], rng: Random) -> list[str]:
    """One word is gone."""
    place = rng.randrange(len(words))
    return words[:place] + words[place + 1 :]


def put_in(words: list[str], rng: Random) -> list[str]:
    """One word more."""
    place = rng.randrange(len(words) + 1)
    return [*words[:place], "really", *words[place:]]


def among_talk(words: list[str], rng: Random) -> list[str]:
    """More is said before and after, and one word is another."""
    return [
        "Hello, teacher, today I want to tell you something.",
        *replaced(1)(words, rng),
        "What do you think about it? Thank you!",
    ]


STRATA: dict[str, Change] = {
    "as it is": lambda words, _: words,
    "one word replaced": replaced(1),
    "one left out": left_out,
    "one put in": put_in,
    "two replaced": replaced(2),
    "one replaced, among talk": among_talk,
    "first half": lambda words, _: words[: (len(words) + 1) // 2],
}


def planted(turn: Protected, change: Change, rng: Random, *, by_tutor: bool = False) -> Record:
    """A dialogue in which the turn is said."""
    said = " ".join(change(list(turn.words), rng))
    texts = ("Tell me something.", said) if by_tutor else (said, "I see. Tell me more.")
    return Record(
        messages=(
            Message(role="user", content=texts[0]),
            Message(role="assistant", content=texts[1]),
        ),
        provenance=Provenance(source="planted", licence="none"),
    )


def share(leaks: Leaks, records: list[Record]) -> float:
    """How many of the records are found."""
    return sum(leak is not None for leak in leaks.find(records)) / len(records)


def main() -> None:
    """Print one table of shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clean", type=Path, nargs="*", default=[])
    parser.add_argument("--held-out", type=Path, nargs="*", default=[])
    options = parser.parse_args()
    turns = protected(() if options.held_out else SHIPPED, options.held_out)
    long = [turn for turn in turns if len(turn.words) > EVERYDAY]
    print(f"{len(turns)} turns, {len(long)} of more than {EVERYDAY} words\n")
    print("words in a row".ljust(30), *(f"{run:>6}" for run in RUNS))
    finders = [Leaks(turns, run=run) for run in RUNS]
    short = [turn for turn in turns if turn not in long]
    trials = [(name, long, change, False) for name, change in STRATA.items()]
    trials += [("one replaced, by the tutor", long, replaced(1), True)]
    trials += [("short ones as they are", short, STRATA["as it is"], False)] if short else []
    for name, taken, change, by_tutor in trials:
        rows = [
            planted(turn, change, Random(place), by_tutor=by_tutor)
            for place, turn in enumerate(taken)
        ]
        print(name.ljust(30), *(f"{share(leaks, rows):6.3f}" for leaks in finders))
    for path in options.clean:
        began = time.process_time()
        records = list(read_records(path))
        read = time.process_time()
        counts = [sum(leak is not None for leak in leaks.find(records)) for leaks in finders]
        rate = len(records) * len(finders) / (time.process_time() - read)
        print(
            f"{path.name}, {len(records)} rows".ljust(30),
            *(f"{count:>6}" for count in counts),
            f"  {rate:,.0f} rows/CPU-s, reading {read - began:.2f} s",
        )


if __name__ == "__main__":
    main()
