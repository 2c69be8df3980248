"""How a long job tells what it is doing: the command line draws it, tests ignore it."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol


class Task(Protocol):
    """One job under way."""

    def advance(self, by: int = 1, **facts: float | str) -> None:
        """So much more is done; facts (loss, tokens/s, …) are shown beside the bar."""
        ...


class Watch(Protocol):
    """Whoever looks on."""

    @contextmanager
    def task(self, name: str, total: int, *, done: int = 0) -> Iterator[Task]:
        """A job of `total` units, `done` of them from an earlier run; drawn with an ETA."""
        ...

    def say(self, text: str) -> None:
        """One line for the reader, such as a sample reply."""
        ...


class _SilentTask:
    def advance(self, by: int = 1, **facts: float | str) -> None:
        pass


class Silent:
    """Nobody looks on."""

    @contextmanager
    def task(self, name: str, total: int, *, done: int = 0) -> Iterator[Task]:  # noqa: ARG002 - nothing is drawn
        """A job that is not drawn."""
        yield _SilentTask()

    def say(self, text: str) -> None:
        """Nothing."""


def aligned(table: Iterable[Sequence[str]]) -> Iterator[str]:
    """Rows of text as lines with their columns under each other."""
    rows = list(table)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
