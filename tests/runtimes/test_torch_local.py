"""torch as the reference: its own answers against transformers and against arithmetic."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest
import torch
from tiny_adapters import CHATS, write_lora
from tiny_models import tiny_model

from quimbot.exceptions import ModelError, PromptTooLong
from quimbot.records.record import Message
from quimbot.runtimes.adapter import Adapter, read_adapter
from quimbot.runtimes.chat_format import prompt_text
from quimbot.runtimes.gguf import Architecture
from quimbot.runtimes.models import ModelFiles, find_model
from quimbot.runtimes.runtime import Sampling, reply
from quimbot.runtimes.torch_local import TorchEngine

ARCHITECTURES: tuple[Architecture, ...] = ("llama", "qwen3")
REPLIES = ("You went to the store? Who was there?", "She likes music.", "Two dogs! They are old.")
DIALOGUES = [
    [*chat, Message(role="assistant", content=text)]
    for chat, text in zip(CHATS, REPLIES, strict=True)
]


@pytest.fixture(scope="module", params=ARCHITECTURES)
def base(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ModelFiles]:
    folder = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUIMBOT_CACHE", str(folder / "cache"))
        yield find_model(str(tiny_model(folder / "base", request.param)))


@pytest.fixture(scope="module")
def adapters(base: ModelFiles, tmp_path_factory: pytest.TempPathFactory) -> list[Adapter]:
    folder = tmp_path_factory.mktemp("adapters")
    return [
        read_adapter(write_lora(folder / str(seed), base.folder, seed=seed)) for seed in range(2)
    ]


@pytest.fixture(scope="module")
def engine(base: ModelFiles, adapters: list[Adapter]) -> Iterator[TorchEngine]:
    with TorchEngine(base, adapters) as engine:
        yield engine


@pytest.fixture(scope="module")
def plain(base: ModelFiles) -> Iterator[TorchEngine]:
    with TorchEngine(base) as engine:
        yield engine


def test_greedy_reply_is_that_of_transformers(engine: TorchEngine, adapters: list[Adapter]) -> None:
    for adapter in (None, *adapters):
        answer = asyncio.run(reply(engine.runtime("x", adapter), CHATS[0], Sampling(max_tokens=9)))
        text = prompt_text(CHATS[0], engine.base.style)
        prompt = engine.tokenizer.encode(text, add_special_tokens=False)
        with engine.using(adapter.folder.resolve() if adapter else None) as model:
            tokens = model.generate(
                torch.tensor([prompt]),
                attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
                max_new_tokens=9,
                do_sample=False,
            )
        assert answer.text == engine.tokenizer.decode(tokens[0, len(prompt) :].tolist())
        assert answer.prompt_tokens == len(prompt)
        assert answer.reply_tokens == tokens.shape[1] - len(prompt)


def test_base_beside_adapters_is_the_base(engine: TorchEngine, plain: TorchEngine) -> None:
    assert engine.runtime("x").logprobs(DIALOGUES) == plain.runtime("x").logprobs(DIALOGUES)


def test_logprobs_are_those_of_a_whole_pass(engine: TorchEngine, adapters: list[Adapter]) -> None:
    (scored,) = engine.runtime("x", adapters[0]).logprobs(DIALOGUES[:1])
    prompt = engine.tokenizer.encode(
        prompt_text(CHATS[0], engine.base.style), add_special_tokens=False
    )
    answer = engine.tokenizer.encode(f"{REPLIES[0]}<|im_end|>", add_special_tokens=False)
    assert [token.token for token in scored] == answer
    assert "".join(token.text for token in scored) == REPLIES[0]
    with engine.using(adapters[0].folder.resolve()) as model:
        logits = model(torch.tensor([prompt + answer])).logits[0].log_softmax(-1)
    expected = [float(logits[len(prompt) - 1 + i, token]) for i, token in enumerate(answer)]
    assert [token.logprob for token in scored] == pytest.approx(expected, abs=1e-4)


def test_both_replies_of_a_longer_chat_are_scored(engine: TorchEngine) -> None:
    (scored,) = engine.runtime("x").logprobs([[*DIALOGUES[0], *DIALOGUES[1][1:]]])
    assert "".join(token.text for token in scored) == REPLIES[0] + REPLIES[1]


def test_seed_and_nucleus(engine: TorchEngine) -> None:
    def drawn(seed: int, top_p: float) -> str:
        sampling = Sampling(max_tokens=8, temperature=2.0, top_p=top_p, seed=seed)
        return asyncio.run(reply(engine.runtime("x"), CHATS[0], sampling)).text

    greedy = asyncio.run(reply(engine.runtime("x"), CHATS[0], Sampling(max_tokens=8))).text
    assert drawn(1, 1.0) == drawn(1, 1.0)
    assert len({drawn(seed, 1.0) for seed in range(5)}) > 1
    assert {drawn(seed, 1e-6) for seed in range(3)} == {greedy}


def test_stop_string_ends_the_reply(engine: TorchEngine) -> None:
    runtime = engine.runtime("x")
    text = asyncio.run(reply(runtime, CHATS[0], Sampling(max_tokens=12))).text
    stop = text[4:7]
    answer = asyncio.run(reply(runtime, CHATS[0], Sampling(max_tokens=12, stop=("§§§§", stop))))
    assert (answer.text, answer.finish) == (text[: text.index(stop)], "stop")


def test_leaving_early_frees_the_model(engine: TorchEngine) -> None:
    async def leave() -> None:
        stream = engine.runtime("x").stream(CHATS[0], Sampling(max_tokens=100_000))
        assert isinstance(stream, AsyncGenerator)
        await anext(stream)
        await stream.aclose()

    before = set(threading.enumerate())
    asyncio.run(leave())
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=10)
        assert not thread.is_alive()


def test_too_long_a_chat_is_named(engine: TorchEngine) -> None:
    long = [Message(role="user", content="the store " * 400)]
    with pytest.raises(PromptTooLong, match=r"tokens long and 512 fit"):
        asyncio.run(reply(engine.runtime("x"), long, Sampling()))


def test_dora_stands_beside_plain_adapters(
    base: ModelFiles, adapters: list[Adapter], plain: TorchEngine, tmp_path: Path
) -> None:
    dora = read_adapter(write_lora(tmp_path / "lora", base.folder, use_dora=True))
    alone = {}
    for adapter in (adapters[0], dora):
        with TorchEngine(base, [adapter]) as engine:
            alone[adapter] = engine.runtime("x", adapter).logprobs(DIALOGUES)
    for order in ([adapters[0], dora], [dora, adapters[0]]):
        with TorchEngine(base, order) as engine:
            for adapter, expected in alone.items():
                assert engine.runtime("x", adapter).logprobs(DIALOGUES) == expected
            untouched = engine.runtime("x").logprobs(DIALOGUES)
            assert untouched == plain.runtime("x").logprobs(DIALOGUES)


def test_adapter_of_another_size_is_refused(base: ModelFiles, tmp_path: Path) -> None:
    other = tiny_model(tmp_path / "other", base.architecture, layers=3)
    adapter = read_adapter(write_lora(tmp_path / "lora", other))
    with pytest.raises(ModelError, match=r"adapts model\.layers\.2\..* which this base lacks"):
        TorchEngine(base, [adapter])
