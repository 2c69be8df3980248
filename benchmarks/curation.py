"""The whole path of curation, from a file of chats to a training mix: CPU seconds and memory.

    python benchmarks/dedup_corpus.py --rows 200000 --output chats.jsonl
    python benchmarks/curation.py chats.jsonl

Filter, dedup (exact, then near), split and mix run one after the other as the commands do, each
from file to file in a process of its own. What loading their libraries takes is reported apart. The
floor beside them is msgspec decoding every line of the same file once, and nothing else.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from quimbot.commands import command
from quimbot.records.record import Message
from quimbot.runs.recipe import build_settings
from quimbot.runs.watch import Silent

CHECKS = ["structure", "length:2-2000", "pii", "moderation", "refusals", "red-pen"]


class Chat(msgspec.Struct, gc=False):
    """What every step needs of a line."""

    messages: tuple[Message, ...]


def steps(chats: Path, folder: Path, checks: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The commands of the path and their settings."""
    at = {name: str(folder / f"{name}.jsonl") for name in ("kept", "unique", "train", "valid")}
    yield "filter", {"input": [str(chats)], "output": at["kept"], "checks": checks}
    yield "dedup", {"input": [at["kept"]], "output": at["unique"]}
    yield (
        "split",
        {
            "input": [at["unique"]],
            "output": at["train"],
            "valid": at["valid"],
            "valid_share": 0.02,
        },
    )
    yield "mix", {"part": [f"{at['train']}:1"], "output": str(folder / "mix.jsonl")}


def decode(chats: Path) -> int:
    """Read the messages of every line and forget them; returns how many lines there are."""
    decoder, lines = msgspec.json.Decoder(Chat), 0
    with chats.open("rb") as file:
        for line in file:
            decoder.decode(line)
            lines += 1
    return lines


def apart(arguments: list[str]) -> dict[str, Any]:
    """What a process of its own measured."""
    done = subprocess.run(
        [sys.executable, __file__, *arguments], check=True, stdout=subprocess.PIPE, text=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measured(work: Callable[[], object]) -> dict[str, Any]:
    """CPU seconds before and of the work, what it says, and the peak of memory in MB."""
    loading = time.process_time()
    said = work()
    return {
        "said": said,
        "loading_s": loading,
        "cpu_s": time.process_time() - loading,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def one(name: str, table: dict[str, Any]) -> dict[str, Any]:
    """One command, its modules loaded before the clock starts."""
    kind, work = command(name)
    settings = build_settings(kind, table, path=Path(__file__), step=name)
    return measured(lambda: work(settings, Silent()))


def main() -> None:
    """Measure and print, or do one step for the process that asks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("chats", type=Path, help="records (.jsonl)")
    parser.add_argument("--checks", nargs="+", default=CHECKS)
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--table", type=json.loads, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step == "decode":
        print(json.dumps(measured(lambda: decode(asked.chats))))
        return
    if asked.step:
        print(json.dumps(one(asked.step, asked.table)))
        return
    floor = apart([str(asked.chats), "--step", "decode"])
    rows = floor["said"]
    print(f"{rows} rows; decoding alone {floor['cpu_s']:.2f} CPU-s")
    total = 0.0
    with tempfile.TemporaryDirectory(prefix="curation-") as folder:
        for name, table in steps(asked.chats, Path(folder), asked.checks):
            found = apart([str(asked.chats), "--step", name, "--table", json.dumps(table)])
            total += found["cpu_s"]
            print(
                f"{name:8} {found['cpu_s']:6.2f} CPU-s, peak {found['peak_mb']:5.0f} MB, "
                f"loading {found['loading_s']:.1f} CPU-s: {found['said']}",
                flush=True,
            )
    print(
        f"{'all':8} {total:6.2f} CPU-s, {rows / total:,.0f} rows a CPU-second; decoding is "
        f"{floor['cpu_s'] / total:.1%} of it"
    )


if __name__ == "__main__":
    main()
