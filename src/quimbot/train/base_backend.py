"""The frozen model under the adapter: in float32, or in fewer bits where the hardware has them."""

from importlib.util import find_spec
from typing import Any, Literal

import torch
from torch import nn
from transformers import AutoModelForCausalLM, BitsAndBytesConfig

from quimbot.exceptions import RecipeError
from quimbot.runtimes import tree_attention
from quimbot.runtimes.models import ModelFiles
from quimbot.train.machine_backend import machine

Precision = Literal["float32", "bfloat16"]
Quantize = Literal["none", "nf4"]


def load_base(
    model: ModelFiles, precision: Precision, quantize: Quantize, device: str
) -> nn.Module:
    """The model on a device, its attention that of packs.

    Raises:
        RecipeError: this machine cannot compute so.
    """
    _check(precision, quantize, device)
    options: dict[str, Any] = {}
    quantized = quantize != "none"
    if quantized:
        options["device_map"] = {"": device}
        options["quantization_config"] = BitsAndBytesConfig(  # type: ignore[no-untyped-call] # transformers' own
            load_in_4bit=True,
            bnb_4bit_quant_type=quantize,
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
    base: nn.Module = AutoModelForCausalLM.from_pretrained(
        model.folder,
        dtype=torch.bfloat16 if quantized else getattr(torch, precision),
        local_files_only=True,
        attn_implementation=tree_attention.NAME,
        **options,
    )
    return base


def _check(precision: Precision, quantize: Quantize, device: str) -> None:
    if quantize != "none" and not (device.startswith("cuda") and find_spec("bitsandbytes")):
        raise RecipeError(
            f"quantize is {quantize!r}, which needs CUDA (the device is {device}) and bitsandbytes "
            "(pip install 'quimbot[qlora]'); leave quantize out here"
        )
    if (precision, quantize) != ("float32", "none") and not machine().bfloat16:
        asked = "precision" if quantize == "none" else "quantize"
        raise RecipeError(
            f"{asked} asks for products in bfloat16, which {machine().device} does not compute in "
            f"hardware; leave {asked} out here"
        )
