"""A model folder becomes a GGUF file that llama.cpp runs, tensor by tensor."""

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from quimbot.exceptions import ModelError
from quimbot.runtimes.adapter import Adapter
from quimbot.runtimes.gguf import (
    Architecture,
    Kind,
    gguf_names,
    read_config,
    rotated_heads,
    to_neighbours,
)
from quimbot.runtimes.weights import Floats, Tensor, read_weights

_NORMAL, _CONTROL, _ADDED, _UNUSED = 1, 3, 4, 5
"""GGUF's token types."""


def folder_to_gguf(folder: Path, out: Path, kind: Kind, adapter: Adapter | None = None) -> None:
    """Write a model folder (llama or qwen3) as GGUF; vectors stay F32, matrices become `kind`.

    An adapter is added into the weights.

    Raises:
        ModelError: the folder holds something that llama.cpp would read otherwise than meant, or
            the adapter fits another model.
    """
    config = read_config(folder)
    architecture: Architecture = config["model_type"]
    weights = list(read_weights(folder))
    tensors = _renamed(
        folder, adapter.added_to(weights) if adapter else weights, architecture, config
    )
    kinds = [_kind_of(tensor, kind) for tensor in tensors]
    writer = gguf.GGUFWriter(out, architecture)
    writer.add_name(folder.name)
    writer.add_file_type(gguf.LlamaFileType[{"F32": "ALL_F32", "Q8_0": "MOSTLY_Q8_0"}[kind]])
    _add_sizes(writer, folder, config)
    _add_tokenizer(writer, folder, config)
    for tensor, ggml in zip(tensors, kinds, strict=True):
        block, size = gguf.GGML_QUANT_SIZES[ggml]
        bytes_ = int(np.prod(tensor.shape)) // block * size
        writer.add_tensor_info(tensor.name, tensor.shape, np.dtype(np.float32), bytes_, ggml)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for tensor, ggml in zip(tensors, kinds, strict=True):
        writer.write_tensor_data(gguf.quants.quantize(tensor.load(), ggml))
    writer.close()


def _kind_of(tensor: Tensor, kind: Kind) -> gguf.GGMLQuantizationType:
    block = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[kind]][0]
    fits = len(tensor.shape) > 1 and tensor.shape[-1] % block == 0
    return gguf.GGMLQuantizationType[kind if fits else "F32"]


def _renamed(
    folder: Path, weights: list[Tensor], architecture: Architecture, config: dict[str, Any]
) -> list[Tensor]:
    names = gguf_names(architecture, config["num_hidden_layers"])
    heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
    tensors = []
    for tensor in weights:
        module = tensor.name.removesuffix(".weight")
        if module == "lm_head" and config.get("tie_word_embeddings"):
            continue
        if module not in names or module == tensor.name:
            raise ModelError(
                f"{folder}: tensor {tensor.name} has no place in a {architecture} GGUF"
            )
        rotated = rotated_heads(module, architecture, heads, kv_heads)
        tensors.append(_rotated(tensor, f"{names[module]}.weight", rotated))
    return tensors


def _rotated(tensor: Tensor, name: str, heads: int) -> Tensor:
    def load() -> Floats:
        return to_neighbours(tensor.load(), heads) if heads else tensor.load()

    return Tensor(name=name, shape=tensor.shape, load=load)


def _add_sizes(writer: gguf.GGUFWriter, folder: Path, config: dict[str, Any]) -> None:
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    if rope.get("rope_type", "default") != "default":
        raise ModelError(
            f"{folder}: rope type {rope['rope_type']!r} is not supported; only default"
        )
    width, heads = config["hidden_size"], config["num_attention_heads"]
    head_dim = config.get("head_dim") or width // heads
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(head_dim)
    writer.add_value_length(head_dim)
    writer.add_rope_dimension_count(head_dim)
    writer.add_rope_freq_base(float(rope.get("rope_theta") or config.get("rope_theta") or 10000.0))
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])


def _add_tokenizer(writer: gguf.GGUFWriter, folder: Path, config: dict[str, Any]) -> None:
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    model = tokenizer["model"]
    tokens = {i: token for token, i in model["vocab"].items()}
    types = dict.fromkeys(tokens, _NORMAL)
    for added in tokenizer["added_tokens"]:
        tokens[added["id"]] = added["content"]
        types[added["id"]] = _CONTROL if added["special"] else _ADDED
    size = range(config["vocab_size"])
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(_splitter(folder, tokenizer["pre_tokenizer"]))
    writer.add_token_list([tokens.get(i, f"[PAD{i}]") for i in size])
    writer.add_token_types([types.get(i, _UNUSED) for i in size])
    merges = [m if isinstance(m, str) else " ".join(m) for m in model["merges"]]
    writer.add_token_merges(merges)
    writer.add_add_bos_token(value=False)
    _add_special_tokens(writer, folder, {token: i for i, token in tokens.items()})


def _splitter(folder: Path, pre_tokenizer: dict[str, Any]) -> str:
    """llama.cpp's name of the rule that cuts text into words before the merges."""
    rules = {rule["type"]: rule for rule in pre_tokenizer.get("pretokenizers", [pre_tokenizer])}
    if rules.get("Digits", {}).get("individual_digits"):
        return "smollm"
    pattern = rules.get("Split", {}).get("pattern", {}).get("Regex", "")
    if pattern.startswith("(?i:'s|'t") and r"|\p{N}|" in pattern:
        return "qwen2"
    raise ModelError(
        f"{folder}: this tokenizer's splitting rule is not known; expected SmolLM2's or Qwen's"
    )


def _add_special_tokens(writer: gguf.GGUFWriter, folder: Path, ids: dict[str, int]) -> None:
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    for name, add in (
        ("bos_token", writer.add_bos_token_id),
        ("eos_token", writer.add_eos_token_id),
        ("unk_token", writer.add_unk_token_id),
        ("pad_token", writer.add_pad_token_id),
    ):
        token = settings.get(name)
        text = token["content"] if isinstance(token, dict) else token
        if text in ids:
            add(ids[text])
    template = folder / "chat_template.jinja"
    if template.exists():
        writer.add_chat_template(template.read_text(encoding="utf-8"))
    elif "chat_template" in settings:
        writer.add_chat_template(settings["chat_template"])
