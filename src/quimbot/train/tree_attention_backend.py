"""Attention over a pack, a block of queries at a time, each over the keys that it can see.

A dialogue sees its own beginning and itself, a small part of its pack; scores against all the
other dialogues would only be thrown away, and there are more of them the larger the pack.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from quimbot.train.packing import Pack

NAME = "tree"


def _tree_attention(
    module: nn.Module,
    query_1HND: Tensor,
    key_1HND: Tensor,
    value_1HND: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float,
    pack: Pack | None = None,
    **options: Any,  # noqa: ANN401 - passed on
) -> tuple[Tensor, None]:
    if pack is None:  # an ordinary forward pass, such as writing a sample
        return sdpa_attention_forward(
            module, query_1HND, key_1HND, value_1HND, attention_mask, scaling=scaling, **options
        )
    groups = query_1HND.shape[1] // key_1HND.shape[1]
    seen = []
    for block in pack.blocks:
        keys, values = (
            states.index_select(2, block.columns_M).repeat_interleave(groups, dim=1)
            for states in (key_1HND, value_1HND)
        )
        seen.append(
            scaled_dot_product_attention(
                query_1HND[:, :, block.start : block.end],
                keys,
                values,
                attn_mask=block.mask_QM,
                scale=scaling,
            )
        )
    return torch.cat(seen, dim=2).transpose(1, 2), None


AttentionInterface.register(NAME, _tree_attention)
AttentionMaskInterface.register(NAME, sdpa_mask)
