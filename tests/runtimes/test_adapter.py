"""Adapters that are neither LoRA nor DoRA are refused with their reason; these are read exactly."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import PeftModel
from safetensors.numpy import load_file, save_file
from tiny_adapters import MODULES, write_lora
from tiny_models import tiny_model
from transformers import AutoModelForCausalLM

from quimbot.exceptions import ModelError
from quimbot.runtimes.adapter import read_adapter
from quimbot.runtimes.gguf import Architecture
from quimbot.runtimes.weights import read_weights

pytestmark = pytest.mark.filterwarnings(  # peft reads a name that transformers will drop
    "ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"
)

PLAIN = {"peft_type": "LORA", "base_model_name_or_path": "base", "r": 4, "lora_alpha": 8}


def folder_with(folder: Path, config: dict[str, Any], names: tuple[str, ...] = ()) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "adapter_config.json").write_text(json.dumps(config))
    weights = {name: np.ones((2, 2), np.float32) for name in names}
    save_file(weights, folder / "adapter_model.safetensors")
    return folder


def test_what_peft_saves_is_read(tmp_path: Path) -> None:
    base = tiny_model(tmp_path / "base")
    adapter = read_adapter(write_lora(tmp_path / "lora", base, use_rslora=True))
    assert (adapter.base, adapter.rank, adapter.scaling) == (str(base), 4, 8 / 4**0.5)
    stored = load_file(tmp_path / "lora" / "adapter_model.safetensors")
    pairs = {pair.module: pair for pair in adapter.pairs()}
    assert {module.rpartition(".")[2] for module in pairs} == set(MODULES)
    assert len(pairs) == len(stored) / 2
    pair = pairs["model.layers.1.mlp.up_proj"]
    name = "base_model.model.model.layers.1.mlp.up_proj.lora_"
    assert np.array_equal(pair.a, stored[f"{name}A.weight"])
    assert np.array_equal(pair.b, stored[f"{name}B.weight"])


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"bias": "all"}, "bias is 'all'"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"rank_pattern": {"q_proj": 8}}, "rank_pattern"),
        ({"alpha_pattern": {"q_proj": 8}}, "alpha_pattern"),
        ({"peft_type": "IA3"}, "peft_type is 'IA3'"),
        ({"trainable_token_indices": [1]}, "trainable_token_indices"),
        ({"target_parameters": ["x"]}, "target_parameters"),
    ],
)
def test_other_kinds_are_refused(tmp_path: Path, setting: dict[str, Any], told: str) -> None:
    with pytest.raises(ModelError, match=told) as caught:
        read_adapter(folder_with(tmp_path, PLAIN | setting))
    assert "\n" not in str(caught.value)


def test_empty_settings_are_plain(tmp_path: Path) -> None:
    empty: dict[str, Any] = {
        "modules_to_save": [],
        "rank_pattern": {},
        "alpha_pattern": None,
        "lora_bias": False,
    }
    assert read_adapter(folder_with(tmp_path, PLAIN | empty)).scaling == 2


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("base_model.model.model.embed_tokens.lora_A.weight", "adapts model.embed_tokens"),
        ("base_model.model.lm_head.lora_A.weight", "adapts lm_head"),
        ("base_model.model.model.layers.0.mlp.up_proj.lora_magnitude", "is not a LoRA factor"),
        ("model.embed_tokens.weight", "is not a LoRA factor"),
        ("base_model.model.model.layers.0.mlp.up_proj.lora_B.weight", r"lacks its lora_A\.weight"),
        (
            "base_model.model.model.layers.0.mlp.up_proj.lora_magnitude_vector",
            "is not a LoRA factor",  # unless the configuration says DoRA
        ),
        ("base_model.model.model.layers.0.mlp.up_proj.lora_A.weight", "changes nothing"),
    ],
)
def test_other_weights_are_refused(tmp_path: Path, name: str, told: str) -> None:
    adapter = read_adapter(folder_with(tmp_path, PLAIN, (name,)))
    with pytest.raises(ModelError, match=told):
        list(adapter.pairs())


def test_adapter_that_changes_nothing_is_refused(tmp_path: Path) -> None:
    base = tiny_model(tmp_path / "base")
    adapter = read_adapter(write_lora(tmp_path / "lora", base, std=0.0))
    with pytest.raises(ModelError, match="changes nothing"):
        list(adapter.pairs())


def test_dora_carries_its_lengths(tmp_path: Path) -> None:
    base = tiny_model(tmp_path / "base")
    adapter = read_adapter(write_lora(tmp_path / "lora", base, use_dora=True))
    assert adapter.dora
    stored = load_file(tmp_path / "lora" / "adapter_model.safetensors")
    pairs = list(adapter.pairs())
    assert len(pairs) == len(stored) / 3
    for pair in pairs:
        name = f"base_model.model.{pair.module}.lora_magnitude_vector"
        assert pair.magnitude is not None
        assert np.array_equal(pair.magnitude, stored[name])


def test_dora_whose_lengths_alone_moved_is_read(tmp_path: Path) -> None:
    base = tiny_model(tmp_path / "base")
    adapter = read_adapter(write_lora(tmp_path / "lora", base, std=0.0, use_dora=True))
    assert not any(pair.b.any() for pair in adapter.pairs())


def test_dora_without_its_lengths_is_refused(tmp_path: Path) -> None:
    base = tiny_model(tmp_path / "base")
    folder = write_lora(tmp_path / "lora", base)
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps(config | {"use_dora": True}))
    with pytest.raises(ModelError, match="lacks its lora_magnitude_vector"):
        list(read_adapter(folder).pairs())


def test_the_hash_tells_what_it_does_to_its_base(tmp_path: Path) -> None:
    base = tiny_model(tmp_path / "base")
    first = read_adapter(write_lora(tmp_path / "1", base))
    others = [
        read_adapter(write_lora(tmp_path / "2", base, seed=1)),
        read_adapter(write_lora(tmp_path / "3", base, lora_alpha=16)),
        read_adapter(write_lora(tmp_path / "4", base, use_dora=True)),
    ]
    assert first.hash == read_adapter(write_lora(tmp_path / "again", base)).hash
    assert len({adapter.hash for adapter in [first, *others]}) == 4


@pytest.mark.parametrize("settings", [{}, {"use_rslora": True}, {"use_dora": True}], ids=str)
@pytest.mark.parametrize("architecture", ["llama", "qwen3"])
def test_weights_with_the_adapter_in_them_are_those_peft_merges(
    tmp_path: Path, architecture: Architecture, settings: dict[str, Any]
) -> None:
    base = tiny_model(tmp_path / "base", architecture)
    adapter = read_adapter(write_lora(tmp_path / "lora", base, **settings))
    theirs = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), adapter.folder
    ).merge_and_unload()
    for tensor in adapter.added_to(read_weights(base)):
        expected = theirs.get_parameter(tensor.name).detach().numpy()
        np.testing.assert_allclose(tensor.load(), expected, rtol=1e-5, atol=1e-6)


def test_weights_of_another_base_are_refused(tmp_path: Path) -> None:
    base, other = tiny_model(tmp_path / "base"), tiny_model(tmp_path / "other", layers=1)
    adapter = read_adapter(write_lora(tmp_path / "lora", base))
    with pytest.raises(ModelError, match=r"layers\.1\..*, which this base lacks") as caught:
        adapter.added_to(read_weights(other))
    assert "\n" not in str(caught.value)
    wider = [
        replace(tensor, shape=(*tensor.shape[:-1], 2 * tensor.shape[-1]))
        for tensor in read_weights(base)
    ]
    with pytest.raises(ModelError, match="or has in another size; it was trained on"):
        adapter.added_to(wider)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"r": 4}'])
def test_damaged_configuration_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "adapter_config.json").write_text(text)
    with pytest.raises(ModelError, match=r"adapter_config\.json: not a LoRA configuration"):
        read_adapter(tmp_path)


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no adapter_config\.json"):
        read_adapter(tmp_path / "nothing")
