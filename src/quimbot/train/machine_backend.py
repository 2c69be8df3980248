"""What a training step takes on this machine: its processors, their speed, their memory."""

import time
from dataclasses import dataclass

import torch

from quimbot.runs.machine import memory_mb

_SIDE = 1536  # of the square matrices that are multiplied to see how fast
_TRIES = 5


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Processors as torch sees them."""

    device: str
    """`cpu`, or the name of the GPU."""
    threads: int
    memory_mb: int
    """Of the device, in MB of 10^6 bytes."""
    bfloat16: bool
    """Whether the device multiplies bfloat16 in hardware."""


def machine() -> Machine:
    """This machine."""
    if torch.cuda.is_available():
        facts = torch.cuda.get_device_properties(0)
        return Machine(
            device=facts.name,
            threads=torch.get_num_threads(),
            memory_mb=round(facts.total_memory / 1e6),
            bfloat16=torch.cuda.is_bf16_supported(including_emulation=False),
        )
    return Machine(
        device="cpu",
        threads=torch.get_num_threads(),
        memory_mb=memory_mb(),
        bfloat16=bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()),  # noqa: SLF001 - no other way
    )


def matmul_flops(precision: str = "float32") -> float:
    """Floating-point operations a second that large matrix products reach, at their best."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    left, right = torch.randn(2, _SIDE, _SIDE, device=device).to(getattr(torch, precision))
    seconds = []
    for _ in range(_TRIES):
        start = time.perf_counter()
        (left @ right).sum().item()  # reading the sum waits for the device
        seconds.append(time.perf_counter() - start)
    return float(2 * _SIDE**3 / min(seconds))
