"""What can be chosen about a training run."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from quimbot.exceptions import RecipeError
from quimbot.runtimes.chat_format import Thoughts
from quimbot.train.lora import MODULES, Lora
from quimbot.train.trackers import Tracker


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """What is trained, on what, and how."""

    data: Path
    """Records to learn from (.jsonl)."""
    output: Path
    """Run folder for checkpoints and metrics."""
    valid: Path | None = None
    """Held-out records: their loss is measured at every checkpoint."""
    model: str = "smollm2-135m"
    """Base model: the embedded smollm2-135m, a local folder, or a hub id."""
    start: str = ""
    """Checkpoint, or run, whose adapter is the first stage; empty for a new adapter."""
    stage2: Literal["continue", "merge_then_new"] = "continue"
    """What becomes of that adapter: it is trained on with a fresh optimiser, or merged into the
    base, and a new one is trained; a checkpoint then holds both as one."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """What the frozen base is kept and multiplied in; the adapter is always float32."""
    quantize: Literal["none", "nf4"] = "none"
    """Keep its weights in 4 bits (QLoRA, needs CUDA and bitsandbytes), multiply in bfloat16."""
    shard: bool = False
    """Keep a share of each layer of the base in each process (FSDP): for several processes, and a
    base that one of them cannot hold."""
    rank: int = 16
    """Rank of the adapter."""
    alpha: int = 32
    """The adapter counts alpha / rank, or alpha / √rank with use_rslora."""
    dropout: float = 0.0
    """Share of the adapter's inputs that are left out by chance while it is trained."""
    target_modules: tuple[str, ...] = MODULES
    """Matrices that are adapted."""
    use_rslora: bool = False
    """Rank-stabilised LoRA."""
    use_dora: bool = False
    """Weight-decomposed LoRA (DoRA): the lengths of the weights' rows are learnt apart."""
    learning_rate: float = 5e-4
    """Highest learning rate."""
    loraplus_lr_ratio: float = 1.0
    """The adapter's B learns at so many times that rate, its A at the rate itself (LoRA+)."""
    warmup: float = 0.05
    """Share of the steps in which the learning rate rises."""
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    """How the learning rate falls to 0 afterwards, or stays."""
    max_grad_norm: float = 1.0
    """A longer gradient is shortened to this."""
    epochs: float = 1.0
    """How often each dialogue is seen."""
    steps: int = 0
    """Number of steps; 0 to follow epochs."""
    batch_size: int = 16
    """Dialogues in a step."""
    pack_tokens: int = 768
    """Most tokens computed at once; it changes speed and memory, not the result."""
    recast_weight: float = 1.0
    """How much the words of a recast that mend an error count; other words of a reply count 1."""
    question_weight: float = 1.0
    """How much the question at the end of a recast counts."""
    checkpoints: int = 4
    """How many to keep, evenly spaced; the last one is the end of the run."""
    checkpoint_every: int = 0
    """Steps from one checkpoint to the next, in place of so many; 0 for even spaces."""
    evaluate_every: int = 0
    """Steps from one measurement of the held-out loss to the next; 0 for one at each checkpoint."""
    patience: int = 0
    """Measurements in a row without a lower held-out loss that end the run; 0 for never."""
    max_tokens: int = 1024
    """A longer dialogue is cut there."""
    thinking: Thoughts = "strip"
    """What becomes of thoughts that replies begin with: left out, or learnt (Qwen3)."""
    sample_tokens: int = 32
    """Length of the sample reply shown at each checkpoint; 0 for none."""
    tracker: Tracker = ""
    """Who is told of each step beside metrics.jsonl: tensorboard or trackio; empty for nobody."""
    seed: int = 0
    """Decides the order of the data and the first weights of the adapter."""
    dry_run: bool = False
    """Show what would be learnt, with masks, and what it takes; train and write nothing."""
    verify_resume: bool = False
    """Take up a checkpoint of the run and compare the steps after it, bit for bit, with before."""

    def __post_init__(self) -> None:
        """Check the values."""
        for name, least in (
            ("steps", 0),
            ("batch_size", 1),
            ("pack_tokens", 1),
            ("checkpoints", 1),
            ("checkpoint_every", 0),
            ("evaluate_every", 0),
            ("patience", 0),
            ("max_tokens", 2),
            ("sample_tokens", 0),
        ):
            value = getattr(self, name)
            if value < least:
                raise RecipeError(f"{name} is {value}; it must be at least {least}")
        self._check_stage(self.lora)
        for name in (
            "learning_rate",
            "loraplus_lr_ratio",
            "epochs",
            "max_grad_norm",
            "recast_weight",
            "question_weight",
        ):
            value = getattr(self, name)
            if not (value > 0 and math.isfinite(value)):
                raise RecipeError(f"{name} is {value}; it must be above 0")
        if not 0 <= self.warmup <= 1:
            raise RecipeError(f"warmup is {self.warmup}; it is a share between 0 and 1")
        if self.tracker not in get_args(Tracker):
            raise RecipeError(f"tracker is {self.tracker!r}; allowed: tensorboard, trackio")
        if self.patience and not self.valid:
            raise RecipeError("patience needs held-out records to measure; give valid")
        self._check_choices()

    def _check_choices(self) -> None:
        for name, allowed in (
            ("schedule", ("linear", "cosine", "constant")),
            ("precision", ("float32", "bfloat16")),
            ("quantize", ("none", "nf4")),
            ("thinking", get_args(Thoughts)),
        ):
            if (chosen := getattr(self, name)) not in allowed:
                raise RecipeError(f"{name} is {chosen!r}; allowed: {', '.join(allowed)}")
        if self.shard and self.quantize != "none":
            raise RecipeError("shard cannot share out weights of 4 bits; leave one of the two out")

    def _check_stage(self, lora: Lora) -> None:
        if self.stage2 not in {"continue", "merge_then_new"}:
            raise RecipeError(f"stage2 is {self.stage2!r}; allowed: continue, merge_then_new")
        if self.stage2 == "merge_then_new" and not self.start:
            raise RecipeError("stage2 merge_then_new merges a first stage; give its start")
        if self.stage2 == "merge_then_new" and self.quantize != "none":
            raise RecipeError("quantize leaves no weights to merge a first stage into; continue it")
        if self.stage2 == "merge_then_new" and lora.use_dora:
            raise RecipeError("use_dora cannot stand on a merged first stage; continue it instead")

    @property
    def lora(self) -> Lora:
        """The shape of the adapter."""
        return Lora(
            rank=self.rank,
            alpha=self.alpha,
            dropout=self.dropout,
            target_modules=self.target_modules,
            use_rslora=self.use_rslora,
            use_dora=self.use_dora,
        )

    def inputs(self) -> tuple[Path, ...]:
        """The records, and the checkpoint or model folder it starts from."""
        named = (self.data, self.valid, Path(self.start) if self.start else None, Path(self.model))
        must = (self.data, self.valid)
        return tuple(path for path in named if path and (path in must or path.is_dir()))

    def outputs(self) -> tuple[Path, ...]:
        """The run folder; nothing when only looked at."""
        return () if self.dry_run or self.verify_resume else (self.output,)

    def rate(self, step: int, total: int) -> float:
        """The learning rate of a step, counted from 0."""
        rising = max(1, round(self.warmup * total)) if self.warmup else 0
        if step < rising:
            return self.learning_rate * (step + 1) / rising
        if self.schedule == "constant":
            return self.learning_rate
        left = (total - step) / max(1, total - rising)
        if self.schedule == "cosine":
            left = (1 - math.cos(math.pi * left)) / 2
        return self.learning_rate * left

    def milestones(self, total: int) -> tuple[int, ...]:
        """After how many steps a checkpoint is kept, ascending."""
        if self.checkpoint_every:
            return (*range(self.checkpoint_every, total, self.checkpoint_every), total)
        count = min(self.checkpoints, total)
        return tuple(round(total * (i + 1) / count) for i in range(count))
