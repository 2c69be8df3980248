"""Near-duplicate search beside its peers: CPU seconds, memory, and planted copies found.

    python benchmarks/dedup_corpus.py --rows 200000 --output chats.jsonl
    python benchmarks/dedup.py chats.jsonl
    python benchmarks/dedup.py chats.jsonl --peer rensa VENV/bin/python --peer gaoya VENV/bin/python

Every line is a process of its own over the same file. Ours at the libraries' setting (word
trigrams, 16 bands of 8 rows, overlap .7) and at our default (word pairs, 32 bands of 4, .5), with
numpy and with numba, has two figures: the core alone on texts already decoded, and from the file,
decoded as it is read. What numba takes to load its compiled loops before the first text is in a
column of its own (and 3 s more the first time on a machine, to compile them). A peer is one of
`benchmarks/peers/near_duplicates.py`, named with the interpreter that has it; its figure is from
the file.

Recall is the share of planted pairs of which one fell. Lost are families of which no row stayed:
removed rows over which nothing stands. `--brute N` also checks what our default did by brute force
over N rows: rows that fell though no kept row is near, and rows that stayed though one is.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from peers.usage import cpu_s, peak_mb

from quimbot.verify.near_duplicates import NearDuplicates
from quimbot.verify.shingles import Shingles, shingle

SETTINGS: dict[str, dict[str, Any]] = {
    "trigrams": {"threshold": 0.7, "words": 3, "bands": 16, "rows": 8},
    "default": {},
}
PEERS = Path(__file__).parent / "peers/near_duplicates.py"
_STRATA = ("exact", "cosmetic", "one word", "5 %", "15 %", "30 %")


class Message(msgspec.Struct, gc=False):
    """What is said."""

    content: str


class Chat(msgspec.Struct, gc=False):
    """A row of the file."""

    messages: list[Message]


def texts(path: Path) -> Iterator[str]:
    """What is said in each row."""
    decode = msgspec.json.Decoder(Chat).decode
    with path.open("rb") as file:
        for line in file:
            yield "\n".join(message.content for message in decode(line).messages)


def ours(path: Path, setting: str, engine: Any, fallen: Path, *, decoded: bool) -> dict[str, Any]:  # noqa: ANN401 - a word of the command line
    """What one run took; the rows that fell are written to `fallen`."""
    before = cpu_s()
    finder = NearDuplicates(**SETTINGS[setting], engine=engine)
    finder.matches(["a b c d e f", "a b c d e f g"])  # loads, and compiles where it never did
    loading = cpu_s() - before
    rows = list(texts(path)) if decoded else texts(path)
    before = cpu_s()
    found = finder.among(shingle(rows, finder.words, engine))
    took = cpu_s() - before
    np.flatnonzero(found.kept >= 0).tofile(fallen)
    return {
        "cpu_s": took,
        "peak_mb": peak_mb(),
        "loading_s": loading,
        "crowded": found.crowded,
    }


def brute(path: Path, rows: int) -> dict[str, int]:
    """Our default over the first rows against all their overlaps, counted one row at a time."""
    finder = NearDuplicates()
    sets = shingle((text for _, text in zip(range(rows), texts(path), strict=False)), finder.words)
    found = finder.among(sets)
    wrong, missed = 0, 0
    kept = np.flatnonzero(found.kept < 0)
    for row, near in enumerate(_near_kept(sets, kept, finder.threshold)):
        fell = found.kept[row] >= 0
        wrong += bool(fell and not found.copy[row] and int(found.kept[row]) not in near)
        missed += bool(not fell) and any(other < row for other in near)
    return {"rows": rows, "stayed": len(kept), "wrongly fell": wrong, "wrongly stayed": missed}


def _near_kept(sets: Shingles, kept: Any, threshold: float) -> Iterator[set[int]]:  # noqa: ANN401
    """For each row the other kept rows that overlap it by the threshold, through an index."""
    rows = [
        set(sets.hashes[begin:end].tolist())
        for begin, end in zip(sets.starts[:-1].tolist(), sets.starts[1:].tolist(), strict=True)
    ]
    holders: dict[int, list[int]] = defaultdict(list)
    for row in kept.tolist():
        for value in rows[row]:
            holders[value].append(row)
    for row, values in enumerate(rows):
        common: dict[int, int] = defaultdict(int)
        for value in values:
            for other in holders[value]:
                common[other] += 1
        yield {
            other
            for other, both in common.items()
            if other != row and both / (len(values) + len(rows[other]) - both) >= threshold
        }


def judged(path: Path, fallen: Path) -> dict[str, Any]:
    """What was removed, recall by stratum and lost families, by the truth beside the file."""
    fell = set(np.fromfile(fallen, np.int64).tolist())
    truth = path.with_suffix(".truth.jsonl")
    copies = [json.loads(line) for line in truth.read_text("utf-8").splitlines()]
    hits: dict[str, list[bool]] = {stratum: [] for stratum in _STRATA}
    lost = 0
    for copy in copies:
        pair = (copy["row"] in fell, copy["of"] in fell)
        hits[copy["stratum"]].append(any(pair))
        lost += all(pair)
    found: dict[str, Any] = {"removed": len(fell), "lost": lost}
    if copies:
        found["recall"] = sum(map(sum, hits.values())) / len(copies)
        found |= {stratum: sum(hit) / len(hit) for stratum, hit in hits.items() if hit}
    return found


def child(command: list[str]) -> dict[str, Any]:
    """The last line that a process printed."""
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def lines(told: argparse.Namespace, fallen: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each run's name and what it took."""
    for setting in SETTINGS:
        for engine in told.engines:
            run = [sys.executable, __file__, str(told.chats), "--one", setting, engine, str(fallen)]
            core, whole = child([*run, "--decoded"]), child(run)
            core |= {"file_s": whole["cpu_s"], "peak_mb": whole["peak_mb"]}
            yield f"quimbot {setting} {engine}", core
    for library, python in told.peer or ():
        took = child([python, str(PEERS), library, str(told.chats), str(fallen)])
        yield library, {"file_s": took["cpu_s"], "peak_mb": took["peak_mb"]}


def table(told: argparse.Namespace) -> None:
    """Run everything and print a line each."""
    names = ("core s", "file s", "loading s", "peak MB", "removed", "lost", "crowded", "recall")
    print("| run |", " | ".join((*names, *_STRATA)), "|\n|", "--- | " * (len(names) + 7))
    with tempfile.TemporaryDirectory() as folder:
        fallen = Path(folder) / "fallen"
        for name, took in lines(told, fallen):
            row = took | judged(told.chats, fallen)
            cells = [
                *(f"{row[key]:.2f}" if key in row else "" for key in ("cpu_s", "file_s")),
                f"{row['loading_s']:.2f}" if "loading_s" in row else "",
                f"{row['peak_mb']:.0f}",
                *(str(row.get(key, "")) for key in ("removed", "lost", "crowded")),
                *(f"{row[key]:.4f}" if key in row else "" for key in ("recall", *_STRATA)),
            ]
            print("|", name, "|", " | ".join(cells), "|", flush=True)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chats", type=Path)
    parser.add_argument("--engines", nargs="+", default=["numpy", "numba"])
    parser.add_argument("--peer", nargs=2, action="append", metavar=("LIBRARY", "PYTHON"))
    parser.add_argument("--brute", type=int, default=0, metavar="N")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--decoded", action="store_true", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.one:
        setting, engine, fallen = told.one
        print(json.dumps(ours(told.chats, setting, engine, Path(fallen), decoded=told.decoded)))
        return
    table(told)
    if told.brute:
        start = time.process_time()
        print(json.dumps(brute(told.chats, told.brute)), f"{time.process_time() - start:.0f} CPU-s")


if __name__ == "__main__":
    main()
