"""Model folders of random weights, small enough to train in a test."""

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

from quimbot.runtimes.gguf import Architecture

CONTROL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>")
WITH_AND_WITHOUT_THOUGHTS = (
    "{% if enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}"  # as Qwen3-8B
)
THOUGHTS_ONLY = "{{ '<think>\n' }}"  # as Qwen3-Thinking
WORDS = ("the", "you", "went", "store", "user", "assistant", "system")


def tiny_model(
    folder: Path,
    architecture: Architecture = "llama",
    *,
    layers: int = 2,
    pad: int = 2,
    head_dim: int = 16,
) -> Path:
    """A folder with a random model of that architecture and a byte-level tokenizer.

    The weights of the token `pad` are 0, so a model whose pad is the end of turn cannot learn it.
    """
    tokenizer = tiny_tokenizer(folder)
    sizes: dict[str, Any] = {
        "vocab_size": tokenizer.get_vocab_size(),
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": head_dim,
        "max_position_embeddings": 512,
        "tie_word_embeddings": True,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": pad,
        "initializer_range": 0.2,  # large enough that replies differ
    }
    torch.manual_seed(7)
    model: Any = (
        LlamaForCausalLM(LlamaConfig(**sizes))
        if architecture == "llama"
        else Qwen3ForCausalLM(Qwen3Config(**sizes))
    )
    model.save_pretrained(folder)
    return folder


def tiny_tokenizer(folder: Path) -> Tokenizer:
    """Bytes, a few words and the control tokens, split as SmolLM2 splits."""
    folder.mkdir(parents=True, exist_ok=True)
    tokens = [*CONTROL[:3], *sorted(pre_tokenizers.ByteLevel.alphabet())]
    merges = []
    for word in WORDS:
        for end in range(2, len(word) + 1):
            if word[:end] not in tokens:
                tokens.append(word[:end])
                merges.append((word[: end - 1], word[end - 1]))
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    # as in Qwen3's tokenizer, text without control tokens still has its think blocks
    tokenizer.add_tokens(
        [AddedToken(name, special="think" not in name, normalized=False) for name in CONTROL]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<|im_start|>",
        "eos_token": "<|im_end|>",
        "pad_token": "<|im_end|>",
        "unk_token": "<|endoftext|>",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return tokenizer


def qwen3_8b_shape(folder: Path) -> Path:
    """A folder with the sizes and the template of Qwen3-8B, without its weights."""
    tiny_tokenizer(folder)
    sizes = {
        "model_type": "qwen3",
        "vocab_size": 151936,
        "hidden_size": 4096,
        "intermediate_size": 12288,
        "num_hidden_layers": 36,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "head_dim": 128,
        "tie_word_embeddings": False,
    }
    (folder / "config.json").write_text(json.dumps(sizes), encoding="utf-8")
    return with_template(folder, WITH_AND_WITHOUT_THOUGHTS)


def with_template(folder: Path, opening: str) -> Path:
    """The folder, its chats written with that opening of a reply under way."""
    template = (
        "{% for turn in messages %}<|im_start|>{{ turn.role }}\n{{ turn.content }}<|im_end|>\n"
        "{% endfor %}<|im_start|>{{ 'assistant\n' }}" + opening
    )
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    return folder
