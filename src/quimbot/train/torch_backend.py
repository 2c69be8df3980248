"""Training on this machine: LoRA in float32 over a frozen base, exact and restartable."""

import copy
import json
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

# Read once, when torch's thread library loads: with its default, a thread whose partner has lost
# its core spins instead of giving way, and a step on a busy machine took 20 times as long.
os.environ.setdefault("GOMP_SPINCOUNT", "0")

import msgspec
import torch
from peft import (
    LoraConfig,
    PeftModel,
    get_peft_model,
    get_peft_model_state_dict,
    set_peft_model_state_dict,
)
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers.utils import logging

from quimbot.exceptions import ModelError, TrainingFault
from quimbot.runs.stamp import environment
from quimbot.runtimes.chat_format import CHAT, Chat, Style
from quimbot.runtimes.memory import keep_memory
from quimbot.runtimes.models import ModelFiles
from quimbot.runtimes.packing import Pack, packs
from quimbot.runtimes.workers import shared_out, worth
from quimbot.train.base_backend import Precision, Quantize, load_base
from quimbot.train.checkpoint import (
    ADAPTER,
    ADAPTER_CONFIG,
    OPTIMIZER,
    STATE,
    State,
    lineage_of,
    read_state,
    writing,
)
from quimbot.train.head_loss_backend import head_loss
from quimbot.train.lora import Lora
from quimbot.train.lora_linear_backend import fuse
from quimbot.train.shard_backend import check_shared, share_out
from quimbot.train.stage_backend import Merged
from quimbot.train.team_backend import gathering, team
from quimbot.train.trainer import Example, Step

T = TypeVar("T")


class TorchTrainer:
    """A `Trainer` on torch and peft.

    Args:
        model: the base; it stays as it is.
        folder: where checkpoints go.
        lora: the shape of the adapter.
        seed: of a fresh adapter's weights, and of what its dropout leaves out.
        pack_tokens: most tokens computed at once.
        max_grad_norm: a longer gradient is shortened to this.
        loraplus_lr_ratio: the learning rate of B counts so many times that of A (LoRA+, Hayou et
            al., 2024, https://arxiv.org/abs/2402.12354).
        start: a checkpoint whose adapter is continued with a fresh optimiser; empty for a new one.
        merge: merge that adapter into the base instead, and train a new one.
        made_from: kept in every checkpoint's state.
        style: how the chats are written, kept for those who serve it; the base's own if none.
        precision: of the base and of what it computes.
        quantize: how the weights of the base are kept, if not in that precision.
        shard: keep only this process's share of them.
    """

    def __init__(
        self,
        model: ModelFiles,
        folder: Path,
        *,
        lora: Lora,
        seed: int,
        pack_tokens: int,
        max_grad_norm: float = 1.0,
        loraplus_lr_ratio: float = 1.0,
        start: str = "",
        merge: bool = False,
        made_from: Mapping[str, Any] | None = None,
        style: Style | None = None,
        precision: Precision = "float32",
        quantize: Quantize = "none",
        shard: bool = False,
    ) -> None:
        keep_memory()
        logging.disable_progress_bar()  # type: ignore[no-untyped-call] # transformers' own
        self._folder = folder
        self._pack_tokens = pack_tokens
        self._max_grad_norm = max_grad_norm
        self._made_from = dict(made_from or {})
        self._chat = Chat(style=style or model.style)
        self._team = team()
        self.threads, self.processes = torch.get_num_threads(), self._team.size
        self._steps = self._opened_at = 0
        self._device = self._team.device
        self.sharded = shard
        if shard:
            check_shared(self._team)
        self._lora = lora
        self._lineage = lineage_of(Path(start)) if start else ()
        self._seed = seed
        self._merged = Merged(Path(start), model.name) if merge else None
        base = load_base(model, precision, quantize, self._device)
        if self._merged:
            self._merged.into(base)
        adapted = _with_adapter(base, lora, seed)
        if lora.plain and quantize == "none":
            fuse(adapted)
        # A name that stays true on other machines, where peft writes the path it loaded from.
        adapted.peft_config["default"].base_model_name_or_path = model.name
        if shard:
            share_out(adapted, self._team)
        self._model = adapted.to(self._device).eval()
        self._named = {
            name: value for name, value in self._model.named_parameters() if value.requires_grad
        }
        self._optimiser = _optimiser(self._named, loraplus_lr_ratio)
        if start and not merge:
            self._continue(Path(start))
        self._began = {name: value.detach().clone() for name, value in self._named.items()}

    def step(self, batch: Sequence[Example], learning_rate: float) -> Step:
        """One optimiser step."""
        try:
            return self._step(batch, learning_rate)
        except RuntimeError as fault:
            if "allocate" not in str(fault) and "out of memory" not in str(fault):
                raise
            raise TrainingFault(
                f"step {self._steps + 1}: out of memory; the last checkpoint is as it was: lower "
                f"pack_tokens (now {self._pack_tokens}), then batch_size"
            ) from fault

    def _step(self, batch: Sequence[Example], learning_rate: float) -> Step:
        trainable = sum(example.trainable for example in batch)
        values = list(self._named.values())

        def work(pack: Pack) -> tuple[float, Sequence[Tensor]]:
            nats = self._nats(pack) / trainable
            return nats.item(), torch.autograd.grad(nats, values)

        loss = 0.0
        if self._lora.dropout:
            # so it can be taken up, and no two processes leave out the same
            torch.manual_seed(self._seed * 1_000_003 + self._steps + (self._team.rank << 48))
            self._model.train()
        for part, grads in self._shared_out(work, batch):
            loss += part
            for value, grad in zip(values, grads, strict=True):
                value.grad = grad if value.grad is None else value.grad.add_(grad)
        self._team.total_gradients(values)
        grad_norm = torch.nn.utils.clip_grad_norm_(values, self._max_grad_norm)
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate * group["ratio"]
        self._optimiser.step()
        self._optimiser.zero_grad()
        self._model.eval()
        self._steps += 1
        return Step(self._team.total(loss), grad_norm.item())

    def loss(self, batch: Sequence[Example]) -> float:
        """The loss in nats per trainable token, nothing moved."""

        @torch.no_grad()  # inference_mode would leave gathered layers that cannot be trained
        def work(pack: Pack) -> float:
            return self._nats(pack).item()

        trainable = sum(example.trainable for example in batch)
        return self._team.total(sum(self._shared_out(work, batch))) / trainable

    def _shared_out(self, work: Callable[[Pack], T], batch: Sequence[Example]) -> Iterator[T]:
        """The work on each pack of this process's share of a batch, in order."""
        tokens = sum(len(example.tokens) for example in batch)
        workers = worth(tokens // self.processes, self.threads)
        # chance is drawn in one order, and layers are gathered in one
        if self._device != "cpu" or self._model.training or self.sharded:
            workers = 1

        def gathered(pack: Pack) -> T:
            with gathering():
                return work(pack)

        count = workers * self.processes
        own = packs(batch, self._pack_tokens, count, self._team.share, even=self.sharded)
        yield from shared_out(gathered, own, workers, self.threads)

    def _nats(self, pack: Pack) -> Tensor:
        pack = pack.to(self._device)
        causal = self._model.get_base_model()
        hidden_1ND = causal.model(
            input_ids=pack.tokens_N[None],
            position_ids=pack.positions_N[None],
            use_cache=False,
            pack=pack,
        ).last_hidden_state
        return head_loss(hidden_1ND[0, pack.rows_R], causal.lm_head.weight, pack)

    @gathering()
    @torch.no_grad()
    def reply(self, prompt: Sequence[int], end: int, max_tokens: int) -> list[int]:
        """The most probable continuation of a prompt, up to and without the token `end`."""
        tokens = torch.tensor([list(prompt)], device=self._device)
        out = self._model.generate(
            input_ids=tokens,
            attention_mask=torch.ones_like(tokens),
            max_new_tokens=max_tokens,
            do_sample=False,
            eos_token_id=end,
            pad_token_id=end,
            use_cache=True,
            synced_gpus=self.sharded,  # nobody is done before all are
        )
        written: list[int] = out[0, len(prompt) :].tolist()
        return written[: written.index(end)] if end in written else written

    def save(self, name: str) -> str:
        """Keep adapter and optimiser in a folder of that name; returns its path.

        Raises:
            OutputError: it cannot be written.
            TrainingFault: steps were taken, and not one weight has moved.
        """
        if self._steps > self._opened_at and not self._moved():
            raise TrainingFault(
                f"{self._steps} steps have not moved one weight of the adapter; "
                "raise learning_rate, and see what is learnt with --dry-run"
            )
        target = self._folder / name
        with writing(target) as folder:
            config, adapter = self._adapter()
            config.save_pretrained(folder)
            _sort_targets(folder / ADAPTER_CONFIG)
            save_file(_contiguous(adapter), folder / ADAPTER, metadata={"format": "pt"})
            moments = {
                f"{name}.{key}": state[key]
                for name, value in self._named.items()
                for state in [self._optimiser.state[value]]
                for key in ("exp_avg", "exp_avg_sq")
                if state
            }
            save_file(_contiguous(moments), folder / OPTIMIZER)
            state = State(
                step=self._steps,
                threads=self.threads,
                processes=self.processes,
                made_from=self._made_from,
                environment=environment(),
                lineage=self._lineage,
            )
            for file, value in ((STATE, state), (CHAT, self._chat)):
                text = msgspec.json.format(msgspec.json.encode(value), indent=2)
                (folder / file).write_bytes(text)
        return str(target)

    def restore(self, address: str) -> int:
        """Take up a saved state exactly; returns its step."""
        folder = Path(address)
        self._load(folder)
        self._steps = self._opened_at = read_state(folder).step
        moments = load_file(folder / OPTIMIZER, device=self._device)
        for name, value in self._named.items():
            if f"{name}.exp_avg" in moments:
                self._optimiser.state[value] = {
                    "step": torch.tensor(float(self._steps), device=self._device),
                    "exp_avg": moments[f"{name}.exp_avg"],
                    "exp_avg_sq": moments[f"{name}.exp_avg_sq"],
                }
        self._began = {name: value.detach().clone() for name, value in self._named.items()}
        return self._steps

    def _moved(self) -> bool:
        """Whether any weight differs from what it was when the trainer was opened."""
        return any(not torch.equal(value, self._began[name]) for name, value in self._named.items())

    def _adapter(self) -> tuple[LoraConfig, dict[str, Tensor]]:
        """The configuration and the tensors that a checkpoint holds."""
        config = self._model.peft_config["default"]
        tensors = get_peft_model_state_dict(self._model, save_embedding_layers=False)
        if self._merged is None:
            return config, tensors
        rank, scaling = config.r, _scaling(config)
        joined = copy.copy(config)
        joined.r = rank + self._merged.rank
        joined.lora_alpha = scaling * joined.r
        joined.use_rslora = False
        joined.target_modules = {*config.target_modules, *self._merged.targets}
        return joined, self._merged.joined(tensors, rank, scaling)

    def _load(self, folder: Path) -> None:
        tensors = load_file(folder / ADAPTER, device=self._device)
        if self._merged is not None:
            names = get_peft_model_state_dict(self._model, save_embedding_layers=False)
            tensors = self._merged.new_of(tensors, names)
        set_peft_model_state_dict(self._model, tensors)

    def _continue(self, folder: Path) -> None:
        """Begin from the adapter of a checkpoint, if it has this run's shape."""
        config = self._model.peft_config["default"]
        found = _read_adapter_config(folder)
        dora = found.get("use_dora") or config.use_dora
        other = "" if dora else ', or give stage2 = "merge_then_new"'
        for key, wanted in (
            ("base_model_name_or_path", config.base_model_name_or_path),
            ("r", config.r),
            ("lora_alpha", config.lora_alpha),
            ("target_modules", sorted(config.target_modules)),
            ("use_rslora", config.use_rslora),
            ("use_dora", config.use_dora),
        ):
            value = found.get(key)
            if (sorted(value) if isinstance(value, list) else value) != wanted:
                raise ModelError(
                    f"{folder}: its {key} is {value!r}, this run's is {wanted!r}; "
                    f"they must be equal to continue an adapter{other}"
                )
        self._load(folder)


def _with_adapter(base: nn.Module, lora: Lora, seed: int) -> PeftModel:
    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=list(lora.target_modules),
        use_rslora=lora.use_rslora,
        use_dora=lora.use_dora,
        task_type="CAUSAL_LM",
    )
    torch.manual_seed(seed)
    with warnings.catch_warnings():
        # peft reads a name that transformers will drop; nothing here can change that
        warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)
        return get_peft_model(base, config)


def _optimiser(named: Mapping[str, nn.Parameter], loraplus_lr_ratio: float) -> torch.optim.AdamW:
    """AdamW whose groups know how many times the learning rate counts for them."""
    groups: dict[str, list[Tensor]] = {"lora_A": [], "lora_B": []}
    for name, value in named.items():
        groups["lora_B" if "lora_B" in name else "lora_A"].append(value)
    return torch.optim.AdamW(
        [
            {"params": groups["lora_A"], "ratio": 1.0},
            {"params": groups["lora_B"], "ratio": loraplus_lr_ratio},
        ],
        betas=(0.9, 0.95),
        eps=1e-12,
        weight_decay=0.0,
        fused=True,
    )


def _scaling(config: LoraConfig) -> float:
    return float(config.lora_alpha / (config.r**0.5 if config.use_rslora else config.r))


def _read_adapter_config(folder: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((folder / ADAPTER_CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise ModelError(f"{folder}: not an adapter folder ({fault}); name a checkpoint") from None
    return found


def _contiguous(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().cpu().contiguous() for name, value in sorted(tensors.items())}


def _sort_targets(path: Path) -> None:
    """Make the file the same every time: peft writes a set in any order."""
    config = json.loads(path.read_text(encoding="utf-8"))
    config["target_modules"] = sorted(config["target_modules"])
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
