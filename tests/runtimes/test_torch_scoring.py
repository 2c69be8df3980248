"""Scores in shared packs are those of a plain loop of transformers and peft, a chat at a time."""

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from tiny_adapters import write_lora
from tiny_models import tiny_model
from transformers import AutoModelForCausalLM

from quimbot.records.record import Message, Role
from quimbot.runtimes import torch_scoring, workers
from quimbot.runtimes.adapter import read_adapter
from quimbot.runtimes.chat_format import Tokenized, examples
from quimbot.runtimes.gguf import Architecture
from quimbot.runtimes.models import ModelFiles, find_model
from quimbot.runtimes.torch_local import TorchEngine


def chat(*turns: str, system: str = "") -> list[Message]:
    """Learner and tutor in turn."""
    roles: tuple[Role, ...] = ("user", "assistant") * len(turns)
    said = [Message(role=role, content=text) for role, text in zip(roles, turns, strict=False)]
    return [Message(role="system", content=system), *said] if system else said


TUTOR = "You are a friendly English tutor."
CHATS = [
    chat("I goes to the store.", "You went to the store? What for?", system=TUTOR),
    chat("I goes to the store.", "Which store did you go to?", system=TUTOR),
    chat("I goes to the store.", "You went to the store? What for?", system=TUTOR),
    chat("I goes.", "You went? " + "the store " * 30, system=TUTOR),
    chat("She like music.", "She likes music!", "Yes, she like.", "What else?", system=TUTOR),
    chat("Hi", "Olá! 你好"),
    chat("Where are the " + "very " * 40 + "old dogs?", "Here.", "Who are you?"),
]
CHATS[4][2] = Message(role="assistant", content="She likes music!", weight=0.5)
CHATS[4][4] = Message(role="assistant", content="What else?", weight=0.0)


def plain(base: ModelFiles, lora: Path | None) -> list[list[float]]:
    """Log-probabilities of each chat's learnt tokens, every sequence alone from its first token."""
    model: Any = AutoModelForCausalLM.from_pretrained(base.folder)
    if lora:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)
            model = PeftModel.from_pretrained(model, lora)
    tokenizer = base.tokenizer()
    found = []
    for dialogue in CHATS:
        values: list[float] = []
        for tokens, weights in examples(dialogue, base.style, tokenizer, thoughts=False):
            with torch.no_grad():
                logprobs = model.eval()(torch.tensor([tokens])).logits[0].log_softmax(-1)
            values += [
                logprobs[place - 1, tokens[place]].item()
                for place, weight in enumerate(weights)
                if weight
            ]
        found.append(values)
    return found


@pytest.mark.parametrize("architecture", ["llama", "qwen3"])
@pytest.mark.parametrize(("nodes", "threads"), [(1024, 1), (60, 3)])
def test_base_and_adapters_score_as_a_plain_loop(
    architecture: Architecture,
    nodes: int,
    threads: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QUIMBOT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(torch_scoring, "_NODES", nodes)
    monkeypatch.setattr(workers, "_WORTH_A_WORKER", 10)
    monkeypatch.setattr(torch_scoring, "_WORDS", 100)  # several parts of the vocabulary
    base = find_model(str(tiny_model(tmp_path / "base", architecture)))
    folders = [write_lora(tmp_path / str(seed), base.folder, seed=seed) for seed in range(2)]
    adapters = [read_adapter(folder) for folder in folders]
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with TorchEngine(base, adapters) as engine:
            for adapter in (None, *adapters):
                scored = engine.runtime("x", adapter).logprobs(CHATS)
                found = [[token.logprob for token in tokens] for tokens in scored]
                expected = plain(base, adapter.folder if adapter else None)
                for ours, theirs in zip(found, expected, strict=True):
                    assert ours == pytest.approx(theirs, abs=1e-5)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


def test_common_beginnings_are_computed_once() -> None:
    alike = [((1, 2, 3, token, 9), (0.0, 0.0, 0.0, 0.0, 1.0)) for token in range(5)]
    sheets = [Tokenized(*each) for each in alike]
    (pack,) = torch_scoring.pack_evenly(sheets, torch.device("cpu"))
    assert len(pack.tokens_N) == 16  # of them 3 + 5 are the tree's, the rest see only themselves
    assert int((pack.positions_N > 0).sum()) == 2 + 5
