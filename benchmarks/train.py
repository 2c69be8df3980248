"""Training steps here against the plain ones of peft and transformers, and of other trainers.

    python benchmarks/train.py runs/demo/data/mix.jsonl
    python benchmarks/train.py FILE --peer VENV/bin/python benchmarks/peers/trl_sft.py

All sides train the same new adapter on the same batches with the same optimiser, each in a process
of its own, in turn for `--rounds` rounds; the ratios are what to quote. The plain step reads every
dialogue from its first token, computes logits at every place, and leaves its threads to torch. A
peer runs in an environment of its own, named by its interpreter, with the settings that cost least
on a CPU. With `--own-beginnings` the words of each system prompt are shuffled, so that dialogues
share nothing.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("GOMP_SPINCOUNT", "0")

import msgspec
import torch
from own_beginnings import own_beginning
from peft import PeftModel
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoModelForCausalLM

from quimbot.records.jsonl import read_records, write_rows
from quimbot.runtimes.models import find_model
from quimbot.runtimes.packing import packs
from quimbot.train.dialogues import read_dialogues
from quimbot.train.lora import Lora
from quimbot.train.plan import Plan
from quimbot.train.torch_backend import TorchTrainer
from quimbot.train.trainer import Example

RANK, ALPHA, RATE, BATCH = 16, 32, 1e-3, 10
Batches = Sequence[Sequence[Example]]
Step = Callable[[Sequence[Example]], float]


def ours(job: dict[str, Any]) -> tuple[list[float], list[float]]:
    """Losses and seconds of the steps."""
    trainer = _trainer(job)
    return _timed(lambda batch: trainer.step(batch, RATE).loss, _batches(job))


def plain(job: dict[str, Any]) -> tuple[list[float], list[float]]:
    """The same for the step that most trainers take."""
    base = AutoModelForCausalLM.from_pretrained(job["model"], dtype=torch.float32)
    model = PeftModel.from_pretrained(base, job["adapter"], is_trainable=True)
    optimiser = torch.optim.AdamW(
        [value for value in model.parameters() if value.requires_grad],
        lr=RATE,
        betas=(0.9, 0.95),
        eps=1e-12,
        weight_decay=0.0,
        fused=True,
    )

    def step(batch: Sequence[Example]) -> float:
        width = max(len(example.tokens) for example in batch)
        tokens = torch.zeros(len(batch), width, dtype=torch.long)
        labels = torch.full_like(tokens, -100)
        seen = torch.zeros_like(tokens)
        for row, example in enumerate(batch):
            end = len(example.tokens)
            tokens[row, :end] = torch.tensor(example.tokens)
            seen[row, :end] = 1
            learnt = torch.tensor(example.weights) > 0
            labels[row, :end][learnt] = tokens[row, :end][learnt]
        loss = model(input_ids=tokens, attention_mask=seen, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        return float(loss.detach())

    return _timed(step, _batches(job))


def _timed(
    step: Callable[[Sequence[Example]], float], batches: Batches
) -> tuple[list[float], list[float]]:
    losses, seconds = [], []
    for batch in batches:
        start = time.perf_counter()
        losses.append(step(batch))
        seconds.append(time.perf_counter() - start)
    return losses, seconds[1:]


def _trainer(job: dict[str, Any]) -> TorchTrainer:
    return TorchTrainer(
        find_model(job["name"]),
        Path(job["adapter"]).parent,
        lora=Lora(rank=RANK, alpha=ALPHA),
        seed=0,
        pack_tokens=768,
    )


def _batches(job: dict[str, Any]) -> list[list[Example]]:
    return [
        [Example(id="", tokens=tuple(tokens), weights=tuple(weights)) for tokens, weights in batch]
        for batch in job["batches"]
    ]


def _job(path: Path, name: str, steps: int, folder: Path, *, own_beginnings: bool) -> Path:
    """What all sides do: model, adapter, batches."""
    files = find_model(name)
    if own_beginnings:
        records = list(read_records(path))
        path = folder / "own.jsonl"
        write_rows(path, [own_beginning(record) for record in records])
    dialogues, _ = read_dialogues(path, files.style, files.tokenizer(), 1024)
    plan = Plan(
        ids=tuple(dialogue.id for dialogue in dialogues),
        beginnings=tuple(dialogue.beginning for dialogue in dialogues),
        batch_size=BATCH,
        seed=0,
    )
    job: dict[str, Any] = {"name": name, "model": str(files.folder), "rate": RATE}
    job |= {"rank": RANK, "alpha": ALPHA}
    job["adapter"] = str(folder / "start")
    batches = [[dialogues[index] for index in plan.batch(step)] for step in range(steps + 1)]
    job["batches"] = [
        [(ex.tokens, ex.weights) for dialogue in batch for ex in dialogue.examples]
        for batch in batches
    ]
    chats = {record.id: msgspec.to_builtins(record.messages) for record in read_records(path)}
    job["chats"] = [[chats[dialogue.id] for dialogue in batch] for batch in batches]
    _trainer(job).save("start")
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    return folder / "job.json"


def _side(name: str, path: str) -> None:
    """Run one side and print, in a process of its own."""
    job = json.loads(Path(path).read_text(encoding="utf-8"))
    losses, seconds = {"quimbot": ours, "plain": plain}[name](job)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"losses": losses, "seconds": seconds, "peak_mb": peak_mb}))


def _of_peak(path: Path, seconds: float) -> float:
    """The part of the machine's float32 matmul peak that a step reaches."""
    job = json.loads(path.read_text(encoding="utf-8"))
    trainer, batches = _trainer(job), _batches(job)
    values = list(trainer._named.values())
    with FlopCounterMode(display=False) as counted:
        for batch in batches[1:]:
            for pack in packs(batch, 768):
                torch.autograd.grad(trainer._nats(pack), values)
    a, b = torch.randn(2048, 2048), torch.randn(2048, 2048)
    best = min(_seconds_of(lambda: torch.mm(a, b)) for _ in range(10))
    return counted.get_total_flops() / (len(batches) - 1) / seconds / (2 * 2048**3 / best)


def _seconds_of(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("data", type=Path, help="records to train on")
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer", nargs=2, action="append", default=[], metavar="PYTHON SCRIPT")
    parser.add_argument("--own-beginnings", action="store_true")
    asked = parser.parse_args()
    here = Path(__file__)
    commands = {name: [sys.executable, str(here), "--side", name] for name in ("quimbot", "plain")}
    commands |= {Path(script).stem: [python, script] for python, script in asked.peer}
    with tempfile.TemporaryDirectory() as folder:
        job = _job(
            asked.data, asked.model, asked.steps, Path(folder), own_beginnings=asked.own_beginnings
        )
        found: dict[str, list[Any]] = {name: [] for name in commands}
        for _ in range(asked.rounds):
            for name, command in commands.items():
                done = subprocess.run([*command, str(job)], stdout=subprocess.PIPE, check=True)
                found[name].append(json.loads(done.stdout.splitlines()[-1]))
        median = {
            name: [statistics.median(each["seconds"]) for each in rounds]
            for name, rounds in found.items()
        }
        reached = _of_peak(job, min(median["quimbot"]))
    print(f"{'':16} {'dialogues/s':>11} {'ratio':>6} {'peak MB':>8} {'loss apart':>10}")
    for name, rounds in found.items():
        ratio = statistics.median(
            b / a for a, b in zip(median["quimbot"], median[name], strict=True)
        )
        losses = zip(found["quimbot"][0]["losses"], rounds[0]["losses"], strict=False)
        apart = max((abs(mine - theirs) for mine, theirs in losses), default=float("nan"))
        print(
            f"{name:16} {BATCH / statistics.median(median[name]):11.2f} {ratio:6.2f} "
            f"{statistics.median(each['peak_mb'] for each in rounds):8.0f} {apart:10.1e}"
        )
    print(f"a step of quimbot reaches {reached:.0%} of the float32 matmul peak")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--side"]:
        _side(*sys.argv[2:])
    else:
        main()
