"""What a pull costs beside a bare decode of the same lines, in CPU-seconds.

python benchmarks/pull.py --rows 200000
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import msgspec

from quimbot.runs.watch import Silent
from quimbot.sources.pull import PullSettings, pull

TURNS = (
    ("user", "Last weekend I go to the market with my sister, number {}, and we buy many fruits."),
    ("assistant", "Oh, you went to the market and bought a lot of fruit! Which was the sweetest?"),
    ("user", "The mangoes was the sweetest, they come from my uncle farm."),
    ("assistant", "So the mangoes were the sweetest, from your uncle's farm. Does he grow others?"),
)


def write(path: Path, rows: int) -> None:
    """So many chats of two or four turns in OpenAI's shape."""
    with path.open("w") as file:
        for number in range(rows):
            turns = TURNS[: 2 + 2 * (number % 2)]
            chat = [{"role": role, "content": text.format(number)} for role, text in turns]
            file.write(json.dumps({"messages": chat}) + "\n")


def decode(path: Path) -> int:
    """Decode every line and nothing else."""
    decoder = msgspec.json.Decoder(dict)
    with path.open("rb") as file:
        return sum(1 for line in file if decoder.decode(line))


def main() -> None:
    """Measure both, several times, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--times", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder, "raw.jsonl")
        write(raw, asked.rows)
        settings = PullSettings(source=str(raw), output=Path(folder, "x.jsonl"))
        for name, work in (
            ("msgspec decode", lambda: decode(raw)),
            ("pull", lambda: pull(settings, Silent())),
        ):
            spent = []
            for _ in range(asked.times):
                begun = time.process_time()
                work()
                spent.append(time.process_time() - begun)
            middle = sorted(spent)[len(spent) // 2]
            print(f"{name:<15} {middle:6.2f} CPU-s  {asked.rows / middle:>12,.0f} rows/CPU-s")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"peak memory {peak:.0f} MB, {raw.stat().st_size / 1e6:.0f} MB read")


if __name__ == "__main__":
    main()
