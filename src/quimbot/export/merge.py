"""An adapter is added into its base: the result is a plain model folder that needs neither."""

import shutil
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from quimbot.exceptions import ModelError
from quimbot.pedagogy.moves import tutor_prompt
from quimbot.records.record import Message, Move
from quimbot.runtimes.adapter import Adapter
from quimbot.runtimes.chat_format import CHAT, prompt_text
from quimbot.runtimes.models import ModelFiles
from quimbot.runtimes.torch_local import TorchEngine
from quimbot.runtimes.weights import read_weights, write_weights

_TOLERANCE = 1e-2
"""Logits of a merged model may differ by rounding, never by this much."""

_CHAT = (tutor_prompt(Move.RECAST), Message(role="user", content="Yesterday I go to the store."))


def merge(base: ModelFiles, adapter: Adapter, folder: Path) -> None:
    """Write base + adapter as a float32 model folder, one weight matrix in memory at a time.

    Raises:
        ModelError: the adapter changes a matrix that the base lacks or has in another size.
    """
    tensors = adapter.added_to(read_weights(base.folder))
    folder.mkdir(parents=True)
    for path in base.folder.iterdir():
        if path.suffix in {".json", ".jinja", ".txt"} and "safetensors" not in path.name:
            shutil.copy(path, folder)
    if adapter.style:
        shutil.copy(adapter.folder / CHAT, folder)
    write_weights(folder / "model.safetensors", tensors)


def check_merged(base: ModelFiles, adapter: Adapter, folder: Path) -> float:
    """The largest difference between the logits before and after merging.

    Raises:
        ModelError: it is more than rounding.
    """
    tokens = base.tokenizer().encode(prompt_text(_CHAT, base.style), add_special_tokens=False)
    with TorchEngine(base, [adapter]) as engine, engine.using(adapter.folder.resolve()) as model:
        before = _logits(model, tokens)
    after = _logits(
        AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True),
        tokens,
    )
    difference = float((before - after).abs().max())
    if difference > _TOLERANCE:
        raise ModelError(
            f"{adapter.folder}: merged weights answer otherwise (logits differ by "
            f"{difference:.2g}, allowed {_TOLERANCE}); please report this"
        )
    return difference


def _logits(model: Any, tokens: list[int]) -> torch.Tensor:  # noqa: ANN401 - untyped library
    with torch.inference_mode():
        logits: torch.Tensor = model(
            torch.tensor([tokens], device=model.device), use_cache=False
        ).logits
        return logits.cpu()
