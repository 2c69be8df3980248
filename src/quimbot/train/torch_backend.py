"""Training on this machine: LoRA over a frozen float32 base, exact and restartable."""

import ctypes
import json
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
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
from torch import Tensor
from transformers import AutoModelForCausalLM
from transformers.utils import logging

from quimbot.exceptions import ModelError
from quimbot.runs.stamp import environment
from quimbot.runtimes.models import ModelFiles
from quimbot.train import tree_attention_backend
from quimbot.train.checkpoint import ADAPTER, ADAPTER_CONFIG, OPTIMIZER, STATE, State, writing
from quimbot.train.head_loss_backend import head_loss
from quimbot.train.lora_linear_backend import fuse
from quimbot.train.packing import Pack, packs
from quimbot.train.trainer import Example, Step

_TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
_MAX_NORM = 1.0
_WORTH_A_WORKER = 256  # tokens below which a matrix product no longer fills a core
T = TypeVar("T")
_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4


def keep_memory() -> None:
    """Tell glibc to keep freed memory: fresh pages can cost more than the arithmetic on them."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # glibc only
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


class TorchTrainer:
    """A `Trainer` on torch and peft.

    Args:
        model: the base; it stays as it is.
        folder: where checkpoints go.
        rank: of the adapter.
        alpha: the adapter counts alpha / rank.
        seed: of a fresh adapter's weights.
        pack_tokens: most tokens computed at once.
        loraplus_lr_ratio: the learning rate of B counts so many times that of A (LoRA+, Hayou et
            al., 2024, https://arxiv.org/abs/2402.12354).
        start: a checkpoint whose adapter is continued with a fresh optimiser; empty for a new one.
        made_from: kept in every checkpoint's state.
    """

    def __init__(
        self,
        model: ModelFiles,
        folder: Path,
        *,
        rank: int,
        alpha: int,
        seed: int,
        pack_tokens: int,
        loraplus_lr_ratio: float = 1.0,
        start: str = "",
        made_from: Mapping[str, Any] | None = None,
    ) -> None:
        keep_memory()
        logging.disable_progress_bar()  # type: ignore[no-untyped-call] # transformers' own
        self._folder = folder
        self._pack_tokens = pack_tokens
        self._made_from = dict(made_from or {})
        self.threads = torch.get_num_threads()
        self._steps = 0
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._model = _with_adapter(model, rank, alpha, seed).to(self._device).eval()
        self._named = {
            name: value for name, value in self._model.named_parameters() if value.requires_grad
        }
        groups: dict[str, list[Tensor]] = {"lora_A": [], "lora_B": []}
        for name, value in self._named.items():
            groups["lora_B" if "lora_B" in name else "lora_A"].append(value)
        self._optimiser = torch.optim.AdamW(
            [
                {"params": groups["lora_A"], "ratio": 1.0},
                {"params": groups["lora_B"], "ratio": loraplus_lr_ratio},
            ],
            betas=(0.9, 0.95),
            eps=1e-12,
            weight_decay=0.0,
            fused=True,
        )
        if start:
            self._load_adapter(Path(start))

    def step(self, batch: Sequence[Example], learning_rate: float) -> Step:
        """One optimiser step."""
        trainable = sum(example.trainable for example in batch)
        values = list(self._named.values())

        def work(pack: Pack) -> tuple[float, Sequence[Tensor]]:
            nats = self._nats(pack) / trainable
            return nats.item(), torch.autograd.grad(nats, values)

        loss = 0.0
        for part, grads in self._shared_out(work, batch):
            loss += part
            for value, grad in zip(values, grads, strict=True):
                value.grad = grad if value.grad is None else value.grad.add_(grad)
        grad_norm = torch.nn.utils.clip_grad_norm_(values, _MAX_NORM)
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate * group["ratio"]
        self._optimiser.step()
        self._optimiser.zero_grad()
        self._steps += 1
        return Step(loss, grad_norm.item())

    def loss(self, batch: Sequence[Example]) -> float:
        """The loss in nats per trainable token, nothing moved."""

        @torch.inference_mode()
        def work(pack: Pack) -> float:
            return self._nats(pack).item()

        trainable = sum(example.trainable for example in batch)
        return sum(self._shared_out(work, batch)) / trainable

    def _shared_out(self, work: Callable[[Pack], T], batch: Sequence[Example]) -> Iterator[T]:
        """The work on each pack of a batch, in order.

        Two packs on one core each are done sooner than one after the other on two: threads that
        share a matrix product wait for each other at its end.
        """
        tokens = sum(len(example.tokens) for example in batch)
        workers = max(1, min(self.threads, tokens // _WORTH_A_WORKER))
        if self._device != "cpu":
            workers = 1

        def alone(pack: Pack) -> T:
            torch.set_num_threads(max(1, self.threads // workers))
            return work(pack)

        try:
            with ThreadPoolExecutor(workers) as pool:
                yield from pool.map(alone, packs(batch, self._pack_tokens, workers))
        finally:
            torch.set_num_threads(self.threads)

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

    @torch.inference_mode()
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
        )
        written: list[int] = out[0, len(prompt) :].tolist()
        return written[: written.index(end)] if end in written else written

    def save(self, name: str) -> str:
        """Keep adapter and optimiser in a folder of that name; returns its path."""
        target = self._folder / name
        with writing(target) as folder:
            self._model.peft_config["default"].save_pretrained(folder)
            _sort_targets(folder / ADAPTER_CONFIG)
            adapter = get_peft_model_state_dict(self._model, save_embedding_layers=False)
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
                made_from=self._made_from,
                environment=environment(),
            )
            (folder / STATE).write_bytes(msgspec.json.format(msgspec.json.encode(state), indent=2))
        return str(target)

    def restore(self, address: str) -> int:
        """Take up a saved state exactly; returns its step."""
        folder = Path(address)
        self._load_adapter(folder)
        self._steps = msgspec.json.decode((folder / STATE).read_bytes(), type=State).step
        moments = load_file(folder / OPTIMIZER, device=self._device)
        for name, value in self._named.items():
            if f"{name}.exp_avg" in moments:
                self._optimiser.state[value] = {
                    "step": torch.tensor(float(self._steps)),
                    "exp_avg": moments[f"{name}.exp_avg"],
                    "exp_avg_sq": moments[f"{name}.exp_avg_sq"],
                }
        return self._steps

    def _load_adapter(self, folder: Path) -> None:
        config = self._model.peft_config["default"]
        found = _read_adapter_config(folder)
        for key, wanted in (
            ("base_model_name_or_path", config.base_model_name_or_path),
            ("r", config.r),
            ("lora_alpha", config.lora_alpha),
            ("target_modules", sorted(_TARGETS)),
        ):
            value = found.get(key)
            if (sorted(value) if isinstance(value, list) else value) != wanted:
                raise ModelError(
                    f"{folder}: its {key} is {value!r}, this run's is {wanted!r}; "
                    "they must be equal to continue an adapter"
                )
        set_peft_model_state_dict(self._model, load_file(folder / ADAPTER, device=self._device))


def _with_adapter(model: ModelFiles, rank: int, alpha: int, seed: int) -> PeftModel:
    base = AutoModelForCausalLM.from_pretrained(
        model.folder,
        dtype=torch.float32,
        local_files_only=True,
        attn_implementation=tree_attention_backend.NAME,
    )
    config = LoraConfig(r=rank, lora_alpha=alpha, target_modules=_TARGETS, task_type="CAUSAL_LM")
    torch.manual_seed(seed)
    with warnings.catch_warnings():
        # peft reads a name that transformers will drop; nothing here can change that
        warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)
        adapted = get_peft_model(base, config)
    fuse(adapted)
    # A name that stays true on other machines, where peft writes the path it loaded from.
    config.base_model_name_or_path = model.name
    return adapted


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
