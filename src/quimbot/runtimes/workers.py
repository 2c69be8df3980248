"""A worker a core: two packs on one core each are done sooner than one after the other on two.

Threads that share a matrix product wait for each other at its end.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

from quimbot.runtimes.packing import Pack

_WORTH_A_WORKER = 256  # tokens below which a matrix product no longer fills a core
T = TypeVar("T")


def worth(tokens: int, threads: int) -> int:
    """How many workers so many tokens keep busy, at most one a thread."""
    return max(1, min(threads, tokens // _WORTH_A_WORKER))


def shared_out(
    work: Callable[[Pack], T], made: Sequence[Pack], workers: int, threads: int
) -> Iterator[T]:
    """The work on each pack, in order, by so many workers that share the threads."""

    def alone(pack: Pack) -> T:
        torch.set_num_threads(max(1, threads // workers))
        return work(pack)

    try:
        with ThreadPoolExecutor(workers) as pool:
            yield from pool.map(alone, made)
    finally:
        torch.set_num_threads(threads)
