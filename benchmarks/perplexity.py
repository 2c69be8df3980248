"""Perplexity here against lm-evaluation-harness: the same model, adapters and assistant tokens.

    python benchmarks/perplexity.py runs/demo/data/valid.jsonl smollm2-135m runs/demo/stage1 \
        --peer VENV/bin/python benchmarks/peers/lm_eval_perplexity.py

The sides run in turn, `--rounds` times, in float32, each process timed from its start. All models
are measured here in one process; the harness takes one model a call, so it gets a process for each.
The ratios, taken round by round, are what to quote; CPU-seconds tell less about what else the
machine was doing. With `--own-beginnings` the words of each system prompt are shuffled, so that
dialogues share nothing.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

os.environ.setdefault("GOMP_SPINCOUNT", "0")

import msgspec
from own_beginnings import own_beginning

from quimbot.evaluate.entrants import entrants
from quimbot.records.jsonl import read_records
from quimbot.records.record import Message
from quimbot.runtimes.chat_format import Tokenized, examples
from quimbot.runtimes.connect import find_local, open_runtimes


def ours(job: dict[str, Any]) -> dict[str, list[float]]:
    """Nats of each model, and the seconds and CPU-seconds that scoring took."""
    chats = [msgspec.convert(chat, list[Message]) for chat in job["chats"]]
    addresses = [f"torch:{address}" for address in job["addresses"]]
    found: dict[str, list[float]] = {"nats": [], "seconds": [], "cpu": []}
    with open_runtimes(addresses) as opened:
        for address in addresses:
            start, cpu = time.perf_counter(), time.process_time()
            scored = opened[address].logprobs(chats)  # type: ignore[attr-defined]
            found["seconds"].append(time.perf_counter() - start)
            found["cpu"].append(time.process_time() - cpu)
            found["nats"].append(-sum(token.logprob for tokens in scored for token in tokens))
    return found


def _job(path: Path, runtimes: Sequence[str], *, own_beginnings: bool) -> dict[str, Any]:
    """What both sides do: chats for us; for the harness, what stands before each reply, and it."""
    records = list(read_records(path))
    chats = [(own_beginning(record) if own_beginnings else record).messages for record in records]
    addresses = [entrant.address for entrant in entrants(tuple(runtimes))]
    found = [find_local(address) for address in addresses]
    base = found[0].base
    tokenizer = base.tokenizer()
    parts = [
        part for chat in chats for part in examples(chat, base.style, tokenizer, thoughts=False)
    ]
    return {
        "model": str(base.folder),
        "addresses": addresses,
        "adapters": [str(each.adapter.folder) if each.adapter else "" for each in found],
        "chats": msgspec.to_builtins(chats),
        "requests": [request for part in parts for request in _requests(part)],
    }


def _requests(part: Tokenized) -> Iterator[tuple[Sequence[int], Sequence[int]]]:
    """The (context, continuation) pairs of a token sequence."""
    place = 0
    for learnt, run in groupby(part.weights, bool):
        end = place + len(list(run))
        if learnt:
            yield part.tokens[:place], part.tokens[place:end]
        place = end


def _run(command: Sequence[str], job: Path) -> dict[str, Any]:
    """What a process prints, and how long it took from its start to its end."""
    start = time.perf_counter()
    done = subprocess.run([*command, str(job)], stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found | {"whole": time.perf_counter() - start}


def _together(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One model a process, added up."""
    return {
        **{key: [each[key][0] for each in parts] for key in ("nats", "seconds", "cpu")},
        "whole": sum(each["whole"] for each in parts),
        "peak_mb": max(each["peak_mb"] for each in parts),
    }


def _tell(mine: Sequence[dict[str, Any]], theirs: Sequence[dict[str, Any]]) -> None:
    """Medians of both sides, and the ratios taken round by round."""
    rows = {
        "scoring, base (s)": lambda side: side["seconds"][0],
        "scoring, an adapter (s)": lambda side: statistics.mean(side["seconds"][1:]),
        "scoring, all models (s)": lambda side: sum(side["seconds"]),
        "scoring, all models (CPU-s)": lambda side: sum(side["cpu"]),
        "whole command, all models (s)": lambda side: side["whole"],
        "peak memory (MB)": lambda side: side["peak_mb"],
    }
    print(f"{'':30} {'quimbot':>9} {'lm_eval':>9} {'ratio':>6}  rounds")
    for name, of in rows.items():
        pairs = [(of(one), of(other)) for one, other in zip(mine, theirs, strict=True)]
        left, right = (statistics.median(part) for part in zip(*pairs, strict=True))
        ratios = [other / one for one, other in pairs]
        each = " ".join(f"{ratio:.2f}" for ratio in ratios)
        print(f"{name:30} {left:9.2f} {right:9.2f} {statistics.median(ratios):6.2f}  {each}")
    nats = zip(mine[0]["nats"], theirs[0]["nats"], strict=True)
    apart = max(abs(one - other) / other for one, other in nats)
    print(f"summed nats: at most {apart:.1e} apart, relative")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("data", type=Path, help="held-out records")
    parser.add_argument("runtimes", nargs="+", help="the base, then adapters or training runs")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer", nargs=2, required=True, metavar=("PYTHON", "SCRIPT"))
    parser.add_argument("--own-beginnings", action="store_true")
    asked = parser.parse_args()
    here = [sys.executable, __file__, "--side"]
    mine, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        job = _job(asked.data, asked.runtimes, own_beginnings=asked.own_beginnings)
        path = Path(folder) / "job.json"
        path.write_text(json.dumps(job), encoding="utf-8")
        for _ in range(asked.rounds):
            print("load", *(f"{load:.1f}" for load in os.getloadavg()), file=sys.stderr)
            mine.append(_run(here, path))
            models = range(len(job["adapters"]))
            theirs.append(_together([_run([*asked.peer, str(i)], path) for i in models]))
    _tell(mine, theirs)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--side"]:
        found = ours(json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")))
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({**found, "peak_mb": peak_mb}))
    else:
        main()
