"""Matrix products of float32 on a CPU by oneDNN, which torch leaves to MKL otherwise.

On AMD's processors oneDNN is about a tenth faster; both compute in full float32. It prepares itself
for each size of product, which costs a millisecond and a megabyte, so sizes should be few. torch
offers it for a single product by `mkldnn::_linear_pointwise`, which its own compiler calls too.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import linear
from torch.overrides import TorchFunctionMode

_ONEDNN = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")  # type: ignore[no-untyped-call] # torch's own


def product(inputs: Tensor, weight_OI: Tensor) -> Tensor:
    """What a linear layer without a bias gives, by the faster library."""
    if weight_OI.dtype != torch.float32 or weight_OI.device.type != "cpu" or not _ONEDNN:
        return linear(inputs, weight_OI)
    out: Tensor = torch.ops.mkldnn._linear_pointwise(inputs, weight_OI, None, "none", [], "")  # noqa: SLF001 - no other way to it
    return out


class FasterProducts(TorchFunctionMode):
    """Inside, and in this thread, linear layers without a bias use `product`; no gradients."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - torch's interface
        """Take over `linear`, leave the rest."""
        if func is linear and not kwargs and (len(args) == 2 or args[2] is None):  # noqa: PLR2004
            return product(args[0], args[1])
        return func(*args, **kwargs or {})
