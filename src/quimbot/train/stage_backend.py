"""A second stage on a merged first one, kept as a single adapter of the same base.

The first adapter is merged into the weights in memory and a new one is trained on them. What is
saved holds both, side by side: (W + s₁·B₁·A₁) + s₂·B₂·A₂ = W + s₂·[s₁/s₂·B₁, B₂]·[A₁; A₂]. So a
variant needs nothing but the base, like any other adapter, and answers as it did in training.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from quimbot.exceptions import ModelError
from quimbot.runtimes.adapter import read_adapter

_PREFIX = "base_model.model."
_A, _B = ".lora_A.weight", ".lora_B.weight"


class Merged:
    """The adapter of a checkpoint, merged under the one that is trained.

    Raises:
        ModelError: the folder holds no plain adapter of this base; DoRA has no form side by side.
    """

    def __init__(self, folder: Path, base: str) -> None:
        adapter = read_adapter(folder)
        if adapter.base != base:
            raise ModelError(f"{folder}: an adapter of {adapter.base}; this run's model is {base}")
        if adapter.dora:
            raise ModelError(
                f"{folder}: a DoRA adapter, beside which no second one can be kept; continue it: "
                'stage2 = "continue", use_dora = true'
            )
        self.rank = adapter.rank
        self._scaling = adapter.scaling
        self._pairs = {
            pair.module: (torch.tensor(pair.a), torch.tensor(pair.b)) for pair in adapter.pairs()
        }
        self.targets = {module.rpartition(".")[2] for module in self._pairs}

    def into(self, model: nn.Module) -> None:
        """Add it to the weights of the base."""
        for module, (a_RI, b_OR) in self._pairs.items():
            model.get_parameter(f"{module}.weight").data += self._scaling * (b_OR @ a_RI)

    def joined(self, new: Mapping[str, Tensor], rank: int, scaling: float) -> dict[str, Tensor]:
        """The tensors of both side by side; `rank` and `scaling` are those of the new one.

        Where only one of them adapts a matrix, the other's part is zero.
        """
        added = {name.removeprefix(_PREFIX).removesuffix(_A) for name in new if name.endswith(_A)}
        tensors = {}
        for module in added | self._pairs.keys():
            names = _PREFIX + module + _A, _PREFIX + module + _B
            a_RI, b_OR = (new[name].cpu() for name in names) if module in added else (None, None)
            first_a_RI, first_b_OR = self._pairs.get(module, (None, None))
            if a_RI is None or b_OR is None:
                assert first_a_RI is not None
                assert first_b_OR is not None
                a_RI = first_a_RI.new_zeros(rank, first_a_RI.shape[1])
                b_OR = first_b_OR.new_zeros(first_b_OR.shape[0], rank)
            elif first_a_RI is None or first_b_OR is None:
                first_a_RI = a_RI.new_zeros(self.rank, a_RI.shape[1])
                first_b_OR = b_OR.new_zeros(b_OR.shape[0], self.rank)
            tensors[names[0]] = torch.cat([first_a_RI, a_RI], 0)
            tensors[names[1]] = torch.cat([first_b_OR * (self._scaling / scaling), b_OR], 1)
        return tensors

    def new_of(self, joined: Mapping[str, Tensor], names: Iterable[str]) -> dict[str, Tensor]:
        """The named tensors of the new adapter alone, exactly as they were joined."""
        return {
            name: joined[name][self.rank :] if name.endswith(_A) else joined[name][:, self.rank :]
            for name in names
        }
