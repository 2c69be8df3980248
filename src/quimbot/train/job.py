"""What a run is made of: its records as they are learnt, their order, and all that decides it."""

import hashlib
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from quimbot.exceptions import OutputError
from quimbot.records.rejected import Rejected
from quimbot.runs.checkpoints import adapter_hash
from quimbot.runs.stamp import plain
from quimbot.runtimes.chat_format import Style, learnt_style
from quimbot.runtimes.connect import resolve
from quimbot.runtimes.models import ModelFiles, find_model
from quimbot.train.checkpoint import read_state
from quimbot.train.dialogues import Dialogue, Emphasis, read_dialogues
from quimbot.train.plan import Plan
from quimbot.train.settings import TrainSettings
from quimbot.train.trainer import Example, Step, Trainer


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a run needs beside its trainer."""

    settings: TrainSettings
    model: ModelFiles
    style: Style
    """How the chats are written."""
    dialogues: list[Dialogue]
    valid: list[Dialogue]
    plan: Plan
    total: int
    """Steps of the whole run."""
    rejected: list[Rejected]
    """Records with nothing to learn."""

    @property
    def start(self) -> str:
        """The checkpoint of the first stage, where a run or what it picked was named."""
        return resolve(self.settings.start)[1] if self.settings.start else ""

    def batch(self, step: int) -> list[Dialogue]:
        """What a step, counted from 0, learns."""
        return [self.dialogues[index] for index in self.plan.batch(step)]

    def take(self, trainer: Trainer, step: int) -> Step:
        """Let a trainer take a step, counted from 0."""
        return trainer.step(examples_of(self.batch(step)), self.settings.rate(step, self.total))

    @cached_property
    def made_from(self) -> dict[str, Any]:
        """All that decides the adapter, by name."""
        settings = plain(self.settings)
        for other in ("data", "valid", "output", "tracker", "shard", "dry_run", "verify_resume"):
            del settings[other]
        settings["start"] = adapter_hash(Path(self.start)) if self.start else ""
        digest = hashlib.sha256()
        for example in examples_of(self.dialogues):
            digest.update(repr((example.tokens, example.weights)).encode())
        return {**settings, "data": digest.hexdigest(), "plan": self.plan.hash}

    def check_same(self, checkpoint: Path) -> None:
        """Whether a checkpoint is of this very run.

        Raises:
            OutputError: it was made from something else.
        """
        before, now = read_state(checkpoint).made_from, self.made_from
        differing = [
            f"{key} was {before.get(key)!r}, is {now.get(key)!r}"
            if key not in {"data", "plan", "start"}
            else f"{key} is not the same"
            for key in sorted(before.keys() | now.keys())
            if before.get(key) != now.get(key)
        ]
        if differing:
            raise OutputError(
                f"{checkpoint}: this run was begun otherwise ({'; '.join(differing)}); "
                "give --force to start anew, or another output"
            )

    def open_trainer(self) -> Trainer:
        """A trainer at the beginning of the run."""
        from quimbot.train.together_backend import opened  # noqa: PLC0415 - slow to load
        from quimbot.train.torch_backend import TorchTrainer  # noqa: PLC0415 - slow to load

        settings = self.settings
        opening = partial(
            TorchTrainer,
            self.model,
            settings.output,
            lora=settings.lora,
            seed=settings.seed,
            pack_tokens=settings.pack_tokens,
            max_grad_norm=settings.max_grad_norm,
            loraplus_lr_ratio=settings.loraplus_lr_ratio,
            start=self.start,
            merge=settings.stage2 == "merge_then_new",
            made_from=self.made_from,
            style=self.style,
            precision=settings.precision,
            quantize=settings.quantize,
            shard=settings.shard,
        )
        return opened(opening)


def prepare(settings: TrainSettings) -> Job:
    """Read everything.

    Raises:
        DataError: there is nothing to learn from.
        ModelError: there is no such model, or it cannot do with or without thoughts as asked.
    """
    model = find_model(settings.model)
    style, tokenizer = learnt_style(model.style, settings.thinking), model.tokenizer()
    emphasis = Emphasis(recast=settings.recast_weight, question=settings.question_weight)
    dialogues, rejected = read_dialogues(
        settings.data, style, tokenizer, settings.max_tokens, emphasis
    )
    valid: list[Dialogue] = []
    if settings.valid:
        valid, lost = read_dialogues(settings.valid, style, tokenizer, settings.max_tokens)
        rejected += lost
    plan = Plan(
        ids=tuple(dialogue.id for dialogue in dialogues),
        beginnings=tuple(dialogue.beginning for dialogue in dialogues),
        batch_size=settings.batch_size,
        seed=settings.seed,
    )
    return Job(
        settings=settings,
        model=model,
        style=style,
        dialogues=dialogues,
        valid=valid,
        plan=plan,
        total=settings.steps or plan.steps(settings.epochs),
        rejected=rejected,
    )


def examples_of(dialogues: list[Dialogue]) -> list[Example]:
    """Their examples, in order."""
    return [example for dialogue in dialogues for example in dialogue.examples]
