"""What a training step spends its time on, and what compiling its elementwise parts would bring.

    python benchmarks/step_parts.py runs/demo/data/mix.jsonl

One pack after the other on one thread, as a worker computes it: first the shares of the time by
kind of operation, with the speed of the matrix products beside what a large one reaches; then the
same packs with norms, rotations and gates compiled by `torch.compile`, in turn with as they are.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import silu
from torch.profiler import ProfilerActivity, profile
from train import _batches, _job, _trainer
from transformers.models.llama import modeling_llama as llama

from quimbot.runtimes.packing import Pack, packs
from quimbot.train.torch_backend import TorchTrainer

_PRODUCTS = ("aten::mm", "aten::bmm", "aten::addmm_")
_rotated = llama.apply_rotary_pos_emb


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--packs", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        job = json.loads(
            _job(
                options.file, "smollm2-135m", options.packs, Path(folder), own_beginnings=False
            ).read_text()
        )
        trainer = _trainer(job)
    torch.set_num_threads(1)
    made = [packs(batch, 768, 2)[0] for batch in _batches(job)]
    _pass(trainer, made[0])
    _parts(trainer, made[1])
    _compiled(trainer, made)


def _pass(trainer: TorchTrainer, pack: Pack) -> float:
    """Seconds of a forward and backward pass."""
    start = time.perf_counter()
    torch.autograd.grad(trainer._nats(pack), list(trainer._named.values()))
    return time.perf_counter() - start


def _parts(trainer: TorchTrainer, pack: Pack) -> None:
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as seen:
        _pass(trainer, pack)
    rows = seen.key_averages()
    total = sum(row.self_cpu_time_total for row in rows)
    for row in sorted(rows, key=lambda row: -row.self_cpu_time_total)[:8]:
        print(f"{row.key:28}{row.self_cpu_time_total / total:6.1%}")
    products = sum(row.self_cpu_time_total for row in rows if row.key in _PRODUCTS)
    print(f"{'all matrix products':28}{products / total:6.1%}")
    print(f"\na large product reaches {_peak():.0f} GFLOP/s; those that take the most time:")
    shaped = [row for row in seen.key_averages(group_by_input_shape=True) if row.key == "aten::mm"]
    for row in sorted(shaped, key=lambda row: -row.self_cpu_time_total)[:5]:
        (m, k), (_, n) = row.input_shapes[:2]
        speed = 2 * m * k * n * row.count / row.self_cpu_time_total / 1e3
        print(f"{m:6} x {k} x {n:<6}{row.self_cpu_time_total / total:6.1%} {speed:6.0f} GFLOP/s")


def _peak() -> float:
    """GFLOP/s of a large float32 product on one thread."""
    left, right = torch.randn(2, 2048, 2048).unbind()
    out = left @ right
    start = time.perf_counter()
    for _ in range(5):
        torch.mm(left, right, out=out)
    return 5 * 2 * 2048**3 / (time.perf_counter() - start) / 1e9


def _compiled(trainer: TorchTrainer, made: list[Pack]) -> None:
    gate = torch.compile(lambda gate, up: silu(gate) * up, dynamic=True)
    norm = torch.compile(_norm, dynamic=True)
    rotate = torch.compile(_rotated, dynamic=True)
    changed = [
        m for m in trainer._model.modules() if type(m) in {llama.LlamaRMSNorm, llama.LlamaMLP}
    ]

    def use(*, compiled: bool) -> None:
        llama.apply_rotary_pos_emb = rotate if compiled else _rotated
        for module in changed:
            with suppress(KeyError):
                del module.__dict__["forward"]
            if compiled:
                module.forward = _forward(module, gate, norm)

    use(compiled=True)
    start = time.perf_counter()
    for pack in made[:2]:
        _pass(trainer, pack)
    print(f"\ncompiled in {time.perf_counter() - start:.0f} s")
    ratios = []
    for pack in made[2:] * 3:
        use(compiled=False)
        plain = _pass(trainer, pack)
        use(compiled=True)
        ratios.append(plain / _pass(trainer, pack))
    print(f"plain / compiled: median {statistics.median(ratios):.3f} of {len(ratios)} packs")


def _forward(
    module: llama.LlamaRMSNorm | llama.LlamaMLP,
    gate: Callable[..., Tensor],
    norm: Callable[..., Tensor],
) -> Callable[[Tensor], Tensor]:
    if isinstance(module, llama.LlamaRMSNorm):
        return lambda states: norm(states, module.weight, module.variance_epsilon)
    return lambda states: module.down_proj(gate(module.gate_proj(states), module.up_proj(states)))


def _norm(states: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    return weight * (states * torch.rsqrt(states.pow(2).mean(-1, keepdim=True) + epsilon))


if __name__ == "__main__":
    main()
