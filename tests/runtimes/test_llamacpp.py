"""llama.cpp: no adapter answers for another, whatever is cached and whoever asks meanwhile."""

import asyncio
import itertools
import re
import threading
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tiny_adapters import CHATS, write_lora
from tiny_models import tiny_model

from quimbot.exceptions import ModelError, PromptTooLong, RuntimeFault
from quimbot.records.record import Message
from quimbot.runtimes import llamacpp
from quimbot.runtimes.adapter import Adapter, read_adapter
from quimbot.runtimes.llamacpp import LlamaEngine, LlamaRuntime
from quimbot.runtimes.models import ModelFiles, find_model
from quimbot.runtimes.runtime import Delta, Sampling, ask_all, reply

SHORT = Sampling(max_tokens=12)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelFiles]:
    folder = tmp_path_factory.mktemp("llama")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUIMBOT_CACHE", str(folder / "cache"))
        yield find_model(str(tiny_model(folder / "base")))


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


def said(
    engine: LlamaEngine, chat: Sequence[Message], adapter: Adapter | None, cached: bool = True
) -> str:
    request = engine.request(chat, adapter.folder.resolve() if adapter else None)
    length = {"n_predict": 12, "ignore_eos": True}
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


def test_incomplete_list_leaks(
    engine: LlamaEngine, adapters: list[Adapter], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without zeros in the list, a cached prompt of an adapter answers for the base."""
    complete = engine.complete

    def without_zeros(request: dict[str, Any]) -> dict[str, Any]:
        chosen = [entry for entry in request["lora"] if entry["scale"]]
        return complete(request | {"lora": chosen})

    monkeypatch.setattr(engine, "complete", without_zeros)
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


def test_together_as_alone(engine: LlamaEngine, adapters: list[Adapter]) -> None:
    runtimes = [engine.runtime(str(i), adapter) for i, adapter in enumerate([None, *adapters])]

    async def everything() -> list[list[Any]]:
        return await asyncio.gather(*(ask_all(r, CHATS * 3, SHORT) for r in runtimes))

    alone = [[asyncio.run(reply(r, chat, SHORT)).text for chat in CHATS] for r in runtimes]
    together = asyncio.run(everything())
    assert [[answer.text for answer in answers] for answers in together] == [a * 3 for a in alone]


def test_pieces_add_up_and_are_counted(engine: LlamaEngine) -> None:
    answer = asyncio.run(reply(engine.runtime("base"), CHATS[0], SHORT))
    request = engine.request(CHATS[0], None)
    whole = engine.complete({**request, "n_predict": 12})
    assert answer.text == whole["choices"][0]["text"]
    assert answer.finish == whole["choices"][0]["finish_reason"]
    assert answer.reply_tokens == whole["usage"]["completion_tokens"] <= 12
    assert answer.prompt_tokens == len(request["prompt"])


def test_stop_string_ends_the_reply(engine: LlamaEngine) -> None:
    runtime = engine.runtime("base")
    text = asyncio.run(reply(runtime, CHATS[0], SHORT)).text
    stop = re.findall(r"[a-zA-Z]+", text)[-1]
    answer = asyncio.run(reply(runtime, CHATS[0], Sampling(max_tokens=12, stop=(stop,))))
    assert (answer.text, answer.finish) == (text[: text.index(stop)], "stop")


def test_seed_decides_a_sampled_reply(engine: LlamaEngine) -> None:
    def drawn(seed: int) -> str:
        sampling = Sampling(max_tokens=12, temperature=2.0, seed=seed)
        return asyncio.run(reply(engine.runtime("base"), CHATS[0], sampling)).text

    assert drawn(1) == drawn(1)
    assert len({drawn(seed) for seed in range(5)}) > 1


def test_leaving_early_stops_the_work(engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    received: list[dict[str, Any]] = []
    ended = threading.Event()
    start = engine.start

    def watched(request: dict[str, Any], receive: Callable[[dict[str, Any]], bool]) -> None:
        def note(piece: dict[str, Any]) -> bool:
            received.append(piece)
            if not piece:
                ended.set()
            return receive(piece)

        start({**request, "ignore_eos": True}, note)

    monkeypatch.setattr(engine, "start", watched)

    async def leave(runtime: LlamaRuntime) -> None:
        stream = runtime.stream(CHATS[0], Sampling(max_tokens=400))
        assert isinstance(stream, AsyncGenerator)
        assert isinstance(await anext(stream), Delta)
        await stream.aclose()

    asyncio.run(leave(engine.runtime("base")))
    assert ended.wait(10)
    assert len(received) < 100


def test_chats_at_the_same_time_are_shared_out(
    base: ModelFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llamacpp, "thread_count", lambda: 3)
    with LlamaEngine(base, slots=5, context=5 * 256) as engine:
        requests = [engine.request(chat, None) for chat in CHATS]
        with ExitStack() as busy:
            first = [busy.enter_context(engine._worker(requests[0])) for _ in range(3)]
            assert len({id(worker) for worker in first}) == 3
        for request in requests:  # nobody else is there: the worker that has read it before
            with engine._worker(request) as once, engine._worker(requests[0]):
                pass
            with engine._worker(request) as again:
                assert once is again


def test_too_long_a_chat_is_named(base: ModelFiles) -> None:
    long = [Message(role="user", content="the store " * 200)]
    with LlamaEngine(base, slots=2, context=512) as engine:
        with pytest.raises(PromptTooLong, match=r"tiny: the chat is \d+ tokens long and 256 fit"):
            asyncio.run(reply(engine.runtime("tiny"), long, SHORT))
        assert asyncio.run(reply(engine.runtime("tiny"), CHATS[0], SHORT)).prompt_tokens < 256


def test_refusal_of_the_engine_is_one_line(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "request", lambda *_: {"prompt": []})
    with pytest.raises(RuntimeFault, match=r"^base: llama.cpp says .*prompt") as caught:
        asyncio.run(reply(engine.runtime("base"), CHATS[0], SHORT))
    assert "\n" not in str(caught.value)


def test_adapter_of_another_size_is_refused(base: ModelFiles, tmp_path: Path) -> None:
    other = tiny_model(tmp_path / "other", layers=3)
    adapter = read_adapter(write_lora(tmp_path / "lora", other))
    with pytest.raises(ModelError, match=r"which .* does not have") as caught:
        LlamaEngine(base, [adapter])
    assert "\n" not in str(caught.value)


def test_dora_beside_others_is_refused(base: ModelFiles, tmp_path: Path) -> None:
    adapter = read_adapter(write_lora(tmp_path / "lora", base.folder, use_dora=True))
    with pytest.raises(ModelError, match=r"DoRA cannot .* torch:.*--form gguf") as caught:
        LlamaEngine(base, [adapter])
    assert "\n" not in str(caught.value)


def test_adapter_that_llamacpp_ignores_is_refused(
    base: ModelFiles, adapters: list[Adapter], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = LlamaEngine.request
    monkeypatch.setattr(LlamaEngine, "request", lambda self, chat, _: right(self, chat, None))
    with pytest.raises(ModelError, match="as if this adapter were not there"):
        LlamaEngine(base, adapters)


def test_damaged_model_is_refused(
    base: ModelFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(base.gguf("F32").read_bytes()[:5000])
    monkeypatch.setattr(ModelFiles, "gguf", lambda *_: broken)
    with pytest.raises(ModelError, match=r"^llama.cpp cannot load ") as caught:
        LlamaEngine(base)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("asked", "limit", "threads"),
    [
        ("3", "max 100000", 3),
        ("", "max 100000", 8),
        ("", "250000 100000", 2),
        ("", "50000 100000", 1),
        ("", None, 8),
    ],
)
def test_threads_keep_to_what_is_ours(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    asked: str,
    limit: str | None,
    threads: int,
) -> None:
    """More threads than cores wait for each other until nothing moves."""
    if limit is not None:
        (tmp_path / "cpu.max").write_text(f"{limit}\n")
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    monkeypatch.setattr(llamacpp, "_CGROUP_LIMIT", tmp_path / "cpu.max")
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)))
    assert llamacpp.thread_count() == threads
