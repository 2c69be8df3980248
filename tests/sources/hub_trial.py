"""Pulls from the hub that HF_ENDPOINT names; run by test_hub in a process of its own.

The libraries of the hub read its address once, when they are imported. Arguments: the number of
records after which the process kills itself (0 for never), the output, and sources.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quimbot.exceptions import QuimbotError
from quimbot.runs.watch import Silent, Task
from quimbot.sources.pull import PullSettings, pull


class Mortal:
    """Kills the process after so many records."""

    def __init__(self, left: int) -> None:
        self._left = left

    def advance(self, by: int = 1, **_: float | str) -> None:
        self._left -= by
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)


class Watching(Silent):
    """Gives mortal tasks."""

    def __init__(self, left: int) -> None:
        self._left = left

    @contextmanager
    def task(self, name: str, total: int, *, done: int = 0) -> Iterator[Task]:  # noqa: ARG002
        yield Mortal(self._left)


def main(left: str, output: str, *sources: str) -> None:
    """Pull each source; tell its summary or its error, a line each."""
    for number, source in enumerate(sources):
        name, _, revision = source.partition("@")
        asked = PullSettings(
            source=name,
            revision=revision,
            output=Path(output).with_suffix(f".{number}.jsonl" if number else ".jsonl"),
            bad_rows="reject",
        )
        try:
            said = pull(asked, Watching(int(left)))
        except QuimbotError as fault:
            said = f"error: {fault}"
        sys.stdout.write(said + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
