"""The shards of a job as the tasks of datatrove's executors."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import multiprocess
from datatrove.executor import LocalPipelineExecutor, SlurmPipelineExecutor
from loguru import logger
from multiprocess.util import register_after_fork

from quimbot.curate.shards import LOGS, Job, Plan, do_shard
from quimbot.exceptions import DataError, OutputError, RecipeError

logger.disable("datatrove")  # it shows each error with its traceback; ours are told in one line

_GB = 4
"""Memory that a worker asks a cluster for; it takes less than 1 with the parser loaded."""
_LOOK_S = 0.5
_ASK_S = 30.0  # between two questions to Slurm
_END_S = 5.0  # within which datatrove ends its workers once the work has ended


@dataclass(frozen=True)
class _Step:
    """The one step of datatrove's pipeline: a task does the shard in its place."""

    plan: Plan
    job: Job[Any]
    todo: list[int]
    folder: str
    """Where the command runs, from which its paths lead; a worker may begin elsewhere."""

    def __call__(self, _: object, rank: int, __: int) -> None:
        """Do the shard of a rank."""
        _end_with_the_command(os.getpid())
        os.chdir(self.folder)
        do_shard(self.plan, self.todo[rank], self.job)


def here(plan: Plan, job: Job[Any], todo: list[int], *, workers: int) -> None:
    """Do shards in so many processes of this machine.

    Raises:
        DataError: an input is not what it must be.
        OutputError: a worker was killed, or another process works on the same shards.
    """
    executor = LocalPipelineExecutor(
        [_Step(plan, job, todo, str(Path.cwd()))],
        tasks=len(todo),
        workers=min(workers, len(todo)),
        logging_dir=str(_fresh(plan)),
    )
    if workers == 1:
        executor.run()
    else:
        _apart(executor)


def on_slurm(
    plan: Plan,
    job: Job[Any],
    todo: list[int],
    *,
    workers: int,
    partition: str,
    time_limit: str,
    tell: Callable[[str], None],
) -> None:
    """Submit shards as an array of jobs, unless they are in the queue, and wait until it is empty.

    Raises:
        RecipeError: there is no Slurm here, or it refuses the array.
        DataError: the array has ended and shards are not finished.
    """
    note = plan.folder / "slurm_job"
    number = note.read_text() if note.exists() else ""
    if not number or not _queued(number):
        executor = _Array(
            [_Step(plan, job, todo, str(Path.cwd()))],
            tasks=len(todo),
            time=time_limit,
            partition=partition,
            workers=workers,
            mem_per_cpu_gb=_GB,
            job_name=f"quimbot-{plan.output.stem}",
            qos="",
            env_command=f'export PATH="{Path(sys.executable).parent}:$PATH"',
            logging_dir=str(_fresh(plan)),
            with_srun=False,
        )
        number = _submitted(executor)
        note.write_text(number)
    tell(
        f"Slurm job {number} works on {len(todo)} shards. Ctrl-C ends only the waiting; the same "
        f"command waits again, and scancel {number} ends the job"
    )
    absent = 0
    while (left := plan.unfinished()) and absent < 2:  # noqa: PLR2004 - a marker may be seen late
        time.sleep(_ASK_S)
        absent = 0 if _queued(number) else absent + 1
    if left:
        raise DataError(
            f"Slurm job {number} has ended and {len(left)} of {plan.shards} shards are not "
            f"finished; see {_logs(plan) / 'slurm_logs'}, then run the command again"
        )


def on_ray(plan: Plan, job: Job[Any], todo: list[int], *, workers: int) -> None:
    """Do shards as tasks of the Ray cluster that RAY_ADDRESS names, or of one on this machine.

    Raises:
        RecipeError: Ray is not installed.
        DataError: shards are not finished.
    """
    from datatrove.executor import RayPipelineExecutor  # noqa: PLC0415 - not everybody's

    executor = RayPipelineExecutor(
        [_Step(plan, job, todo, str(Path.cwd()))],
        tasks=len(todo),
        workers=workers,
        mem_per_cpu_gb=_GB,
        logging_dir=str(_fresh(plan)),
    )
    try:
        executor.run()
    except ImportError:
        raise RecipeError("executor ray needs Ray; run pip install ray") from None
    if left := plan.unfinished():
        raise DataError(
            f"Ray left {len(left)} of {plan.shards} shards unfinished; see {_logs(plan) / 'logs'}, "
            "then run the command again"
        )


class _Array(SlurmPipelineExecutor):  # type: ignore[misc] # datatrove ships no types
    """An array without datatrove's second job, which adds up times that nobody reads."""

    def launch_merge_stats(self) -> None:
        """Nothing."""


def _submitted(executor: _Array) -> str:
    """Submit the array and give its number."""
    try:
        executor.run()
    except FileNotFoundError:
        raise RecipeError(
            "sbatch is not on this machine; run the command where jobs are submitted"
        ) from None
    except subprocess.CalledProcessError as fault:
        raise RecipeError(
            f"sbatch refuses the array (status {fault.returncode}, its words stand above); "
            "check --partition and --time"
        ) from None
    return str(executor.job_id)


def _queued(number: str) -> bool:
    """Whether a job waits or runs."""
    found = subprocess.run(  # noqa: S603 - the number is sbatch's
        ["squeue", "--noheader", "--jobs", number],  # noqa: S607 - wherever Slurm is
        capture_output=True,
        text=True,
        check=False,  # it refuses the number of a job that ended long ago
    )
    return bool(found.stdout.strip())


def _logs(plan: Plan) -> Path:
    return plan.folder / LOGS


def _fresh(plan: Plan) -> Path:
    """An empty folder for what datatrove writes; the markers of shards are ours."""
    shutil.rmtree(_logs(plan), ignore_errors=True)
    return _logs(plan)


def _apart(executor: LocalPipelineExecutor) -> None:
    """Run an executor in a process of its own, which can be ended when it hangs.

    When a worker is killed, datatrove's pool waits for its answer for ever, and may wait for a lock
    that it held even when it is told to end.
    """
    mine, theirs = multiprocess.Pipe(duplex=False)
    runner = multiprocess.get_context("fork").Process(target=_run, args=(executor, theirs))
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # for all that it starts: we hear Ctrl-C
    try:
        runner.start()
    finally:
        signal.signal(signal.SIGINT, before)
    theirs.close()
    try:
        fault = mine.recv()
    except EOFError:
        raise OutputError(
            "a worker was killed, perhaps for want of memory; run the command again, "
            "with fewer --workers, and it goes on where it stopped"
        ) from None
    except BaseException:
        runner.terminate()
        raise
    finally:
        mine.close()
        runner.join(_END_S)
        runner.kill()
        runner.join()
    if fault is not None:
        raise fault


def _run(executor: LocalPipelineExecutor, told: Any) -> None:  # noqa: ANN401 - multiprocess ships no types
    """The work of that process; it tells the fault that ended it, or that there was none."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    _end_with_the_command(os.getpid())
    register_after_fork(executor, lambda _: _end_with_the_command(os.getpid()))
    over = threading.Event()
    threading.Thread(target=_end_with_a_worker, args=(over,), daemon=True).start()
    fault = None
    try:
        executor.run()
    except (ConnectionError, EOFError):  # it is the process that counts the tasks
        _end_all()
    except Exception as raised:  # noqa: BLE001 - it is raised again where it is told
        fault = raised
    over.set()
    told.send(fault)


def _end_with_a_worker(over: threading.Event) -> None:
    """End this process when one that it started has ended before all is over."""
    seen: dict[int, Any] = {}
    while not over.wait(_LOOK_S):
        seen |= {child.pid: child for child in multiprocess.active_children()}
        ended = wait([child.sentinel for child in seen.values()], 0) if seen else []
        if ended and not over.wait(_END_S):
            _end_all()


@cache
def _end_with_the_command(_process: int) -> None:
    """A process that the command started ends when the command does, whatever it is at."""
    command = multiprocess.parent_process()
    if command is None:
        return

    def end() -> None:
        command.join()
        _end_all()

    threading.Thread(target=end, daemon=True).start()


def _end_all() -> None:
    """End this process at once, and those that it started: one without a task knows no better."""
    for child in multiprocess.active_children():
        child.kill()
    os._exit(1)
