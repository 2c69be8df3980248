"""A LoRA adapter as PEFT writes it: a folder with `adapter_config.json` and its weights."""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from quimbot.exceptions import ModelError
from quimbot.runtimes.chat_format import Style, read_style
from quimbot.runtimes.weights import Floats, Tensor, read_weights

CONFIG = "adapter_config.json"
_WEIGHTS = "adapter_model.safetensors"  # an optimiser may lie beside it

PEFT_FILES = (CONFIG, _WEIGHTS)
"""An adapter as other programs take it."""

_PREFIX = "base_model.model."
_A, _B, _MAGNITUDE = "A.weight", "B.weight", "magnitude_vector"
_MODULES = frozenset({"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"})
_PLAIN: dict[str, Any] = {
    "peft_type": "LORA",
    "bias": "none",
    "modules_to_save": None,
    "rank_pattern": {},
    "alpha_pattern": {},
    "fan_in_fan_out": False,
    "lora_bias": False,
    "target_parameters": None,
    "trainable_token_indices": None,
}
"""Settings under which an adapter is a `Pair` for each matrix, with their only allowed values."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """What changes one weight matrix W into V = W + scaling·B·A, or m·V / ‖V‖ with DoRA.

    The lengths ‖V‖ are those of rows: Liu et al., 2024, https://arxiv.org/abs/2402.09353.
    """

    module: str
    """As in the model folder: `model.layers.0.mlp.up_proj`."""
    a: Floats
    b: Floats
    magnitude: Floats | None = None
    """m, the length of each row, for DoRA."""

    def added_to(self, weight: Floats, scaling: float) -> Floats:
        """The matrix that answers alone as `weight` does with the adapter."""
        merged = weight + scaling * (self.b @ self.a)
        if self.magnitude is not None:
            merged *= (self.magnitude / np.linalg.norm(merged, axis=1))[:, None]
        return np.asarray(merged, np.float32)


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """What a folder says about its adapter; the weights are read when asked for."""

    folder: Path
    base: str
    """The model it was trained on, as `find_model` knows it."""
    rank: int
    scaling: float
    """What B·A is multiplied by (alpha / rank, or alpha / √rank for rsLoRA)."""
    dora: bool = False
    """Whether the lengths of the rows are its own, too."""
    style: Style | None = None
    """How its chats were written in training, where its folder tells."""

    @property
    def hash(self) -> str:
        """SHA-256 of all that decides how it changes its base."""
        digest = hashlib.sha256(repr((self.scaling, self.dora)).encode())
        for tensor in read_weights(self.folder, _WEIGHTS):
            digest.update(tensor.name.encode() + tensor.load().tobytes())
        return digest.hexdigest()

    def pairs(self) -> Iterator[Pair]:
        """The factors of every changed matrix.

        Raises:
            ModelError: a factor lacks its partner, stands on another kind of layer, or the whole
                adapter changes nothing. DoRA with B = 0 passes: its lengths may have moved, and
                only the base could tell.
        """
        wanted = {_A, _B, _MAGNITUDE} if self.dora else {_A, _B}
        factors: dict[str, dict[str, Floats]] = {}
        for tensor in read_weights(self.folder, _WEIGHTS):
            module, dot, rest = tensor.name.removeprefix(_PREFIX).rpartition(".lora_")
            if not dot or rest not in wanted:
                raise ModelError(f"{self.folder}: tensor {tensor.name} is not a LoRA factor")
            if module.rpartition(".")[2] not in _MODULES:
                raise ModelError(
                    f"{self.folder}: adapts {module}; expected one of {', '.join(sorted(_MODULES))}"
                )
            factors.setdefault(module, {})[rest] = tensor.load()
        if not any(_MAGNITUDE in of or (_B in of and of[_B].any()) for of in factors.values()):
            raise ModelError(f"{self.folder}: this adapter changes nothing (B is zero): train it")
        for module, of in factors.items():
            if missing := sorted(wanted - of.keys()):
                raise ModelError(f"{self.folder}: {module} lacks its lora_{missing[0]}")
            yield Pair(module=module, a=of[_A], b=of[_B], magnitude=of.get(_MAGNITUDE))

    def added_to(self, weights: Iterable[Tensor]) -> list[Tensor]:
        """The weights of its base with the adapter in them, each computed when it is loaded.

        Raises:
            ModelError: it changes a matrix that the base lacks or has in another size.
        """
        pairs = {f"{pair.module}.weight": pair for pair in self.pairs()}
        tensors = [self._added_to(tensor, pairs.pop(tensor.name, None)) for tensor in weights]
        if pairs:
            raise self.misfit(next(iter(pairs.values())))
        return tensors

    def _added_to(self, tensor: Tensor, pair: Pair | None) -> Tensor:
        if pair is None:
            return tensor
        if tensor.shape != (pair.b.shape[0], pair.a.shape[1]):
            raise self.misfit(pair)

        def load() -> Floats:
            return pair.added_to(tensor.load(), self.scaling)

        return Tensor(name=tensor.name, shape=tensor.shape, load=load)

    def misfit(self, pair: Pair) -> ModelError:
        """What to raise when a matrix of the base is not as the adapter knows it."""
        return ModelError(
            f"{self.folder}: adapts {pair.module}, which this base lacks or has in another size; "
            f"it was trained on {self.base}"
        )


def read_adapter(folder: Path) -> Adapter:
    """The adapter of a folder.

    Raises:
        ModelError: it is missing or damaged, or neither plain LoRA nor DoRA.
    """
    path = folder / CONFIG
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        base, rank, alpha = config["base_model_name_or_path"], config["r"], config["lora_alpha"]
    except FileNotFoundError:
        raise ModelError(f"{folder}: no {CONFIG}; name a checkpoint folder") from None
    except (ValueError, KeyError, TypeError) as fault:
        raise ModelError(f"{path}: not a LoRA configuration ({fault!r}); save it again") from None
    for key, allowed in _PLAIN.items():
        if (found := config.get(key, allowed)) != allowed and (found or allowed):
            raise ModelError(f"{path}: {key} is {found!r}; only {allowed!r} is served")
    divisor = math.sqrt(rank) if config.get("use_rslora") else rank
    return Adapter(
        folder=folder,
        base=base,
        rank=rank,
        scaling=alpha / divisor,
        dora=bool(config.get("use_dora")),
        style=read_style(folder),
    )
