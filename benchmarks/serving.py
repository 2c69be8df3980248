"""`quimbot serve` beside the bare engine: throughput, and time to the first words.

    python benchmarks/serving.py runs/demo --tutor base --rounds 7

Learners ask without a pause, 1, 4 and 16 at a time, each prompt new to the cache, greedily, and
every reply is as long as was asked for. Who is asked:

- `serve`  `quimbot serve` in its own process, over HTTP, streamed
- `http`   the same llama.cpp workers in a process of their own, each answering over its own HTTP
           server, streamed; the learners are shared out evenly
- `calls`  the same workers called in that process, no HTTP: nothing could be faster
- `single` one llama.cpp of as many threads as there are cores over its HTTP server

They run in turn, `--rounds` times, each round in another order, and what is compared is compared
round by round: the medians of these are what to quote.
"""

import argparse
import asyncio
import itertools
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

os.environ.setdefault("GOMP_SPINCOUNT", "0")

import aiohttp

from quimbot.records.record import Message
from quimbot.runtimes.chat_format import prompt_text
from quimbot.runtimes.connect import find_local
from quimbot.runtimes.llamacpp import KEY, LlamaEngine, load_server, thread_count
from quimbot.serve.tutors import tutor_entries
from quimbot.verify.suite import load_suite

SUITES = ("scaffolding", "general", "dialogue_flow", "no_error", "grammar")
SYSTEM = "You are an English tutor. Answer at length, with a story of your own about it."
SPACE = 512
"""Tokens of context for each chat."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How one request went."""

    first_s: float
    tokens: int
    short: bool
    """It ended before the length that was asked for."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """How one round at one peer went."""

    tokens_per_s: float
    tokens_per_cpu_s: float
    first_ms: float
    """Median over the requests."""
    short: int


# --- what is asked ------------------------------------------------------------------------------


def prompts_of(address: str, count: int, tokens: int) -> list[list[Message]]:
    """Chats whose greedy reply of the bare model is at least so long."""
    turns = dict.fromkeys(turn.learner for name in SUITES for turn in load_suite(name))
    chats = [
        [Message(role="system", content=SYSTEM), Message(role="user", content=said)]
        for said in turns
    ]
    local = find_local(address)
    with (
        LlamaEngine(local.base, [local.adapter] if local.adapter else [], slots=16) as engine,
        ThreadPoolExecutor(16) as at_once,
    ):
        chosen = local.adapter.folder.resolve() if local.adapter else None

        def long_enough(chat: list[Message]) -> bool:
            answer = engine.complete(engine.request(chat, chosen) | {"n_predict": tokens + 1})
            return bool(answer["choices"][0]["finish_reason"] == "length")

        found: list[list[Message]] = []
        for at in range(0, len(chats), 16):
            some = chats[at : at + 16]
            fit = at_once.map(long_enough, some)
            found += [chat for chat, fits in zip(some, fit, strict=True) if fits]
            if len(found) >= count:
                return found[:count]
    sys.exit(f"only {len(found)} of {len(chats)} replies are {tokens} tokens long; ask for less")


# --- the bare engine, in a process of its own ---------------------------------------------------


def bare(address: str, at_once: int) -> None:
    """Load the workers and one single server; say where they listen; then do as told, line by line.

    A line is `[requests, learners]`; the answer is `[[first_s, tokens, short], ...]`.
    """
    local = find_local(address)
    adapters = [local.adapter] if local.adapter else []
    with LlamaEngine(local.base, adapters, slots=at_once, context=at_once * SPACE) as engine:
        single = load_server(
            local.base,
            adapters,
            weights=local.base.gguf(),
            kind="Q8_0",
            slots=at_once,
            context=at_once * SPACE,
            threads=thread_count(),
        )
        workers = engine.servers
        where = [server.listening_address for server in (*workers, single)]
        print(json.dumps([KEY, *where]), flush=True)
        for line in sys.stdin:
            requests, learners = json.loads(line)
            print(json.dumps(called(workers, requests, learners)), flush=True)


def called(workers: Sequence[Any], requests: list[Any], learners: int) -> list[list[Any]]:
    """Every request answered by a call, `learners` at a time, shared out evenly."""

    def one(learner: int) -> list[list[Any]]:
        return [answered(workers[learner % len(workers)], r) for r in requests[learner::learners]]

    with ThreadPoolExecutor(learners) as at_once:
        return list(itertools.chain(*at_once.map(one, range(learners))))


def answered(server: Any, request: dict[str, Any]) -> list[Any]:  # noqa: ANN401 - untyped library
    """One request answered by a call."""
    began, first, last = time.perf_counter(), 0.0, {}

    def receive(piece: dict[str, Any]) -> bool:
        nonlocal first, last
        if not first and piece["choices"] and piece["choices"][0]["text"]:
            first = time.perf_counter()
        last = piece
        return False

    server.handle_completions({**request, "stream": True}, receive)
    return [
        first - began,
        last["usage"]["completion_tokens"],
        last["choices"][0]["finish_reason"] != "length",
    ]


# --- peers --------------------------------------------------------------------------------------


class Bare:
    """The process of the bare engine."""

    def __init__(self, address: str, at_once: int) -> None:
        """Load it."""
        self.process = subprocess.Popen(
            [sys.executable, __file__, address, "--bare", str(at_once)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.key, *self.workers, self.single = json.loads(self.process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End it, whatever its servers still answer to nobody."""
        self.process.kill()
        self.process.communicate()

    def call(self, requests: list[dict[str, Any]], learners: int) -> list[Asked]:
        """The requests answered by calls in that process."""
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps([requests, learners]), file=self.process.stdin, flush=True)
        answers = json.loads(self.process.stdout.readline())
        return [Asked(first_s=first, tokens=n, short=short) for first, n, short in answers]


@contextmanager
def served(
    address: str, at_once: int, tokens: int, *more: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`quimbot serve` at work, with `more` flags: its process and its URL."""
    command = [sys.executable, "-m", "quimbot", "serve", address, "--port", "0", *more]
    command += ["--at-once", str(at_once), "--max-waiting", "64", "--max-tokens", str(tokens)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            told = ""
            while not (url := re.search(r"http://\S+/v1", told)):
                told = process.stderr.readline() or sys.exit("quimbot serve did not start")
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield process, url[0]
        finally:
            process.terminate()


def cpu_s(process: subprocess.Popen[str]) -> float:
    """CPU time of a process so far, in seconds."""
    fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2]
    return sum(map(int, fields.split()[11:13])) / os.sysconf("SC_CLK_TCK")


async def streamed(url: str, client: aiohttp.ClientSession, body: dict[str, Any]) -> Asked:
    """One request answered over HTTP."""
    began, first, usage, finish = time.perf_counter(), 0.0, {}, ""
    async with client.post(url, json=body) as answer:
        answer.raise_for_status()
        async for line in answer.content:
            if not line.startswith(b"data: {"):
                continue
            piece = json.loads(line[6:])
            usage = piece.get("usage") or usage
            for choice in piece["choices"]:
                if not first and (choice.get("text") or (choice.get("delta") or {}).get("content")):
                    first = time.perf_counter()
                finish = choice["finish_reason"] or finish
    tokens = usage["completion_tokens"]
    return Asked(first_s=first - began, tokens=tokens, short=finish != "length")


async def over_http(
    urls: Sequence[str], bodies: Sequence[dict[str, Any]], learners: int, key: str = "none"
) -> list[Asked]:
    """Every body answered, `learners` at a time, shared out evenly over the URLs."""

    async def one(client: aiohttp.ClientSession, learner: int) -> list[Asked]:
        url = urls[learner % len(urls)]
        return [await streamed(url, client, body) for body in bodies[learner::learners]]

    # the engine's server drops connections that have had their answer
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as client:
        asked = await asyncio.gather(*(one(client, learner) for learner in range(learners)))
    return list(itertools.chain(*asked))


# --- measuring ----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Request:
    """The same chat as `quimbot serve` and as the engine are asked it."""

    ours: dict[str, Any]
    bare: dict[str, Any]


def requests_of(
    address: str, tutor: str, chats: Sequence[list[Message]], tokens: int
) -> list[Request]:
    """What is sent for each chat."""
    local = find_local(address)
    tokenizer, style = local.base.tokenizer(), local.base.style_with(local.adapter)
    streaming = {"stream": True, "stream_options": {"include_usage": True}}
    drawn = {"max_tokens": tokens, "temperature": 0.0, "seed": 0}
    return [
        Request(
            ours={
                "model": tutor,
                "messages": [{"role": m.role, "content": m.content} for m in chat],
                **drawn,
                **streaming,
            },
            bare={
                "prompt": tokenizer.encode(prompt_text(chat, style), add_special_tokens=False),
                "lora": [{"id": 0, "scale": 1.0}] if local.adapter else [],
                **drawn,
                **streaming,
            },
        )
        for chat in chats
    ]


class Peers:
    """Everybody who is asked, loaded side by side; only one of them works at a time."""

    def __init__(self, process: subprocess.Popen[str], url: str, bare_engine: Bare) -> None:
        """Who is there."""
        self._serve = process
        self._ours = f"{url}/chat/completions"
        self._bare = bare_engine

    def ask(self, name: str, requests: Sequence[Request], learners: int) -> Load:
        """One round at one peer."""
        process = self._serve if name == "serve" else self._bare.process
        bare_bodies = [request.bare for request in requests]
        wall, cpu = time.perf_counter(), cpu_s(process)
        match name:
            case "serve":
                bodies = [request.ours for request in requests]
                asked = asyncio.run(over_http([self._ours], bodies, learners))
            case "calls":
                asked = self._bare.call(bare_bodies, learners)
            case _:
                where = [self._bare.single] if name == "single" else self._bare.workers
                urls = [f"{url}/v1/completions" for url in where]
                asked = asyncio.run(over_http(urls, bare_bodies, learners, self._bare.key))
        wall, cpu = time.perf_counter() - wall, cpu_s(process) - cpu
        tokens = sum(one.tokens for one in asked)
        return Load(
            tokens_per_s=tokens / wall,
            tokens_per_cpu_s=tokens / cpu,
            first_ms=1e3 * statistics.median(one.first_s for one in asked),
            short=sum(one.short for one in asked),
        )


NAMES = ("serve", "http", "calls", "single")


def rounds(
    peers: Peers, requests: Iterator[Request], learners: int, each: int, count: int
) -> list[dict[str, Load]]:
    """What every peer did in every round, by name; the first round only warms up and is dropped."""
    found = []
    for number in range(count + 1):
        asked = list(itertools.islice(requests, learners * each))
        turn = number % len(NAMES)
        order = NAMES[turn:] + NAMES[:turn]
        if number % 2:
            order = order[::-1]
        found.append({name: peers.ask(name, asked, learners) for name in order})
    return found[1:]


def told(found: Sequence[dict[str, Load]], learners: int) -> None:
    """Print a line a peer, and how `serve` does beside each."""
    median = statistics.median
    for name in NAMES:
        own = [each[name] for each in found]
        ours = [each["serve"] for each in found]
        pairs = list(zip(ours, own, strict=True))
        speed = median(a.tokens_per_s / b.tokens_per_s for a, b in pairs)
        work = median(a.tokens_per_cpu_s / b.tokens_per_cpu_s for a, b in pairs)
        later = median(a.first_ms - b.first_ms for a, b in pairs)
        print(
            f"{learners:>8} {name:<7}{median(x.tokens_per_s for x in own):9.1f}"
            f"{median(x.tokens_per_cpu_s for x in own):14.1f}"
            f"{median(x.first_ms for x in own):10.0f}"
            f"{speed:12.3f}{work:11.3f}{later:+12.0f}{sum(x.short for x in own):7}"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("address", help="a model, a checkpoint or a run folder")
    parser.add_argument("--tutor", default="", help="which tutor of a run folder")
    parser.add_argument("--learners", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tokens", type=int, default=48, help="length of every reply")
    parser.add_argument("--each", type=int, default=4, help="requests of a learner in a round")
    parser.add_argument("--bare", type=int, default=0, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.bare:
        bare(asked.address, asked.bare)
        return
    tutors = {entry.name: entry for entry in tutor_entries(asked.address)}
    tutor = tutors[asked.tutor or next(iter(tutors))]
    at_once = max(asked.learners)
    needed = sum(asked.learners) * asked.each * (asked.rounds + 1)
    chats = prompts_of(tutor.address, min(needed, 300), asked.tokens)
    requests = itertools.cycle(requests_of(tutor.address, tutor.name, chats, asked.tokens))
    with (
        Bare(tutor.address, at_once) as engine,
        tempfile.TemporaryDirectory() as folder,
        served(asked.address, at_once, asked.tokens, "--store", f"{folder}/store.db") as (
            process,
            url,
        ),
    ):
        peers = Peers(process, url, engine)
        heads = (
            "learners peer    tokens/s  tokens/CPU-s  first ms  serve/peer  (per CPU)   first ms+"
        )
        print(heads, "  short")
        for learners in asked.learners:
            told(rounds(peers, requests, learners, asked.each, asked.rounds), learners)


if __name__ == "__main__":
    main()
