"""A GGUF file becomes a model folder: configuration, float32 weights, tokenizer."""

import json
from pathlib import Path
from typing import Any

import gguf
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from quimbot.exceptions import ModelError
from quimbot.runtimes.gguf import gguf_names, rotated_heads, to_halves
from quimbot.runtimes.weights import Floats, Tensor, write_weights

_CONTROL = 3
"""GGUF's token type for control tokens."""


def gguf_to_folder(source: Path, folder: Path) -> None:
    """Write the llama model of a GGUF file as a plain folder, weights dequantised to float32.

    Raises:
        ModelError: the architecture or the tokenizer is another one than SmolLM2's.
    """
    reader = gguf.GGUFReader(source)
    meta = {
        name: field.contents()
        for name, field in reader.fields.items()
        if not name.startswith("GGUF.")
    }
    found = (meta.get("general.architecture"), meta.get("tokenizer.ggml.pre"))
    if found != ("llama", "smollm"):
        raise ModelError(
            f"{source}: architecture and tokenizer are {found}; only ('llama', 'smollm') is read; "
            "give a model folder instead"
        )
    folder.mkdir(parents=True, exist_ok=True)
    tied = all(tensor.name != "output.weight" for tensor in reader.tensors)
    config = _config(meta, tied=tied)
    _write(folder / "config.json", config)
    _write(
        folder / "generation_config.json",
        {key: config[key] for key in ("bos_token_id", "eos_token_id", "pad_token_id")},
    )
    _write_tokenizer(folder, meta)
    write_weights(folder / "model.safetensors", _tensors(reader, config))


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _config(meta: dict[str, Any], *, tied: bool) -> dict[str, Any]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "dtype": "float32",
        "hidden_act": "silu",
        "hidden_size": meta["llama.embedding_length"],
        "intermediate_size": meta["llama.feed_forward_length"],
        "num_hidden_layers": meta["llama.block_count"],
        "num_attention_heads": meta["llama.attention.head_count"],
        "num_key_value_heads": meta["llama.attention.head_count_kv"],
        "head_dim": meta["llama.rope.dimension_count"],
        "max_position_embeddings": meta["llama.context_length"],
        "rms_norm_eps": round(meta["llama.attention.layer_norm_rms_epsilon"], 12),
        "rope_theta": meta["llama.rope.freq_base"],
        "vocab_size": meta["llama.vocab_size"],
        "tie_word_embeddings": tied,
        "attention_bias": False,
        "mlp_bias": False,
        "bos_token_id": meta["tokenizer.ggml.bos_token_id"],
        "eos_token_id": meta["tokenizer.ggml.eos_token_id"],
        "pad_token_id": meta["tokenizer.ggml.padding_token_id"],
    }


def _tensors(reader: gguf.GGUFReader, config: dict[str, Any]) -> list[Tensor]:
    modules = {
        name: module for module, name in gguf_names("llama", config["num_hidden_layers"]).items()
    }

    def tensor(stored: gguf.ReaderTensor) -> Tensor:
        module = modules[stored.name.removesuffix(".weight")]
        heads = rotated_heads(
            module, "llama", config["num_attention_heads"], config["num_key_value_heads"]
        )

        def load() -> Floats:
            values: Floats = gguf.quants.dequantize(stored.data, stored.tensor_type)
            return to_halves(values, heads) if heads else values

        return Tensor(
            name=f"{module}.weight",
            shape=tuple(int(size) for size in reversed(stored.shape)),
            load=load,
        )

    return [tensor(stored) for stored in reader.tensors]


def _write_tokenizer(folder: Path, meta: dict[str, Any]) -> None:
    tokens: list[str] = meta["tokenizer.ggml.tokens"]
    control = [
        token
        for token, kind in zip(tokens, meta["tokenizer.ggml.token_type"], strict=True)
        if kind == _CONTROL
    ]
    merges = [tuple(merge.split(" ")) for merge in meta["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    # llama.cpp's "smollm" splits digits one by one before the usual byte-level pattern.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in control])
    tokenizer.save(str(folder / "tokenizer.json"))
    ids = {
        name: tokens[meta[f"tokenizer.ggml.{key}_token_id"]]
        for name, key in (("bos", "bos"), ("eos", "eos"), ("unk", "unknown"), ("pad", "padding"))
    }
    _write(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": meta["llama.context_length"],
            "clean_up_tokenization_spaces": False,
            **{f"{name}_token": token for name, token in ids.items()},
        },
    )
    (folder / "chat_template.jinja").write_text(meta["tokenizer.chat_template"], encoding="utf-8")
