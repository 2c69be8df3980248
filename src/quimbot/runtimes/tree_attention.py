"""Attention over a pack, a block of queries at a time, each over the keys that it can see.

A dialogue sees its own beginning and itself, a small part of its pack; scores against all the
other dialogues would only be thrown away, and there are more of them the larger the pack. Forward
and backward are written out: left to autograd, every block's slice would cost a gradient as large
as the whole pack.
"""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from quimbot.runtimes.packing import Block, Pack

NAME = "tree"


class _TreeAttention(torch.autograd.Function):
    """Heads that share a key are rows of one product: K key heads, G queries to each."""

    @staticmethod
    def forward(  # noqa: PLR0917 - torch passes by position
        ctx: Any,  # noqa: ANN401 - torch's context
        query_KGND: Tensor,
        key_KND: Tensor,
        value_KND: Tensor,
        blocks: tuple[Block, ...],
        scaling: float,
    ) -> Tensor:
        out_KGND = torch.empty_like(query_KGND)
        key_KND, value_KND = key_KND.contiguous(), value_KND.contiguous()  # else copied per block
        weights = []
        for block in blocks:
            query_KQD = _rows(query_KGND, block)
            keys_KMD, values_KMD = (
                part.index_select(1, block.columns_M) for part in (key_KND, value_KND)
            )
            scores_KQM = torch.bmm(query_KQD, keys_KMD.transpose(1, 2)).mul_(scaling)
            _by_query(scores_KQM, block).add_(block.mask_QM)
            weights_KQM = scores_KQM.softmax(-1)
            _put(out_KGND, torch.bmm(weights_KQM, values_KMD), block)
            weights.append(weights_KQM)
        ctx.save_for_backward(query_KGND, key_KND, value_KND, *weights)
        ctx.blocks, ctx.scaling = blocks, scaling
        return out_KGND

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:  # noqa: ANN401 - torch's context
        query_KGND, key_KND, value_KND, *weights = ctx.saved_tensors
        grad_query_KGND = torch.empty_like(query_KGND)
        grad_key_KND, grad_value_KND = torch.zeros_like(key_KND), torch.zeros_like(value_KND)
        for block, weights_KQM in zip(ctx.blocks, weights, strict=True):
            columns_M = block.columns_M
            query_KQD, grad_KQD = _rows(query_KGND, block), _rows(grads[0], block)
            keys_KMD, values_KMD = (
                part.index_select(1, columns_M) for part in (key_KND, value_KND)
            )
            grad_weights_KQM = torch.bmm(grad_KQD, values_KMD.transpose(1, 2))
            grad_scores_KQM = torch._softmax_backward_data(  # noqa: SLF001 - what autograd calls
                grad_weights_KQM, weights_KQM, -1, weights_KQM.dtype
            ).mul_(ctx.scaling)
            _put(grad_query_KGND, torch.bmm(grad_scores_KQM, keys_KMD), block)
            for total, part in (
                (grad_key_KND, torch.bmm(grad_scores_KQM.transpose(1, 2), query_KQD)),
                (grad_value_KND, torch.bmm(weights_KQM.transpose(1, 2), grad_KQD)),
            ):
                total.index_add_(1, columns_M, part)
        return grad_query_KGND, grad_key_KND, grad_value_KND, None, None


def _rows(states_KGND: Tensor, block: Block) -> Tensor:
    """The block's part, with the queries of a key head under each other."""
    return states_KGND[:, :, block.start : block.end].flatten(1, 2)


def _by_query(states_KQM: Tensor, block: Block) -> Tensor:
    return states_KQM.view(len(states_KQM), -1, block.end - block.start, states_KQM.shape[-1])


def _put(whole_KGND: Tensor, part_KQD: Tensor, block: Block) -> None:
    whole_KGND[:, :, block.start : block.end] = _by_query(part_KQD, block)


def _tree_attention(
    module: nn.Module,
    query_1HND: Tensor,
    key_1KND: Tensor,
    value_1KND: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float,
    pack: Pack | None = None,
    **options: Any,  # noqa: ANN401 - passed on
) -> tuple[Tensor, None]:
    if pack is None:  # an ordinary forward pass, such as writing a sample
        return sdpa_attention_forward(
            module, query_1HND, key_1KND, value_1KND, attention_mask, scaling=scaling, **options
        )
    query_KGND = query_1HND[0].view(key_1KND.shape[1], -1, *query_1HND.shape[2:])
    seen_KGND: Tensor = _TreeAttention.apply(  # type: ignore[no-untyped-call] # torch's own
        query_KGND, key_1KND[0], value_1KND[0], pack.blocks, scaling
    )
    return seen_KGND.flatten(0, 1).transpose(0, 1)[None], None


AttentionInterface.register(NAME, _tree_attention)
AttentionMaskInterface.register(NAME, sdpa_mask)
