"""A checkpoint on disk: one folder, written aside, checked by sums, taken up or not at all.

step-000120/
    adapter_config.json, adapter_model.safetensors    what peft loads
    optimizer.safetensors                             what exact resumption needs
    state.json                                        step, and what the run is made from
    chat.json                                         how chats are written for it
    COMPLETE                                          SHA-256 of every other file, written last
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from quimbot.exceptions import ModelError, OutputError
from quimbot.runs.checkpoints import MARKER, adapter_hash, complete_checkpoints
from quimbot.train.trainer import Trainer

ADAPTER = "adapter_model.safetensors"
ADAPTER_CONFIG = "adapter_config.json"
OPTIMIZER = "optimizer.safetensors"
STATE = "state.json"


class Ancestor(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint that an adapter comes from."""

    checkpoint: str
    adapter: str
    """SHA-256 of its weights."""


class State(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run stands, and what it is made from."""

    step: int
    threads: int
    """In a process; a run is repeated bit for bit at the same number of both."""
    made_from: dict[str, Any]
    """Settings and hashes of what was read: a run continues only when they are equal."""
    environment: dict[str, str]
    lineage: tuple[Ancestor, ...] = ()
    """The stages before this one, the first one first."""
    processes: int = 1

    def made_by(self, trainer: Trainer) -> bool:
        """Whether a trainer repeats it to the last bit."""
        return (self.processes, self.threads) == (trainer.processes, trainer.threads)


def checkpoint_name(step: int) -> str:
    """The folder name of the checkpoint after that many steps."""
    return f"step-{step:06d}"


@contextmanager
def writing(folder: Path) -> Iterator[Path]:
    """A folder aside whose files become the checkpoint `folder` when the block ends well.

    Raises:
        OutputError: it cannot be written.
    """
    aside = folder.with_name(f".{folder.name}.part")
    try:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        yield aside
        sums = {path.name: _sum(path) for path in sorted(aside.iterdir())}
        for path in aside.iterdir():
            _sync(path)
        (aside / MARKER).write_bytes(msgspec.json.format(msgspec.json.encode(sums), indent=2))
        _sync(aside / MARKER)
        _sync(aside)
        shutil.rmtree(folder, ignore_errors=True)
        aside.rename(folder)
        _sync(folder.parent)
    except OSError as fault:
        raise OutputError(
            f"{folder}: cannot write ({fault.strerror or fault}); "
            "free some space or name another path"
        ) from fault
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def latest(folder: Path) -> tuple[Path | None, list[str]]:
    """The newest whole checkpoint of a run, and a line for each one passed over."""
    passed: list[str] = []
    for path in reversed(complete_checkpoints(folder) if folder.is_dir() else []):
        if path.name.startswith("."):
            continue
        fault = damage(path)
        if fault is None:
            return path, passed
        passed.append(f"{path}: passed over ({fault})")
    return None, passed


def damage(checkpoint: Path) -> str | None:
    """What is wrong with a checkpoint's files, if anything."""
    try:
        sums = msgspec.json.decode((checkpoint / MARKER).read_bytes(), type=dict[str, str])
    except (OSError, msgspec.MsgspecError):
        return f"no readable {MARKER} marker"
    for name, expected in sums.items():
        path = checkpoint / name
        if not path.is_file() or _sum(path) != expected:
            return f"{name} is not what was written"
    return None


def read_state(checkpoint: Path) -> State:
    """The state file of a checkpoint.

    Raises:
        ModelError: there is none, or it is damaged.
    """
    try:
        return msgspec.json.decode((checkpoint / STATE).read_bytes(), type=State)
    except (OSError, msgspec.MsgspecError) as fault:
        raise ModelError(f"{checkpoint}: not a training checkpoint ({fault})") from None


def lineage_of(checkpoint: Path) -> tuple[Ancestor, ...]:
    """A checkpoint's own stages and itself, the last."""
    before = read_state(checkpoint).lineage if (checkpoint / STATE).is_file() else ()
    return *before, Ancestor(checkpoint=str(checkpoint), adapter=adapter_hash(checkpoint))


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
