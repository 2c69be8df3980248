"""Perplexity of a real, tiny model is what transformers itself computes, one turn at a time."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_models import tiny_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from quimbot.evaluate.perplexity import PerplexitySettings, perplexity
from quimbot.records.jsonl import write_rows
from quimbot.records.record import Message, Provenance, Record
from quimbot.runs.scorecard import read_perplexities
from quimbot.runs.watch import Silent

CHATS = [
    ("Be kind.", "I goes to the store", "You went to the store? What for?"),
    ("Be a tutor.", "Hi", "Olá!"),
]


def _plain_loop(folder: Path) -> tuple[float, int]:
    """Nats and tokens of the replies, written out by hand in the chat format of the model."""
    torch.set_num_threads(1)
    model: Any = AutoModelForCausalLM.from_pretrained(folder)
    model.eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    nats, tokens = 0.0, 0
    for system, learner, reply in CHATS:
        before = (
            f"<|im_start|>system\n{system}<|im_end|>\n"
            f"<|im_start|>user\n{learner}<|im_end|>\n<|im_start|>assistant\n"
        )
        prompt = tokenizer(before, add_special_tokens=False).input_ids
        said = tokenizer(reply + "<|im_end|>", add_special_tokens=False).input_ids
        with torch.no_grad():
            logprobs = model(torch.tensor([prompt + said])).logits[0].log_softmax(-1)
        for place, token in enumerate(said, len(prompt)):
            nats -= logprobs[place - 1, token].item()
            tokens += 1
    return nats, tokens


def test_perplexity_is_what_transformers_computes(tmp_path: Path) -> None:
    model = tiny_model(tmp_path / "model")
    rows = []
    for system, learner, reply in CHATS:
        messages = (
            Message(role="system", content=system),
            Message(role="user", content=learner),
            Message(role="assistant", content=reply),
        )
        rows.append(Record(messages=messages, provenance=Provenance(source="test", licence="MIT")))
    write_rows(tmp_path / "held.jsonl", rows)
    settings = PerplexitySettings(
        runtimes=(str(model),), data=tmp_path / "held.jsonl", output=tmp_path / "p.json"
    )
    perplexity(settings, Silent())
    overall = read_perplexities(settings.output).runtimes[0].overall
    nats, tokens = _plain_loop(model)
    assert overall.tokens == tokens
    assert overall.nats == pytest.approx(nats, rel=1e-5)
    assert overall.perplexity == pytest.approx(math.exp(nats / tokens), rel=1e-5)
