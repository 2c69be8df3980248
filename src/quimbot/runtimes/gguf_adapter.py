"""A PEFT adapter becomes the GGUF file that llama.cpp loads beside its base model."""

from pathlib import Path

import gguf
import numpy as np

from quimbot.exceptions import ModelError
from quimbot.runtimes.adapter import Adapter
from quimbot.runtimes.gguf import (
    Architecture,
    gguf_names,
    read_config,
    rotated_heads,
    to_neighbours,
)


def adapter_to_gguf(adapter: Adapter, base: Path, out: Path) -> None:
    """Write an adapter for the model of folder `base` as a GGUF adapter, in float32.

    llama.cpp multiplies by alpha / rank whatever the adapter's own rule was, so the alpha written
    is the one that gives the adapter's scaling.

    Raises:
        ModelError: the adapter is not plain LoRA, changes nothing, or fits another model.
    """
    if adapter.dora:
        raise ModelError(
            f"{adapter.folder}: DoRA cannot be a GGUF adapter, only merged into its base; name "
            f"torch:{adapter.folder}, or quimbot export --checkpoint {adapter.folder} --form gguf"
        )
    config = read_config(base)
    architecture: Architecture = config["model_type"]
    names = gguf_names(architecture, config["num_hidden_layers"])
    heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
    writer = gguf.GGUFWriter(out, architecture)
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, adapter.scaling * adapter.rank)
    for pair in adapter.pairs():
        if pair.module not in names:
            raise ModelError(
                f"{adapter.folder}: adapts {pair.module}, which {base} does not have; "
                f"it was trained on {adapter.base}"
            )
        rotated = rotated_heads(pair.module, architecture, heads, kv_heads)
        b = to_neighbours(pair.b, rotated) if rotated else pair.b
        for half, values in (("a", pair.a), ("b", b)):
            name = f"{names[pair.module]}.weight.lora_{half}"
            writer.add_tensor(name, np.ascontiguousarray(values, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
