"""llama.cpp: no adapter answers for another, whatever is cached and whoever asks meanwhile.

The gate for another version of llama.cpp. Beside each claim stands what happens without one of the
two settings that make it true: once that no longer leaks, the setting can go.
"""

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from tiny_adapters import CHATS, write_lora
from tiny_models import tiny_model

from quimbot.records.record import Message
from quimbot.runtimes import llamacpp
from quimbot.runtimes.adapter import Adapter, read_adapter
from quimbot.runtimes.gguf import Architecture
from quimbot.runtimes.llamacpp import LlamaEngine
from quimbot.runtimes.models import ModelFiles, find_model
from quimbot.runtimes.runtime import Sampling, reply

LENGTH = 12
SHORT = Sampling(max_tokens=LENGTH)


@pytest.fixture(scope="module", params=["llama", "qwen3"])
def base(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ModelFiles]:
    architecture: Architecture = request.param
    folder = tmp_path_factory.mktemp("llama")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUIMBOT_CACHE", str(folder / "cache"))
        yield find_model(str(tiny_model(folder / "base", architecture)))


@pytest.fixture(scope="module")
def adapters(base: ModelFiles, tmp_path_factory: pytest.TempPathFactory) -> list[Adapter]:
    folder = tmp_path_factory.mktemp("adapters")
    return [
        read_adapter(write_lora(folder / str(seed), base.folder, seed=seed)) for seed in range(2)
    ]


@pytest.fixture(scope="module")
def engine(base: ModelFiles, adapters: list[Adapter]) -> Iterator[LlamaEngine]:
    with LlamaEngine(base, adapters, kind="F32") as engine:
        yield engine


@pytest.fixture
def without_zeros(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests name the adapter they want and are silent about the others."""
    complete = LlamaEngine.request

    def request(self: LlamaEngine, *asked: Any) -> dict[str, Any]:  # noqa: ANN401 - as the real one
        whole = complete(self, *asked)
        return whole | {"lora": [entry for entry in whole["lora"] if entry["scale"]]}

    monkeypatch.setattr(LlamaEngine, "request", request)


def said(
    engine: LlamaEngine, chat: Sequence[Message], adapter: Adapter | None, cached: bool = True
) -> str:
    request = engine.request(chat, adapter.folder.resolve() if adapter else None)
    length = {"n_predict": LENGTH, "ignore_eos": True}
    answer = engine.complete(request | length | {"cache_prompt": cached})
    return str(answer["choices"][0]["text"])


def wrong_answers(
    engine: LlamaEngine,
    chats: Sequence[Sequence[Message]],
    adapters: Sequence[Adapter | None],
    order: Sequence[tuple[int, int]],
) -> int:
    """How many (chat, adapter) in that order are not answered as without any cache."""
    alone = {
        (i, j): said(engine, chats[i], adapters[j], cached=False)
        for i, j in itertools.product(range(len(chats)), range(len(adapters)))
    }
    assert len(set(alone.values())) == len(alone)
    return sum(said(engine, chats[i], adapters[j]) != alone[i, j] for i, j in order)


EVERYBODY = [*itertools.product(range(3), range(3)), *itertools.product(range(2, -1, -1), range(3))]
BACK_AND_FORTH = [(0, 0), (1, 1), (0, 1), (1, 2), (0, 2), (1, 0), (0, 0), (1, 1), (0, 1)]
UNLIKE = [
    [Message(role="system", content=text * 3), Message(role="user", content="And then?")]
    for text in ("Yesterday I go to the store. ", "She like music very much! ")
]


def test_no_adapter_answers_for_another(engine: LlamaEngine, adapters: list[Adapter]) -> None:
    assert wrong_answers(engine, CHATS, [None, *adapters], EVERYBODY) == 0


@pytest.mark.usefixtures("without_zeros")
def test_incomplete_list_leaks(engine: LlamaEngine, adapters: list[Adapter]) -> None:
    """Without zeros in the list, a cached prompt of an adapter answers for the base."""
    assert wrong_answers(engine, CHATS, [None, *adapters], EVERYBODY) > 0


@pytest.mark.parametrize(("cache_mib", "leaks"), [(0, False), (8192, True)])
def test_cache_in_main_memory_leaks(
    base: ModelFiles,
    adapters: list[Adapter],
    monkeypatch: pytest.MonkeyPatch,
    cache_mib: int,
    leaks: bool,
) -> None:
    """With llama.cpp's own default, a prompt put aside under one adapter comes back for another."""
    monkeypatch.setattr(llamacpp, "_MEMORY_CACHE_MIB", cache_mib)
    with LlamaEngine(base, adapters, kind="F32", slots=1) as engine:
        wrong = wrong_answers(engine, UNLIKE, [None, *adapters], BACK_AND_FORTH)
    assert (wrong > 0) == leaks


def cold(engine: LlamaEngine, chat: Sequence[Message], adapter: Adapter | None) -> str:
    """The answer to a chat that nothing is cached of, every adapter named."""
    folder = adapter.folder.resolve() if adapter else None
    named = [{"id": i, "scale": float(at == folder)} for at, i in engine.ids.items()]
    fresh = {"n_predict": LENGTH, "cache_prompt": False, "lora": named, "stream": True}
    pieces: list[str] = []

    def receive(piece: dict[str, Any]) -> None:
        pieces.append(piece["choices"][0]["text"])

    engine.servers[0].handle_completions(engine.request(chat, folder) | fresh, receive)
    return "".join(pieces)


async def wrong_turns(engine: LlamaEngine, adapters: Sequence[Adapter | None]) -> int:
    """How many turns of conversations held at once are not answered as if they were alone.

    More conversations than slots, four turns each, all beginning with the same words: what is
    cached of one nearly fits the next.
    """

    async def talk(adapter: Adapter | None) -> list[tuple[list[Message], Adapter | None, str]]:
        runtime = engine.runtime("tutor", adapter)
        chat, turns = [CHATS[0][0]], []
        for _, learner in (*CHATS, CHATS[0]):
            chat = [*chat, learner]
            answer = (await reply(runtime, chat, SHORT)).text
            turns.append((chat, adapter, answer))
            chat = [*chat, Message(role="assistant", content=answer)]
        return turns

    talks = await asyncio.gather(*(talk(adapter) for adapter in [*adapters] * 4))
    return sum(
        answer != cold(engine, chat, adapter) for chat, adapter, answer in itertools.chain(*talks)
    )


def test_conversations_at_once_are_answered_as_alone(
    engine: LlamaEngine, adapters: list[Adapter]
) -> None:
    assert asyncio.run(wrong_turns(engine, [None, *adapters])) == 0


@pytest.mark.usefixtures("without_zeros")
def test_incomplete_list_leaks_into_conversations(
    engine: LlamaEngine, adapters: list[Adapter]
) -> None:
    assert asyncio.run(wrong_turns(engine, [None, *adapters])) > 0


def test_prompts_are_cached_all_the_same(engine: LlamaEngine, adapters: list[Adapter]) -> None:
    """The gate would mean little if nothing were kept between the turns of a conversation."""
    for adapter in (None, *adapters):
        folder = adapter.folder.resolve() if adapter else None
        request = engine.request(CHATS[0], folder) | {"n_predict": 1}
        engine.complete(request)
        read = engine.complete(request)["usage"]["prompt_tokens_details"]["cached_tokens"]
        assert read >= len(request["prompt"]) - 1
