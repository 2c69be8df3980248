"""llama.cpp in this process: one base, many adapters, many chats at once.

Chats are shared out among workers, each a llama.cpp of its own over the same mapped weights. A
worker of one thread waits for nobody; threads that share a worker meet several hundred times a
token, which on two cores cost half of what the second one brought.

Two habits of llama.cpp would let one adapter's cached state answer for another: a request that
names no adapter keeps the state of the one before, and the cache in main memory ignores adapters.
So every request carries the complete list of adapters with explicit zeros, and that cache is off.
"""

import asyncio
import os
import secrets
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from quimbot.exceptions import ModelError, PromptTooLong, RuntimeFault
from quimbot.records.record import Message
from quimbot.runtimes.adapter import Adapter
from quimbot.runtimes.chat_format import Style, prompt_text
from quimbot.runtimes.drawn import drawn_tokens
from quimbot.runtimes.gguf import Kind
from quimbot.runtimes.gguf_adapter import adapter_to_gguf
from quimbot.runtimes.memory import give_back_memory
from quimbot.runtimes.models import ModelFiles
from quimbot.runtimes.runtime import Delta, Sampling
from quimbot.runtimes.thinking import hiding

# Read once, when llama.cpp's thread library loads: with its default, a thread whose partner has
# lost its core spins instead of giving way, and two threads on a busy machine crawl.
os.environ.setdefault("GOMP_SPINCOUNT", "0")

import xllamacpp

_CGROUP_LIMIT = Path("/sys/fs/cgroup/cpu.max")
_MEMORY_CACHE_MIB = 0
KEY = secrets.token_urlsafe()
"""Each worker also listens on a loopback port, where only this process shall be answered."""
_BEGINNING = 64  # tokens: the system prompt and what the learner said first
_PROBE = "I go to the store yesterday."


class LlamaEngine:
    """A base model and its adapters, loaded once; answers up to `slots` chats at a time.

    `merged` is an adapter that is added into the weights, and the engine answers as that one alone:
    llama.cpp's own adapters cannot express DoRA.

    Raises:
        ModelError: the model or an adapter cannot be loaded, or an adapter changes no answer.
    """

    def __init__(
        self,
        base: ModelFiles,
        adapters: Sequence[Adapter] = (),
        *,
        merged: Adapter | None = None,
        kind: Kind = "Q8_0",
        slots: int = 4,
        context: int = 8192,
    ) -> None:
        """Load; each of the `slots` chats gets its even part of `context` tokens."""
        self.base = base
        self.context = context // slots
        """Tokens of one chat."""
        self._merged = merged
        self._tokenizer = base.tokenizer()
        self.ids = {adapter.folder.resolve(): i for i, adapter in enumerate(adapters)}
        shares = thread_shares(thread_count(), slots)
        each = -(-slots // len(shares))
        weights = base.gguf(kind, merged)
        self.servers: list[Any] = [
            load_server(
                base,
                adapters,
                weights=weights,
                kind=kind,
                slots=each,
                context=each * context // slots,
                threads=threads,
            )
            for threads in shares
        ]
        self._busy = [0] * len(shares)
        self._choosing = threading.Lock()
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix="llamacpp")
        self._refuse_idle_adapters(adapters)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Wait for the chats under way, then give the memory back."""
        self._threads.shutdown(cancel_futures=True)
        self.servers.clear()
        give_back_memory()

    def runtime(self, name: str, adapter: Adapter | None = None) -> "LlamaRuntime":
        """The base, or one of its adapters, as a runtime."""
        folder = None if adapter is None else adapter.folder.resolve()
        return LlamaRuntime(name, self, folder, self.base.style_with(adapter or self._merged))

    def request(
        self, messages: Sequence[Message], adapter: Path | None, style: Style | None = None
    ) -> dict[str, Any]:
        """What is asked of llama.cpp for a chat, greedy and in the base's style unless told."""
        text = prompt_text(messages, style or self.base.style)
        chosen = None if adapter is None else self.ids[adapter]
        return {
            "prompt": self._tokenizer.encode(text, add_special_tokens=False),
            "temperature": 0.0,
            "top_k": 0,
            "min_p": 0.0,
            "lora": [{"id": i, "scale": float(i == chosen)} for i in self.ids.values()],
        }

    def complete(self, request: dict[str, Any]) -> dict[str, Any]:
        """The whole answer of llama.cpp to a request."""
        with self._worker(request) as server:
            answer: dict[str, Any] = server.handle_completions(request)
        return answer

    def start(self, request: dict[str, Any], receive: Callable[[dict[str, Any]], bool]) -> None:
        """Answer a request on another thread, piece by piece, until `receive` returns True.

        The last call is `receive({})`.
        """

        def work() -> None:
            try:
                if not receive({"choices": []}):
                    with self._worker(request) as server:
                        server.handle_completions({**request, "stream": True}, receive)
            finally:
                receive({})

        self._threads.submit(work)

    @contextmanager
    def _worker(self, request: dict[str, Any]) -> Iterator[Any]:
        """The least busy worker; among equals the one that a chat of this beginning had before."""
        count = len(self.servers)
        before = hash(tuple(request["prompt"][:_BEGINNING])) % count
        with self._choosing:
            chosen = min(range(count), key=lambda at: (self._busy[at], (at - before) % count))
            self._busy[chosen] += 1
        try:
            yield self.servers[chosen]
        finally:
            with self._choosing:
                self._busy[chosen] -= 1

    def _refuse_idle_adapters(self, adapters: Sequence[Adapter]) -> None:
        def beginning(folder: Path | None) -> object:
            request = self.request([Message(role="user", content=_PROBE)], folder)
            # a token that is half a character has no probability in the answer: ask for a few
            few = {"n_predict": 4, "logprobs": 10, "cache_prompt": False, "ignore_eos": True}
            return self.complete(request | few)["choices"]

        plain = beginning(None) if adapters else None
        for adapter in adapters:
            if beginning(adapter.folder.resolve()) == plain:
                raise ModelError(
                    f"{adapter.folder}: llama.cpp answers as if this adapter were not there; "
                    f"was it trained on {self.base.name}?"
                )


def load_server(
    base: ModelFiles,
    adapters: Sequence[Adapter],
    *,
    weights: Path,
    kind: Kind,
    slots: int,
    context: int,
    threads: int,
) -> Any:  # noqa: ANN401 - the library ships no types
    """A llama.cpp with room for `slots` chats in `context` tokens.

    Raises:
        ModelError: the model or an adapter cannot be loaded.
    """
    params = xllamacpp.CommonParams()
    params.model.path = str(weights)
    params.verbosity = -1
    params.fit_params = False
    params.n_parallel = slots
    params.n_ctx = context
    params.cache_ram_mib = _MEMORY_CACHE_MIB
    params.api_keys = [KEY]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    if kind == "F32":
        params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
        params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    with tempfile.TemporaryDirectory(prefix="quimbot-") as folder:
        files = [Path(folder) / f"{i}.gguf" for i in range(len(adapters))]
        for adapter, file in zip(adapters, files, strict=True):
            adapter_to_gguf(adapter, base.folder, file)
        params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(file), 0.0) for file in files]
        params.lora_init_without_apply = True
        try:
            return xllamacpp.Server(params)
        except RuntimeError as fault:
            named = ", ".join(str(adapter.folder) for adapter in adapters)
            raise ModelError(
                f"llama.cpp cannot load {base.name}{' with ' if named else ''}{named} "
                f"({' '.join(str(fault).split())})"
            ) from fault


def thread_count() -> int:
    """Threads for the arithmetic: as `OMP_NUM_THREADS` says, else as many as cores are ours."""
    if asked := os.environ.get("OMP_NUM_THREADS", ""):
        return max(1, int(asked)) if asked.isdigit() else 1
    cores = len(os.sched_getaffinity(0))
    try:
        quota, period = _CGROUP_LIMIT.read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return cores
    return cores if quota == "max" else max(1, min(cores, int(quota) // int(period)))


def thread_shares(cores: int, slots: int) -> list[int]:
    """Threads of each worker: no more workers than can be busy, a core left to all the rest."""
    workers = min(cores, slots)
    return [max(1, (cores - 1 + at) // workers) for at in range(workers)]


class LlamaRuntime:
    """One model or adapter of an engine."""

    def __init__(self, name: str, engine: LlamaEngine, adapter: Path | None, style: Style) -> None:
        """Made by `LlamaEngine.runtime`."""
        self.name = name
        self._engine = engine
        self._adapter = adapter
        self._style = style
        self.context = engine.context

    def tokens(self, messages: Sequence[Message]) -> int:
        """How many a chat takes before its reply begins."""
        return len(self._engine.request(messages, self._adapter, self._style)["prompt"])

    async def stream(self, messages: Sequence[Message], sampling: Sampling) -> AsyncIterator[Delta]:
        """The reply in pieces, without thoughts; leaving the iterator frees the slot."""
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        left = threading.Event()
        heard = hiding(self._style)

        def receive(piece: dict[str, Any]) -> bool:
            with suppress(RuntimeError):  # the loop was closed: nobody listens
                loop.call_soon_threadsafe(pieces.put_nowait, piece)
            return left.is_set()

        request = self._engine.request(messages, self._adapter, self._style) | {
            "n_predict": sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": sampling.seed,
            "stop": list(sampling.stop),
        }
        if sampling.likeliest is not None:
            request["logprobs"] = max(1, sampling.likeliest)  # 0 would tell nothing
        self._engine.start(request, receive)
        try:
            while piece := await pieces.get():
                delta = heard(self._delta(piece, sampling.likeliest))
                if delta.text or delta.drawn or delta.finish:
                    yield delta
                if delta.finish:
                    return
            raise RuntimeFault(f"{self.name}: llama.cpp ended without a reply")
        finally:
            left.set()

    def _delta(self, piece: dict[str, Any], likeliest: int | None) -> Delta:
        if "error" in piece:
            raise self._fault(piece["error"])
        if not piece["choices"]:
            return Delta()
        (choice,) = piece["choices"]
        usage = piece.get("usage", {})
        tokens = choice["logprobs"]
        return Delta(
            text=choice["text"],
            drawn=drawn_tokens(tokens["content"], likeliest or 0) if tokens else (),
            finish=choice["finish_reason"],
            prompt_tokens=usage.get("prompt_tokens", 0),
            reply_tokens=usage.get("completion_tokens", 0),
        )

    def _fault(self, error: dict[str, Any]) -> RuntimeFault:
        if error.get("type") == "exceed_context_size_error":
            return PromptTooLong(
                f"{self.name}: the chat is {error['n_prompt_tokens']} tokens long and "
                f"{error['n_ctx']} fit; shorten it, or open with fewer chats at once"
            )
        return RuntimeFault(f"{self.name}: llama.cpp says {' '.join(str(error).split())}")
