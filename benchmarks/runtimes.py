"""llama.cpp against torch: reply tokens a second, and a CPU-second, for the same turns and adapter.

    python benchmarks/runtimes.py runs/demo --turns 24

Both answer greedily with at most 32 tokens; each is warmed up first. The two run in turn,
`--rounds` times, and the ratios are taken round by round: these are what to quote.
"""

import argparse
import asyncio
import os
import statistics
import time
from collections.abc import Sequence

os.environ.setdefault("GOMP_SPINCOUNT", "0")

from quimbot.pedagogy.moves import tutor_prompt
from quimbot.records.record import Message, Move
from quimbot.runtimes.connect import open_runtimes, resolve
from quimbot.runtimes.runtime import Reply, Runtime, Sampling, ask_all
from quimbot.verify.suite import load_suite, subset

SAMPLING = Sampling(max_tokens=32)


def measured(
    runtime: Runtime, chats: Sequence[Sequence[Message]], at_once: int
) -> tuple[float, float]:
    """Reply tokens per second of wall clock, and per second of CPU."""
    wall, cpu = time.perf_counter(), time.process_time()
    replies = asyncio.run(ask_all(runtime, chats, SAMPLING, at_once=at_once))
    tokens = sum(reply.reply_tokens for reply in replies if isinstance(reply, Reply))
    return tokens / (time.perf_counter() - wall), tokens / (time.process_time() - cpu)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("address", help="a checkpoint or a run folder")
    parser.add_argument("--turns", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    _, target = resolve(asked.address)
    turns = subset(load_suite("scaffolding"), asked.turns)
    chats = [
        (tutor_prompt(Move.RECAST), Message(role="user", content=turn.learner)) for turn in turns
    ]
    names = {f"llamacpp:{target}": 16, f"torch:{target}": 1}
    rates: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    with open_runtimes(list(names), at_once=16) as runtimes:
        for name, at_once in names.items():
            measured(runtimes[name], chats[:2], at_once)
        for _ in range(asked.rounds):
            for name, at_once in names.items():
                rates[name].append(measured(runtimes[name], chats, at_once))
    for name, found in rates.items():
        wall, cpu = (statistics.median(part) for part in zip(*found, strict=True))
        print(f"{name.partition(':')[0]:9} {wall:7.1f} tokens/s {cpu:7.1f} tokens/CPU-s")
    ours, reference = rates.values()
    for index, what in enumerate(("wall clock", "CPU")):
        ratio = statistics.median(a[index] / b[index] for a, b in zip(ours, reference, strict=True))
        print(f"llama.cpp / torch, {what}: {ratio:.1f}")


if __name__ == "__main__":
    main()
