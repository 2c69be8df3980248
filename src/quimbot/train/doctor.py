"""`doctor`: what this machine can train, and what is in its way."""

import importlib.util
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from quimbot.runs.machine import cores
from quimbot.runs.stamp import environment
from quimbot.runs.watch import Watch, aligned

_VERSIONS = ("quimbot", "python", "torch", "transformers", "peft")
_NEEDED_MB = 4_000
"""What training SmolLM2-135M takes, with room for the system."""
_NEEDED_GB = 5
"""What the demo and its environment leave on the disk."""


@dataclass(frozen=True, kw_only=True)
class DoctorSettings:
    """Nothing to choose."""

    def inputs(self) -> tuple[Path, ...]:
        """Nothing is read."""
        return ()

    def outputs(self) -> tuple[Path, ...]:
        """Nothing is written."""
        return ()


def doctor(settings: DoctorSettings, watch: Watch) -> str:
    """Facts about the machine, each with what can be done about it."""
    del settings, watch
    return "\n".join(aligned(_facts()))


def _facts() -> Iterator[tuple[str, str, str]]:
    from quimbot.train.machine_backend import machine, matmul_flops  # noqa: PLC0415 - loads torch

    versions = environment()
    yield from ((name, versions[name], "") for name in _VERSIONS)
    here = machine()
    alone = "trains smollm2-135m in minutes; billions of weights want a GPU"
    yield "device", here.device, alone if here.device == "cpu" else ""
    yield "threads", f"{here.threads} of {cores()} cores", _of_threads(here.threads)
    scarce = here.memory_mb < _NEEDED_MB
    yield "memory", f"{here.memory_mb:,} MB", "give train a smaller pack_tokens" if scarce else ""
    yield "float32", f"{matmul_flops('float32') / 1e9:,.0f} GFLOP/s", ""
    if here.bfloat16:
        yield "bfloat16", f"{matmul_flops('bfloat16') / 1e9:,.0f} GFLOP/s", ""
    else:
        yield "bfloat16", "not in hardware", "float32 is faster, and what is used"
    free_gb = shutil.disk_usage(Path.cwd()).free / 1e9
    yield "disk", f"{free_gb:,.0f} GB free", "" if free_gb > _NEEDED_GB else "free some space"
    hub = importlib.util.find_spec("datasets") is not None
    yield "hub corpora", "yes" if hub else "no", "" if hub else "pip install 'quimbot[hub]'"


def _of_threads(threads: int) -> str:
    if threads >= cores():
        return ""
    told = os.environ.get("OMP_NUM_THREADS")
    return f"OMP_NUM_THREADS is {told}" if told else "set OMP_NUM_THREADS for more"
