"""How llama.cpp's GGUF files and model folders name and lay out the same weights."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from quimbot.exceptions import ModelError
from quimbot.runtimes.weights import Floats

Architecture = Literal["llama", "qwen3"]
Kind = Literal["F32", "Q8_0"]

_LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_QWEN3_LAYER = {"attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm"}
_MODEL = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
}


def read_config(folder: Path) -> dict[str, Any]:
    """The `config.json` of a model folder.

    Raises:
        ModelError: it is missing, damaged, or names an architecture that is not supported.
    """
    path = folder / "config.json"
    try:
        config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{folder}: no config.json; name a model folder") from None
    except ValueError as fault:
        raise ModelError(f"{path}: not JSON ({fault}); fetch the model again") from None
    if config.get("model_type") not in get_args(Architecture):
        raise ModelError(
            f"{path}: architecture {config.get('model_type')!r} is not supported; "
            f"expected one of {', '.join(get_args(Architecture))}"
        )
    return config


def gguf_names(architecture: Architecture, layers: int) -> dict[str, str]:
    """Module of a model folder (`model.layers.0.mlp.up_proj`) → GGUF name (`blk.0.ffn_up`)."""
    return {module: name for name, module in _pairs(architecture, layers)}


def _pairs(architecture: Architecture, layers: int) -> Iterator[tuple[str, str]]:
    yield from _MODEL.items()
    parts = _LAYER | (_QWEN3_LAYER if architecture == "qwen3" else {})
    for layer in range(layers):
        for name, module in parts.items():
            yield f"blk.{layer}.{name}", f"model.layers.{layer}.{module}"


def rotated_heads(module: str, architecture: Architecture, heads: int, kv_heads: int) -> int:
    """Heads whose rows llama.cpp stores in another order; 0 when the order is the same.

    llama.cpp rotates neighbouring rows of `llama` queries and keys where model folders rotate the
    two halves of a head; for `qwen3` both rotate halves.
    """
    if architecture != "llama":
        return 0
    if module.endswith("q_proj"):
        return heads
    return kv_heads if module.endswith("k_proj") else 0


def to_neighbours(rows: Floats, heads: int) -> Floats:
    """Rows of a query or key matrix from folder order (halves) to llama.cpp's (neighbours)."""
    shape = rows.shape
    return rows.reshape(heads, 2, shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(shape)


def to_halves(rows: Floats, heads: int) -> Floats:
    """The inverse of `to_neighbours`."""
    shape = rows.shape
    return np.asarray(
        rows.reshape(heads, shape[0] // heads // 2, 2, -1).swapaxes(1, 2).reshape(shape)
    )
