"""llama.cpp: chats are answered, counted, shared out and left; what cannot be loaded is refused."""

import asyncio
import re
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tiny_adapters import CHATS, write_lora
from tiny_models import tiny_model

from quimbot.exceptions import ModelError, PromptTooLong, RuntimeFault
from quimbot.records.record import Message
from quimbot.runtimes import llamacpp
from quimbot.runtimes.adapter import Adapter, read_adapter
from quimbot.runtimes.llamacpp import LlamaEngine, LlamaRuntime
from quimbot.runtimes.models import ModelFiles, find_model
from quimbot.runtimes.runtime import Delta, Sampling, reply

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


def test_pieces_add_up_and_are_counted(engine: LlamaEngine) -> None:
    answer = asyncio.run(reply(engine.runtime("base"), CHATS[0], SHORT))
    request = engine.request(CHATS[0], None)
    whole = engine.complete({**request, "n_predict": 12})
    assert answer.text == whole["choices"][0]["text"]
    assert answer.finish == whole["choices"][0]["finish_reason"]
    assert answer.reply_tokens == whole["usage"]["completion_tokens"] <= 12
    assert answer.prompt_tokens == len(request["prompt"])


def test_nobody_else_is_answered_at_the_port_of_a_worker(engine: LlamaEngine) -> None:
    for server in engine.servers:
        url = f"{server.listening_address}/v1/completions"
        for key, status in (("guessed", 401), (llamacpp.KEY, 200)):
            headers = {"Authorization": f"Bearer {key}"}
            answer = httpx2.post(url, json={"prompt": "Hi", "n_predict": 1}, headers=headers)
            assert answer.status_code == status


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


@pytest.mark.parametrize(
    ("cores", "slots", "threads"),
    [
        (1, 4, [1]),
        (2, 4, [1, 1]),
        (4, 4, [1, 1, 1, 1]),
        (8, 1, [7]),
        (8, 4, [1, 2, 2, 2]),
        (16, 4, [3, 4, 4, 4]),
    ],
)
def test_no_core_is_idle_or_shared(cores: int, slots: int, threads: list[int]) -> None:
    assert llamacpp.thread_shares(cores, slots) == threads
