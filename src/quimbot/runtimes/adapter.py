"""A LoRA adapter as PEFT writes it: a folder with `adapter_config.json` and its weights."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quimbot.exceptions import ModelError
from quimbot.runtimes.weights import Floats, read_weights

CONFIG = "adapter_config.json"
_WEIGHTS = "adapter_model.safetensors"  # an optimiser may lie beside it

_PREFIX = "base_model.model."
_MODULES = frozenset({"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"})
_PLAIN: dict[str, Any] = {
    "peft_type": "LORA",
    "bias": "none",
    "use_dora": False,
    "modules_to_save": None,
    "rank_pattern": {},
    "alpha_pattern": {},
    "fan_in_fan_out": False,
    "lora_bias": False,
    "target_parameters": None,
    "trainable_token_indices": None,
}
"""Settings under which an adapter is exactly W + scaling·B·A, with their only allowed values."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The two factors that change one weight matrix: W + scaling·B·A."""

    module: str
    """As in the model folder: `model.layers.0.mlp.up_proj`."""
    a: Floats
    b: Floats


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """What a folder says about its adapter; the weights are read when asked for."""

    folder: Path
    base: str
    """The model it was trained on, as `find_model` knows it."""
    rank: int
    scaling: float
    """What B·A is multiplied by (alpha / rank, or alpha / √rank for rsLoRA)."""

    def pairs(self) -> Iterator[Pair]:
        """The factors of every changed matrix.

        Raises:
            ModelError: a factor lacks its partner, stands on another kind of layer, or the whole
                adapter changes nothing.
        """
        halves: dict[str, dict[str, Floats]] = {}
        for tensor in read_weights(self.folder, _WEIGHTS):
            module, dot, rest = tensor.name.removeprefix(_PREFIX).rpartition(".lora_")
            if not dot or rest not in {"A.weight", "B.weight"}:
                raise ModelError(f"{self.folder}: tensor {tensor.name} is not a LoRA factor")
            if module.rpartition(".")[2] not in _MODULES:
                raise ModelError(
                    f"{self.folder}: adapts {module}; expected one of {', '.join(sorted(_MODULES))}"
                )
            halves.setdefault(module, {})[rest[0]] = tensor.load()
        if not any("B" in pair and pair["B"].any() for pair in halves.values()):
            raise ModelError(f"{self.folder}: this adapter changes nothing (B is zero): train it")
        for module, pair in halves.items():
            if len(pair) < 2:  # noqa: PLR2004 - A and B
                raise ModelError(f"{self.folder}: {module} has only one of its two LoRA factors")
            yield Pair(module=module, a=pair["A"], b=pair["B"])


def read_adapter(folder: Path) -> Adapter:
    """The adapter of a folder.

    Raises:
        ModelError: it is missing or damaged, or not plain LoRA.
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
            raise ModelError(f"{path}: {key} is {found!r}; only plain LoRA ({allowed!r}) is served")
    divisor = math.sqrt(rank) if config.get("use_rslora") else rank
    return Adapter(folder=folder, base=base, rank=rank, scaling=alpha / divisor)
