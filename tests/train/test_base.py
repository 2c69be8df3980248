"""A frozen base of fewer bits: how it is loaded, and where it is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_models import tiny_model
from transformers import AutoModelForCausalLM, BitsAndBytesConfig

from quimbot.exceptions import RecipeError
from quimbot.runtimes.models import find_model
from quimbot.train import base_backend
from quimbot.train.base_backend import load_base
from quimbot.train.machine_backend import machine
from quimbot.train.settings import TrainSettings


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("model"))


def test_a_machine_without_bfloat16_refuses_it(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = machine()
    monkeypatch.setattr(base_backend, "machine", lambda: replace(here, bfloat16=False))
    with pytest.raises(RecipeError, match="precision asks for products in bfloat16"):
        load_base(find_model(str(model)), "bfloat16", "none", "cpu")
    monkeypatch.setattr(base_backend, "find_spec", lambda _: True)
    with pytest.raises(RecipeError, match="quantize asks for products in bfloat16"):
        load_base(find_model(str(model)), "float32", "nf4", "cuda:0")


@pytest.mark.parametrize(("device", "library"), [("cpu", True), ("cuda", False)])
def test_four_bits_want_cuda_and_bitsandbytes(
    model: Path, monkeypatch: pytest.MonkeyPatch, device: str, library: bool
) -> None:
    monkeypatch.setattr(base_backend, "find_spec", lambda _: library)
    with pytest.raises(RecipeError, match=r"needs CUDA .* and bitsandbytes .*quimbot\[qlora\]"):
        load_base(find_model(str(model)), "float32", "nf4", device)


def test_four_bits_are_nf4_with_double_quantisation(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}
    here = machine()
    monkeypatch.setattr(base_backend, "machine", lambda: replace(here, bfloat16=True))
    monkeypatch.setattr(base_backend, "find_spec", lambda _: True)
    monkeypatch.setattr(BitsAndBytesConfig, "post_init", lambda _: None)  # asks for the library
    monkeypatch.setattr(
        AutoModelForCausalLM, "from_pretrained", lambda _, **all_: asked.update(all_)
    )
    load_base(find_model(str(model)), "float32", "nf4", "cuda:1")
    config = asked["quantization_config"]
    assert asked["device_map"] == {"": "cuda:1"}
    assert asked["dtype"] is config.bnb_4bit_compute_dtype is torch.bfloat16
    assert (config.bnb_4bit_quant_type, config.bnb_4bit_use_double_quant) == ("nf4", True)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"precision": "float16"}, "precision is 'float16'; allowed: float32, bfloat16"),
        ({"quantize": "int8"}, "quantize is 'int8'; allowed: none, nf4"),
        ({"quantize": "nf4", "shard": True}, "shard cannot share out weights of 4 bits"),
        (
            {"quantize": "nf4", "stage2": "merge_then_new", "start": "runs/demo"},
            "quantize leaves no weights to merge",
        ),
    ],
)
def test_settings_that_no_machine_can_do_are_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        TrainSettings(data=Path("data.jsonl"), output=Path("run"), **wrong)
