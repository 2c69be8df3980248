"""Fuzz `pull`, led by coverage: no bytes crash it, and every row is a record or rejected.

    pip install atheris
    python benchmarks/fuzz_sources.py --runs 100000

A crash is written as crash-<hash>; give that file as the only argument to see it again.
"""

import argparse
import sys
import tempfile
from pathlib import Path

try:
    import atheris
except ImportError:
    sys.exit("error: fuzzing needs atheris; run pip install atheris")

with atheris.instrument_imports(include=["quimbot.sources", "quimbot.records"]):
    from quimbot.records.jsonl import read_records, read_rows
    from quimbot.records.manifest import read_manifest
    from quimbot.records.rejected import Rejected, rejected_path
    from quimbot.sources.pull import PullSettings, pull

from quimbot.exceptions import QuimbotError
from quimbot.runs.watch import Silent

ENDINGS = (".jsonl", ".json", ".csv")
SEEDS = (
    b'{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello?"}]}',
    b'{"conversations":[{"from":"human","value":"Hi"},{"from":"gpt","value":"Hello?"}]}',
    b'{"context":"Hi","response":"Hello?","safety_label":"","dialogue_id":1,"response_id":0}',
    b'{"instruction":"Hi","input":"","output":"Hello?"}',
    b'instruction,output\nHi,"Hello?"',
    b'[{"messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}]}]',
)


def one(content: bytes) -> None:
    """Pull bytes under an ending that the first of them chooses."""
    ending = ENDINGS[content[0] % len(ENDINGS)] if content else ".jsonl"
    raw, output = FOLDER / f"raw{ending}", FOLDER / "x.jsonl"
    raw.write_bytes(content[1:])
    asked = PullSettings(
        source=str(raw), output=output, bad_rows="reject", join=bool(content and content[0] & 64)
    )
    try:
        pull(asked, Silent())
    except QuimbotError as fault:
        if "\n" in str(fault) or str(raw) not in str(fault):
            raise AssertionError(f"no line for a user: {fault!r}") from fault
        return
    facts = read_manifest(output).facts
    records = sum(1 for _ in read_records(output))
    rejected = sum(1 for _ in read_rows(rejected_path(output), Rejected))
    assert facts["rows"] == records + facts["joined"] + rejected, facts


def main() -> None:
    """Fuzz for so many runs, or show one crash again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("crash", nargs="?")
    asked = parser.parse_args()
    seeds = FOLDER / "seeds"
    seeds.mkdir()
    for number, seed in enumerate(SEEDS):
        (seeds / str(number)).write_bytes(bytes([number % len(ENDINGS)]) + seed + b"\n" + seed)
    where = [asked.crash] if asked.crash else [str(seeds), f"-runs={asked.runs}"]
    atheris.Setup([sys.argv[0], "-max_len=4096", *where], one)
    atheris.Fuzz()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        FOLDER = Path(folder)
        main()
