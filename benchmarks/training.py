"""A training step here against the plain one: peft and transformers on the padded batch.

    python benchmarks/training.py runs/demo/data/mix.jsonl

Both train a new adapter of the same shape on the same dialogues, ten to a step. They run in turn
for `--rounds` steps after one to warm up, and the ratios are taken step by step: these are what to
quote. The plain step reads every dialogue from its first token, computes logits at every place, and
leaves its threads to torch; a step here is exactly as good (tests hold the gradients equal).
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("GOMP_SPINCOUNT", "0")

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from quimbot.runtimes.models import ModelFiles, find_model
from quimbot.train.dialogues import read_dialogues
from quimbot.train.plan import Plan
from quimbot.train.torch_backend import TorchTrainer
from quimbot.train.trainer import Example

RANK, ALPHA, RATE, BATCH = 16, 32, 1e-3, 10


class Plain:
    """The step that most trainers take."""

    def __init__(self, files: ModelFiles) -> None:
        base = AutoModelForCausalLM.from_pretrained(files.folder, dtype=torch.float32)
        config = LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules="all-linear")
        self.model = get_peft_model(base, config)
        self.optimiser = torch.optim.AdamW(
            [value for value in self.model.parameters() if value.requires_grad], lr=RATE
        )

    def step(self, batch: Sequence[Example]) -> float:
        """One step; returns the loss before it."""
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
        loss = self.model(input_ids=tokens, attention_mask=seen, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad()
        return loss.item()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("data", type=Path, help="records to train on")
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--rounds", type=int, default=8)
    asked = parser.parse_args()
    files = find_model(asked.model)
    dialogues, _ = read_dialogues(asked.data, files.style, files.tokenizer(), 1024)
    plan = Plan(
        ids=tuple(dialogue.id for dialogue in dialogues),
        beginnings=tuple(dialogue.beginning for dialogue in dialogues),
        batch_size=BATCH,
        seed=0,
    )
    batches = [
        [example for index in plan.batch(step) for example in dialogues[index].examples]
        for step in range(asked.rounds + 1)
    ]
    plain = Plain(files)
    with tempfile.TemporaryDirectory() as folder:
        ours = TorchTrainer(files, Path(folder), rank=RANK, alpha=ALPHA, seed=0, pack_tokens=768)
        times: list[tuple[float, float]] = []
        for batch in batches:
            started = time.perf_counter()
            ours.step(batch, RATE)
            between = time.perf_counter()
            plain.step(batch)
            times.append((between - started, time.perf_counter() - between))
    for name, found in zip(("quimbot", "plain"), zip(*times[1:], strict=True), strict=True):
        print(f"{name:8} {statistics.median(found):6.2f} s a step of {BATCH} dialogues")
    ratio = statistics.median(theirs / mine for mine, theirs in times[1:])
    print(f"plain / quimbot, wall clock: {ratio:.1f}")


if __name__ == "__main__":
    main()
