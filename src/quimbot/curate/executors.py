"""Who works on the shards of a job: processes of this machine, a Slurm or a Ray cluster."""

import importlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from types import ModuleType
from typing import Literal, TypeVar

from quimbot.curate.shards import Job, Line, Plan, merged, with_outcomes
from quimbot.exceptions import RecipeError
from quimbot.records.jsonl import once_there, read_lines
from quimbot.runs.watch import Task, Watch

T = TypeVar("T")
_MOST = 512
"""Shards at most: the merge holds a file of each open, and Slurm's arrays end at 1,000."""
_USUAL = 32
_LOOK_S = 1.0
_BATCH = 256


@dataclass(frozen=True, kw_only=True)
class ShardSettings:
    """Where the rows are worked on; the result does not depend on it."""

    workers: int = field(default=0, compare=False)
    """Shards worked on at once; 0 is one here and all of them on a cluster."""
    executor: Literal["local", "slurm", "ray"] = field(default="local", compare=False)
    """Who works: processes of this machine, a Slurm cluster, or the Ray cluster at hand."""
    shards: int = field(default=0, compare=False)
    """Parts that are worked on apart and continued after a stop; 0 is 32 where there are several
    workers, and none for one."""
    partition: str = field(default="", compare=False)
    """Slurm's partition."""
    time: str = field(default="24:00:00", compare=False)
    """Longest time of one shard on Slurm."""

    def __post_init__(self) -> None:
        """Check the values."""
        if self.workers < 0:
            raise RecipeError(f"workers {self.workers} is negative; give 0 or more")
        if not 0 <= self.shards <= _MOST:
            raise RecipeError(f"shards {self.shards} is out of range; give 0 to {_MOST}")
        if self.executor not in ("local", "slurm", "ray"):
            raise RecipeError(f"executor {self.executor!r} is unknown; allowed: local, slurm, ray")
        if self.workers > self.parts > 0:
            raise RecipeError(
                f"{self.workers} workers have only {self.parts} shards; "
                f"give --shards {min(4 * self.workers, _MOST)}"
            )
        if (self.executor == "slurm") != bool(self.partition):
            raise RecipeError(
                "executor slurm needs a partition; give --partition, sinfo lists them"
                if not self.partition
                else f"partition {self.partition!r} is for --executor slurm; give that, too"
            )

    @property
    def parts(self) -> int:
        """How many shards; 0 where the rows are worked on in one piece."""
        several = self.workers > 1 or self.executor != "local"
        return self.shards or (_USUAL if several else 0)


@contextmanager
def outcomes(
    job: Job[T], how: ShardSettings, name: str, watch: Watch
) -> Iterator[Iterator[tuple[Line, T]]]:
    """Every line of the inputs, in order, with its outcome: from shards, or worked out one by one.

    What shards have done is kept until the files of the command are in their places; until then the
    same call continues after any stop.

    Raises:
        DataError: an input or a shard is not what it must be, or a cluster left shards undone.
        OutputError: a worker was killed, or another process works on the same shards.
        RecipeError: datatrove, or the cluster asked for, is not here.
    """
    if not how.parts:
        lines = (line for file in job.files for line in read_lines(file))
        with watch.task(name, 0) as task:
            yield _counted(with_outcomes(job, lines), task)
        return
    plan = Plan.of(job, how.parts)
    if todo := plan.unfinished():
        with _followed(plan, name, watch):
            _work(plan, job, todo, how, watch)
    yield merged(plan, job.outcome)
    once_there(plan.remove)


def _counted(rows: Iterator[T], task: Task) -> Iterator[T]:
    while batch := list(islice(rows, _BATCH)):
        yield from batch
        task.advance(len(batch))


def _work(plan: Plan, job: Job[T], todo: list[int], how: ShardSettings, watch: Watch) -> None:
    """Have shards done."""
    backend = _backend()
    match how.executor:
        case "local":
            backend.here(plan, job, todo, workers=how.workers or 1)
        case "slurm":
            backend.on_slurm(
                plan,
                job,
                todo,
                workers=how.workers or -1,
                partition=how.partition,
                time_limit=how.time,
                tell=watch.say,
            )
        case "ray":
            backend.on_ray(plan, job, todo, workers=how.workers or -1)


def _backend() -> ModuleType:
    """The adapter to datatrove.

    Raises:
        RecipeError: it is not installed.
    """
    try:
        return importlib.import_module("quimbot.curate.datatrove_backend")
    except ModuleNotFoundError as fault:
        if (fault.name or "").partition(".")[0] not in ("datatrove", "multiprocess"):
            raise
        raise RecipeError(
            "workers, shards and clusters need an extra; run pip install 'quimbot[cluster]'"
        ) from None


@contextmanager
def _followed(plan: Plan, name: str, watch: Watch) -> Iterator[None]:
    """Shows how many rows are noted in the ledgers, whoever writes them."""
    ledgers = _Ledgers(plan)
    over = threading.Event()

    def follow(task: Task) -> None:
        while not over.wait(_LOOK_S):
            if more := ledgers.more():
                task.advance(more)

    with watch.task(name, plan.rows, done=ledgers.more()) as task:
        follower = threading.Thread(target=follow, args=(task,), daemon=True)
        follower.start()
        try:
            yield
        finally:
            over.set()
            follower.join()
            task.advance(ledgers.more())


class _Ledgers:
    """The ledgers of a plan while others append to them."""

    def __init__(self, plan: Plan) -> None:
        self._read = dict.fromkeys(map(plan.ledger, range(plan.shards)), 0)

    def more(self) -> int:
        """How many rows were noted since the last call."""
        rows = 0
        for path, size in self._read.items():
            if not path.exists() or path.stat().st_size == size:
                continue
            with path.open("rb") as file:
                file.seek(size)
                for line in file:
                    if line.endswith(b"\n"):
                        rows += 1
                        self._read[path] += len(line)
        return rows
