"""An adapter on a torch model: while it is on, its layers multiply by W + scaling·B·A.

The base's weights are never touched, so the next adapter finds them as they were, to the bit, and
no second copy of them is held. With DoRA each row then gets its own length.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import linear

from quimbot.runtimes.adapter import Adapter, Pair

_MANY = 64
"""Rows from which one product, by a matrix made for it, costs less than two thin ones more."""


class TorchAdapter:
    """The factors of an adapter, beside the layers that they change.

    Raises:
        ModelError: it changes a matrix that the model lacks or has in another size.
    """

    def __init__(self, model: Any, adapter: Adapter) -> None:  # noqa: ANN401 - untyped library
        """Read the factors."""
        self._layers = [_changed(model, adapter, pair) for pair in adapter.pairs()]

    @contextmanager
    def on(self) -> Iterator[None]:
        """Inside, the model answers with the adapter."""
        for each in self._layers:
            each.layer.forward = each.forward
        try:
            yield
        finally:
            for each in self._layers:
                del each.layer.forward


@dataclass(frozen=True, kw_only=True)
class _Changed:
    """A linear layer and what changes it."""

    layer: Any
    a_RI: Tensor
    b_OR: Tensor
    """Scaled."""
    longer_O: Tensor | None
    """How many times as long DoRA makes each row."""

    def forward(self, inputs: Tensor) -> Tensor:
        """What the layer gives with the adapter."""
        weight_OI = self.layer.weight
        if inputs.shape[:-1].numel() >= _MANY:
            out = linear(inputs, torch.addmm(weight_OI, self.b_OR, self.a_RI))
        else:
            out = linear(inputs, weight_OI) + linear(linear(inputs, self.a_RI), self.b_OR)
        if self.longer_O is not None:
            out *= self.longer_O
        return out if self.layer.bias is None else out + self.layer.bias


def _changed(model: Any, adapter: Adapter, pair: Pair) -> _Changed:  # noqa: ANN401 - untyped library
    try:
        layer = model.get_submodule(pair.module)
    except AttributeError:
        raise adapter.misfit(pair) from None
    if tuple(layer.weight.shape) != (pair.b.shape[0], pair.a.shape[1]):
        raise adapter.misfit(pair)
    a_RI, b_OR = (torch.tensor(part, device=layer.weight.device) for part in (pair.a, pair.b))
    b_OR *= adapter.scaling
    longer_O = None
    if pair.magnitude is not None:
        lengths_O = torch.addmm(layer.weight.detach(), b_OR, a_RI).norm(dim=1)
        longer_O = torch.tensor(pair.magnitude, device=lengths_O.device) / lengths_O
    return _Changed(layer=layer, a_RI=a_RI, b_OR=b_OR, longer_O=longer_O)
