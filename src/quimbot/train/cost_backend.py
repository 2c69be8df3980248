"""What a run will take: memory and time, from the model's sizes and how fast this machine is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from quimbot.runtimes.packing import packs
from quimbot.train.lora import Lora
from quimbot.train.machine_backend import machine, matmul_flops
from quimbot.train.settings import TrainSettings
from quimbot.train.team_backend import team
from quimbot.train.trainer import Example

Batches = Sequence[Sequence[Example]]
_REACHED = 0.6
"""Part of the machine's matmul peak that a step reaches on a CPU (`benchmarks/train.py`)."""
_NF4_SAVES = 1.48
"""Bytes of a weight in bfloat16 that 4 bits and their two scales do not take."""
_PROGRAM_MB = 800
"""Python, torch and transformers themselves."""


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """A model's numbers, from its config.json."""

    layers: int
    hidden: int
    inner: int
    vocabulary: int
    tied: bool
    shapes: dict[str, tuple[int, int]]
    """Rows and columns of the matrices of a layer, by name."""

    @classmethod
    def of(cls, config: dict[str, Any]) -> "Sizes":
        """The sizes that a config.json of these families gives."""
        hidden, inner = config["hidden_size"], config["intermediate_size"]
        heads = config["num_attention_heads"]
        head = config.get("head_dim") or hidden // heads
        queries, keys = heads * head, config["num_key_value_heads"] * head
        return cls(
            layers=config["num_hidden_layers"],
            hidden=hidden,
            inner=inner,
            vocabulary=config["vocab_size"],
            tied=bool(config.get("tie_word_embeddings", False)),
            shapes={
                "q_proj": (queries, hidden),
                "k_proj": (keys, hidden),
                "v_proj": (keys, hidden),
                "o_proj": (hidden, queries),
                "gate_proj": (inner, hidden),
                "up_proj": (inner, hidden),
                "down_proj": (hidden, inner),
            },
        )

    @property
    def linear(self) -> int:
        """Weights of the matrices of all layers."""
        return self.layers * sum(rows * columns for rows, columns in self.shapes.values())

    @property
    def weights(self) -> int:
        """All weights of the model, but for its few norms."""
        return self.linear + self.vocabulary * self.hidden * (1 if self.tied else 2)

    def adapter(self, lora: Lora) -> int:
        """Weights of an adapter: A has a row and B a column for each of its rank."""
        ends = sum(sum(self.shapes[name]) for name in lora.target_modules)
        lengths = sum(self.shapes[name][0] for name in lora.target_modules if lora.use_dora)
        return self.layers * (lora.rank * ends + lengths)


def estimate(
    config: dict[str, Any],
    batches: Batches,
    settings: TrainSettings,
    total: int,
) -> Iterator[str]:
    """Lines on memory and time; `batches` are a sample of the run's steps."""
    sizes, here = Sizes.of(config), machine()
    workers = here.threads if here.device == "cpu" else 1
    read = nodes = rows = largest = 0
    for batch in batches:
        made = packs(batch, settings.pack_tokens, workers)
        read += sum(len(example.tokens) for example in batch)
        nodes += sum(len(pack.tokens_N) for pack in made)
        rows += sum(len(pack.rows_R) for pack in made)
        largest = max(largest, workers * max(len(pack.tokens_N) for pack in made))
    adapter = sizes.adapter(settings.lora)
    # forward and backward multiply each weight once for each token; none is needed for the weights
    flops = 4 * nodes * (sizes.linear + adapter) + 4 * rows * sizes.vocabulary * sizes.hidden
    nf4 = settings.quantize == "nf4"
    low = nf4 or settings.precision == "bfloat16"
    speed = matmul_flops("bfloat16" if low else "float32")
    seconds = flops / len(batches) * total / (speed * _REACHED)
    kept = largest * sizes.layers * (6 * sizes.hidden + 2 * sizes.inner)
    width = 2 if low else 4  # bytes of a number
    frozen = width * sizes.weights - (_NF4_SAVES * sizes.linear if nf4 else 0)
    if settings.shard:  # left are a share, and two whole layers: one computes, one is gathered
        frozen -= width * sizes.linear * (1 - 1 / team().size - 2 / sizes.layers)
    memory_mb = _PROGRAM_MB + (frozen + 16 * adapter + width * kept) / 1e6
    yield f"shared beginnings: {nodes} tokens computed for {read} read, in the first steps"
    yield (
        f"adapter: {adapter:,} weights on {sizes.weights:,} frozen ones; memory about "
        f"{memory_mb:,.0f} MB of {here.memory_mb:,}"
    )
    yield (
        f"time: about {timedelta(seconds=round(seconds))} on {here.device} with {here.threads} "
        f"threads ({seconds / total:.1f} s a step), measurements and samples not counted"
    )
    if memory_mb > here.memory_mb:
        yield "that does not fit: lower pack_tokens or batch_size, or take a smaller model"
