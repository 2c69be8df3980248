"""Adapters that are not plain LoRA are refused with their reason; plain ones are read exactly."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from tiny_adapters import MODULES, write_lora
from tiny_models import tiny_model

from quimbot.exceptions import ModelError
from quimbot.runtimes.adapter import read_adapter

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
        ({"use_dora": True}, "use_dora is True"),
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
        ("base_model.model.model.layers.0.mlp.up_proj.lora_B.weight", "only one of its two"),
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


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"r": 4}'])
def test_damaged_configuration_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "adapter_config.json").write_text(text)
    with pytest.raises(ModelError, match=r"adapter_config\.json: not a LoRA configuration"):
        read_adapter(tmp_path)


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no adapter_config\.json"):
        read_adapter(tmp_path / "nothing")
