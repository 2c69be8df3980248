"""The layers that peft adapts, with the same result in fewer passes over memory.

peft writes W·x, B·(A·x), its multiple by the scaling and the sum to memory one after another; here
the low-rank part is added while it is multiplied, forward and backward. Over a bfloat16 base the
adapter is multiplied in bfloat16; it stays float32 itself, as its gradient does.
"""

from functools import partial
from typing import Any

import torch
from peft.tuners.lora import Linear
from torch import Tensor, nn


class _LoraLinear(torch.autograd.Function):
    @staticmethod
    def forward(  # noqa: PLR0917 - torch passes by position
        ctx: Any,  # noqa: ANN401 - torch's context
        inputs_NI: Tensor,
        weight_OI: Tensor,
        a_RI: Tensor,
        b_OR: Tensor,
        scaling: float,
    ) -> Tensor:
        a_RI, b_OR = a_RI.to(inputs_NI.dtype), b_OR.to(inputs_NI.dtype)
        low_NR = inputs_NI @ a_RI.T
        ctx.save_for_backward(inputs_NI, weight_OI, a_RI, b_OR, low_NR)
        ctx.scaling = scaling
        return (inputs_NI @ weight_OI.T).addmm_(low_NR, b_OR.T, alpha=scaling)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, None, Tensor, Tensor, None]:  # noqa: ANN401 - torch's context
        inputs_NI, weight_OI, a_RI, b_OR, low_NR = ctx.saved_tensors
        grad_NO = grads[0]
        grad_low_NR = (grad_NO @ b_OR).mul_(ctx.scaling)
        grad_NI = None
        if ctx.needs_input_grad[0]:
            grad_NI = (grad_NO @ weight_OI).addmm_(grad_low_NR, a_RI)
        grad_a_RI = (grad_low_NR.T @ inputs_NI).float()
        grad_b_OR = (grad_NO.T @ low_NR).float().mul_(ctx.scaling)
        return grad_NI, None, grad_a_RI, grad_b_OR, None


def fuse(model: nn.Module) -> None:
    """Let every adapted linear layer (no bias, no dropout, one adapter) compute in fewer passes."""
    for module in model.modules():
        if isinstance(module, Linear):
            module.forward = partial(_forward, module)


def _forward(layer: Any, inputs: Tensor) -> Tensor:  # noqa: ANN401 - peft ships no types
    flat_NO: Tensor = _LoraLinear.apply(  # type: ignore[no-untyped-call] # torch's own
        inputs.reshape(-1, inputs.shape[-1]),
        layer.base_layer.weight,
        layer.lora_A["default"].weight,
        layer.lora_B["default"].weight,
        layer.scaling["default"],
    )
    return flat_NO.view(*inputs.shape[:-1], -1)
