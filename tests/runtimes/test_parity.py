"""llama.cpp and torch must say the same: the same greedy tokens, the same probabilities."""

import asyncio
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
from tiny_adapters import CHATS, write_lora
from tiny_models import tiny_model

from quimbot.records.record import Message
from quimbot.runtimes.adapter import Adapter, read_adapter
from quimbot.runtimes.chat_format import prompt_text
from quimbot.runtimes.drawn import Drawn
from quimbot.runtimes.gguf import Architecture, rotated_heads
from quimbot.runtimes.llamacpp import LlamaEngine
from quimbot.runtimes.models import ModelFiles, find_model
from quimbot.runtimes.runtime import Sampling, reply
from quimbot.runtimes.torch_local import TorchEngine

Scored = list[tuple[int, float]]
"""Tokens with their log-probabilities in nats."""

ARCHITECTURES: tuple[Architecture, ...] = ("llama", "qwen3")


@pytest.fixture(scope="module", params=ARCHITECTURES)
def tiny(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ModelFiles]:
    folder = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUIMBOT_CACHE", str(folder / "cache"))
        yield find_model(str(tiny_model(folder / "base", request.param, layers=3)))


@cache
def unprintable(base: ModelFiles) -> list[int]:
    """Tokens without text of their own; llama.cpp does not list them, so nobody may draw them."""
    tokenizer = base.tokenizer()
    size = json.loads((base.folder / "config.json").read_text())["vocab_size"]
    return [t for t in range(size) if tokenizer.decode([t]) in {"", "\ufffd"}]


def by_torch(engine: TorchEngine, chat: Sequence[Message], adapter: Adapter | None) -> Scored:
    """Sixteen greedy tokens, each from a whole forward pass."""
    text = prompt_text(chat, engine.base.style)
    tokens = engine.tokenizer.encode(text, add_special_tokens=False)
    found: Scored = []
    with engine.using(adapter.folder.resolve() if adapter else None) as model:
        for _ in range(16):
            logits = model(torch.tensor([tokens]), use_cache=False).logits[0, -1]
            scores = logits.log_softmax(-1)
            scores[unprintable(engine.base)] = -torch.inf
            token = int(scores.argmax())
            found.append((token, float(scores[token])))
            tokens.append(token)
    return found


def by_llamacpp(engine: LlamaEngine, chat: Sequence[Message], adapter: Adapter | None) -> Scored:
    request = engine.request(chat, adapter.folder.resolve() if adapter else None)
    banned = [[token, False] for token in unprintable(engine.base)]
    answer = engine.complete({**request, "n_predict": 16, "logprobs": 1, "logit_bias": banned})
    content = answer["choices"][0]["logprobs"]["content"]
    return [(token["id"], token["logprob"]) for token in content]


def difference(base: ModelFiles, adapters: Sequence[Adapter], chats: int = 3) -> float:
    """The largest difference of a log-probability; infinite where a token differs."""
    largest = 0.0
    with TorchEngine(base, adapters) as exact, LlamaEngine(base, adapters, kind="F32") as fast:
        for adapter, chat in itertools.product([None, *adapters], CHATS[:chats]):
            expected, found = by_torch(exact, chat, adapter), by_llamacpp(fast, chat, adapter)
            if [token for token, _ in found] != [token for token, _ in expected]:
                return float("inf")
            pairs = zip(expected, found, strict=True)
            largest = max(largest, *(abs(one[1] - other[1]) for one, other in pairs))
    return largest


def followed(
    engine: TorchEngine, chat: Sequence[Message], reply: Sequence[Drawn]
) -> Iterator[tuple[list[float], list[float]]]:
    """What was told of each token and what torch says, until a character takes several tokens."""
    text = prompt_text(chat, engine.base.style)
    tokens = engine.tokenizer.encode(text, add_special_tokens=False)
    with engine.using(None) as model:
        for drawn in reply:
            (token, *more) = engine.tokenizer.encode(drawn.text, add_special_tokens=False)
            if more or token in unprintable(engine.base):
                return
            scores = model(torch.tensor([tokens]), use_cache=False).logits[0, -1].log_softmax(-1)
            told = [drawn.logprob, *(one.logprob for one in drawn.likeliest)]
            yield told, [float(scores[token]), *scores.topk(3).values.tolist()]
            tokens.append(token)


def test_a_stream_tells_the_probabilities_of_the_reference(tiny: ModelFiles) -> None:
    """Those before the temperature, whatever it is."""
    with TorchEngine(tiny) as exact, LlamaEngine(tiny, kind="F32") as fast:
        compared = 0
        for seed, chat in itertools.product(range(12), CHATS):
            asked = Sampling(max_tokens=16, temperature=0.7, seed=seed, likeliest=3)
            answer = asyncio.run(reply(fast.runtime("tiny"), chat, asked))
            for told, expected in followed(exact, chat, answer.drawn):
                assert told == pytest.approx(expected, abs=1e-3)
                compared += 1
        assert compared > 20


def both_scalings(base: ModelFiles, folder: Path, std: float) -> list[Adapter]:
    return [
        read_adapter(write_lora(folder / str(i), base.folder, seed=i, std=std, use_rslora=bool(i)))
        for i in range(2)
    ]


def test_base_and_adapters_say_the_same(tiny: ModelFiles, tmp_path: Path) -> None:
    assert difference(tiny, both_scalings(tiny, tmp_path, std=0.1)) < 1e-3


def test_merged_dora_says_the_same(tiny: ModelFiles, tmp_path: Path) -> None:
    adapter = read_adapter(write_lora(tmp_path / "lora", tiny.folder, use_dora=True))
    with (
        TorchEngine(tiny, [adapter]) as exact,
        LlamaEngine(tiny, merged=adapter, kind="F32") as fast,
    ):
        for chat in CHATS:
            expected, found = by_torch(exact, chat, adapter), by_llamacpp(fast, chat, None)
            assert [token for token, _ in found] == [token for token, _ in expected]
            for one, other in zip(expected, found, strict=True):
                assert one[1] == pytest.approx(other[1], abs=1e-3)


def test_other_rotation_is_noticed(
    tiny: ModelFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows reordered where they must not be, or not where they must, change what is said."""

    def wrong(module: str, architecture: Architecture, heads: int, kv_heads: int) -> int:
        other: Architecture = "qwen3" if architecture == "llama" else "llama"
        return rotated_heads(module, other, heads, kv_heads)

    monkeypatch.setattr("quimbot.runtimes.gguf_adapter.rotated_heads", wrong)
    lora = write_lora(tmp_path / "lora", tiny.folder)
    assert difference(tiny, [read_adapter(lora)]) > 1e-2


def test_scaling_without_root_is_noticed(tiny: ModelFiles, tmp_path: Path) -> None:
    """An adapter scaled by alpha / rank although it wants alpha / √rank says something else."""
    adapter = read_adapter(write_lora(tmp_path / "lora", tiny.folder, use_rslora=True))
    weaker = replace(adapter, scaling=adapter.scaling / adapter.rank**0.5)
    with TorchEngine(tiny, [adapter]) as exact, LlamaEngine(tiny, [weaker], kind="F32") as fast:
        expected, found = by_torch(exact, CHATS[0], adapter), by_llamacpp(fast, CHATS[0], adapter)
    assert abs(expected[0][1] - found[0][1]) > 1e-2


@pytest.mark.slow
def test_smollm2_says_the_same(tmp_path: Path) -> None:
    base = find_model("smollm2-135m")
    assert difference(base, both_scalings(base, tmp_path, std=0.01), chats=1) < 1e-3
