"""Cross-entropy straight from hidden states, without ever holding all logits.

The output matrix of a small model is a third of its work, and the logits of a pack are its largest
array by far. So each chunk of logits becomes loss and gradient in one buffer that is used again.
Sums of probabilities are taken in float32 whatever the model computes in.
"""

from typing import Any

import torch
from torch import Tensor

from quimbot.runtimes.packing import Pack

_CHUNK_BYTES = 24 << 20


class _HeadLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden_RD: Tensor, head_VD: Tensor, pack: Pack) -> Tensor:  # noqa: ANN401 - torch's context
        grad_RD = torch.empty_like(hidden_RD) if ctx.needs_input_grad[0] else None
        chunk = max(1, _CHUNK_BYTES // (4 * head_VD.shape[0]))
        logits_CV = hidden_RD.new_empty(min(chunk, len(hidden_RD)), head_VD.shape[0])
        total = hidden_RD.new_zeros((), dtype=torch.float64)
        for start in range(0, len(hidden_RD), chunk):
            hidden_CD = hidden_RD[start : start + chunk]
            logits = torch.mm(hidden_CD, head_VD.T, out=logits_CV[: len(hidden_CD)]).float()
            total += _loss_then_gradient(logits, pack, start)
            if grad_RD is not None:
                torch.mm(logits.to(head_VD.dtype), head_VD, out=grad_RD[start : start + chunk])
        ctx.grad_RD = grad_RD
        return total

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:  # noqa: ANN401 - torch's context
        return (ctx.grad_RD.float() * grads[0].float()).to(ctx.grad_RD.dtype), None, None


def _loss_then_gradient(logits_CV: Tensor, pack: Pack, start: int) -> Tensor:
    """The loss of a chunk of rows; the logits are overwritten by its gradient."""
    inside = (pack.edge_rows_E >= start) & (pack.edge_rows_E < start + len(logits_CV))
    rows, tokens = pack.edge_rows_E[inside] - start, pack.edge_tokens_E[inside]
    weights = pack.edge_weights_E[inside]
    picked = logits_CV[rows, tokens]
    highest = logits_CV.amax(1)
    sums = logits_CV.sub_(highest[:, None]).exp_().sum(1)
    nats = highest[rows] + sums[rows].log() - picked
    per_row = torch.zeros_like(sums).index_add_(0, rows, weights)
    logits_CV.mul_((per_row / sums)[:, None])
    logits_CV[rows, tokens] -= weights
    return weights.double() @ nats.double()


def head_loss(hidden_RD: Tensor, head_VD: Tensor, pack: Pack) -> Tensor:
    """Sum over the pack's edges of weight times negative log-probability, in nats (float64).

    Args:
        hidden_RD: last hidden states of the pack's rows.
        head_VD: the output matrix; it gets no gradient.
        pack: whose edges are learnt.
    """
    total: Tensor = _HeadLoss.apply(hidden_RD, head_VD, pack)  # type: ignore[no-untyped-call] # torch's own
    return total
