"""Tinker over a stand-in for its service: words and numbers as in torch, faults in one line."""

import asyncio
import itertools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import tinker_server as stand_in
from live_server import soon
from tinker_server import KEY, TinkerServer, tinker_server
from tiny_adapters import CHATS, write_lora
from tiny_models import tiny_model

from quimbot.evaluate.perplexity import PerplexitySettings, perplexity
from quimbot.exceptions import ModelError, OutOfCredit, RuntimeFault, Unusable
from quimbot.records.jsonl import write_rows
from quimbot.records.record import Message, Provenance, Record
from quimbot.runs.scorecard import read_perplexities
from quimbot.runs.watch import Silent
from quimbot.runtimes.connect import connect, open_runtimes
from quimbot.runtimes.gguf import Architecture
from quimbot.runtimes.models import find_model
from quimbot.runtimes.runtime import Sampling, ask_all, reply
from quimbot.runtimes.tinker import KEY_VARIABLE, TinkerEngine, TinkerRuntime
from quimbot.runtimes.torch_local import TorchRuntime

SNAPSHOT = "tinker://session:train:0/sampler_weights/step-2"
REPLIES = ("You went to the store? Who was there?", "She likes music.", "Two dogs! They are old.")
DIALOGUES = [
    [
        *chat,
        Message(role="assistant", content=first),
        *chat[1:],
        Message(role="assistant", content=x),
    ]
    for chat, first, x in zip(CHATS, REPLIES, REPLIES[1:] + REPLIES[:1], strict=True)
]


@contextmanager
def at_work(architecture: Architecture, folders: pytest.TempPathFactory) -> Iterator[TinkerServer]:
    folder = folders.mktemp(architecture)
    base = tiny_model(folder / "base", architecture)
    with tinker_server(base, {SNAPSHOT: write_lora(folder / "step-2", base)}) as server:
        yield server


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinkerServer]:
    with at_work("llama", tmp_path_factory) as server:
        yield server


@pytest.fixture(scope="module")
def qwen3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinkerServer]:
    with at_work("qwen3", tmp_path_factory) as server:
        yield server


def asked_by(server: TinkerServer, patch: pytest.MonkeyPatch) -> TinkerServer:
    """The server without a fault and as if never asked, and an environment that leads to it."""
    patch.setenv("TINKER_BASE_URL", server.url())
    patch.setenv("TINKER_TELEMETRY", "0")
    patch.setenv("NO_PROXY", "127.0.0.1")
    patch.setenv(KEY_VARIABLE, KEY)
    for kept in (server.faults, server.asked, server.reply):
        kept.clear()
    server.failure = ""
    server.open.set()
    return server


@pytest.fixture
def server(qwen3: TinkerServer, monkeypatch: pytest.MonkeyPatch) -> TinkerServer:
    return asked_by(qwen3, monkeypatch)


@pytest.fixture(params=["llama", "qwen3"])
def either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> TinkerServer:
    return asked_by(request.getfixturevalue(request.param), monkeypatch)


def of(server: TinkerServer) -> str:
    return f"tinker:{server.base}"


def test_snapshot_and_base_speak_as_torch_does(either: TinkerServer) -> None:
    pairs = {of(either): f"torch:{either.base}", SNAPSHOT: f"torch:{either.snapshots[SNAPSHOT]}"}
    sampling = Sampling(max_tokens=16)
    with open_runtimes([*pairs, *pairs.values()]) as opened:
        said = {
            name: asyncio.run(ask_all(runtime, CHATS, sampling)) for name, runtime in opened.items()
        }
    for ours, theirs in pairs.items():
        assert said[ours] == said[theirs]
    assert said[SNAPSHOT] != said[of(either)]


def test_probabilities_are_those_of_torch(either: TinkerServer) -> None:
    pairs = {of(either): f"torch:{either.base}", SNAPSHOT: f"torch:{either.snapshots[SNAPSHOT]}"}
    with open_runtimes([*pairs, *pairs.values()]) as opened:
        for ours, theirs in pairs.items():
            exact, remote = opened[theirs], opened[ours]
            assert isinstance(exact, TorchRuntime)
            assert isinstance(remote, TinkerRuntime)
            for one, other in zip(
                exact.logprobs(DIALOGUES), remote.logprobs(DIALOGUES), strict=True
            ):
                assert [(t.token, t.text) for t in one] == [(t.token, t.text) for t in other]
                expected = pytest.approx([t.logprob for t in one], abs=1e-4)
                assert [t.logprob for t in other] == expected


def test_perplexity_measures_an_address_of_the_service(
    server: TinkerServer, tmp_path: Path
) -> None:
    made = Provenance(source="test", licence="MIT")
    records = [Record(messages=tuple(dialogue), provenance=made) for dialogue in DIALOGUES]
    write_rows(tmp_path / "held.jsonl", records)
    settings = PerplexitySettings(
        runtimes=(str(server.base), of(server)),
        data=tmp_path / "held.jsonl",
        output=tmp_path / "perplexity.json",
    )
    perplexity(settings, Silent())
    found = read_perplexities(settings.output).runtimes
    assert [row.address for row in found] == [str(server.base), of(server)]
    assert found[1].overall.nats == pytest.approx(found[0].overall.nats, abs=1e-3)


def test_a_reply_ends_at_the_end_of_turn(server: TinkerServer) -> None:
    tokenizer = find_model(str(server.base)).tokenizer()
    server.reply += tokenizer.encode(
        "Oh, you went! 🙂 And then?<|im_end|>", add_special_tokens=False
    )
    sampling = Sampling(max_tokens=9, temperature=0.7, top_p=0.9, seed=4)
    with connect(of(server)) as runtime:
        whole = asyncio.run(reply(runtime, CHATS[0], sampling))
        cut = asyncio.run(reply(runtime, CHATS[0], Sampling(stop=("then", "And"))))
    assert (whole.text, whole.finish) == ("Oh, you went! 🙂 And then?", "stop")
    assert whole.reply_tokens == len(server.reply)
    assert (cut.text, cut.finish) == ("Oh, you went! 🙂 ", "stop")
    asked = server.bodies("asample")[0]["sampling_params"]
    end = server.reply[-1:]
    assert asked == {
        "max_tokens": 9, "temperature": 0.7, "top_p": 0.9, "seed": 4, "stop": end, "top_k": -1
    }  # fmt: skip


def test_chats_are_under_way_together(server: TinkerServer) -> None:
    server.open.clear()

    async def ask() -> list[object]:
        asking = asyncio.create_task(ask_all(runtime, CHATS, Sampling(max_tokens=4), at_once=3))
        assert await asyncio.to_thread(soon, lambda: len(server.bodies("asample")) == 3)
        server.open.set()
        return list(await asking)

    with connect(of(server)) as runtime:
        together = asyncio.run(ask())
        assert together == asyncio.run(ask_all(runtime, CHATS, Sampling(max_tokens=4), at_once=1))


def test_a_chat_that_is_left_is_cancelled_and_harms_no_other(server: TinkerServer) -> None:
    server.open.clear()

    async def leave() -> None:
        asking = asyncio.create_task(reply(runtime, CHATS[0], Sampling(max_tokens=4)))
        assert await asyncio.to_thread(soon, lambda: bool(server.bodies("retrieve_future")))
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    with connect(of(server)) as runtime:
        asyncio.run(leave())
        assert soon(lambda: bool(server.bodies("cancel_future")))
        server.open.set()
        assert asyncio.run(reply(runtime, CHATS[0], Sampling(max_tokens=4))).reply_tokens == 4


def test_the_session_is_closed_at_the_end(server: TinkerServer) -> None:
    with open_runtimes([of(server), SNAPSHOT]):
        assert len(server.bodies("create_session")) == 1
        assert not server.bodies("sessions/session-1/finish")
    assert server.bodies("sessions/session-1/finish") == [
        {"reason": {"type": "success"}, "detail": None}
    ]


def test_too_many_requests_and_a_bad_moment_are_waited_out(server: TinkerServer) -> None:
    server.faults |= {"asample": iter([429]), "retrieve_future": iter([503, 429])}
    with connect(of(server)) as runtime:
        assert asyncio.run(reply(runtime, CHATS[0], Sampling(max_tokens=4))).reply_tokens == 4


@pytest.mark.parametrize("route", ["asample", "retrieve_future"])
def test_an_account_that_cannot_pay_ends_it_at_once(server: TinkerServer, route: str) -> None:
    server.faults[route] = itertools.repeat(402)
    told = rf"^{of(server)}: answered 402 .*this is 402.*; the account cannot pay: add credit"
    with connect(of(server)) as runtime, pytest.raises(OutOfCredit, match=told) as caught:
        asyncio.run(reply(runtime, CHATS[0], Sampling()))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("route", ["asample", "retrieve_future"])
@pytest.mark.parametrize("status", [429, 500])
def test_a_service_that_only_fails_is_given_up(
    server: TinkerServer, route: str, status: int
) -> None:
    server.faults[route] = itertools.repeat(status)
    with TinkerEngine(stuck_s=1.0) as engine:
        runtime = engine.runtime(of(server))
        with pytest.raises(
            RuntimeFault, match=r"no answer \(No progress.*; check the net"
        ) as caught:
            asyncio.run(reply(runtime, CHATS[0], Sampling()))
    assert caught.value.kind == "no-answer"
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "kind", "told"),
    [
        (401, Unusable, "check the key in TINKER_API_KEY"),
        (403, Unusable, "may not use this model"),
        (404, Unusable, "check the address"),
        (422, RuntimeFault, "answered 422 .*this is 422.*; shorten the chat"),
    ],
)
def test_a_refusal_is_one_line(
    server: TinkerServer,
    status: int,
    kind: type[RuntimeFault],
    told: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    server.faults["asample"] = itertools.repeat(status)
    with connect(of(server)) as runtime, pytest.raises(kind, match=told) as caught:
        asyncio.run(reply(runtime, CHATS[0], Sampling()))
    assert caught.value.kind == str(status)
    assert "\n" not in str(caught.value)
    assert not caplog.records


def test_a_result_that_failed_is_told(server: TinkerServer) -> None:
    server.failure = "a worker\nwas lost"
    told = rf"^{of(server)}: Request failed: a worker was lost; run again$"
    with connect(of(server)) as runtime:
        with pytest.raises(RuntimeFault, match=told):
            asyncio.run(reply(runtime, CHATS[0], Sampling()))
        assert isinstance(runtime, TinkerRuntime)
        with pytest.raises(RuntimeFault, match=told):
            runtime.logprobs(DIALOGUES)


def test_missing_probabilities_are_a_fault(
    server: TinkerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = stand_in.prompt_logprobs
    with connect(of(server)) as runtime:
        assert isinstance(runtime, TinkerRuntime)
        for cut in (slice(0), slice(-4), slice(4, None)):
            monkeypatch.setattr(stand_in, "prompt_logprobs", lambda *a, at=cut: whole(*a)[at])
            with pytest.raises(RuntimeFault, match="an answer that is not understood"):
                runtime.logprobs(DIALOGUES)


def test_a_wrong_key_is_refused_and_never_shown(
    server: TinkerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "tml-wrong")
    told = r"answered 401 \(nobody has the key \*\*\*\); check the key in TINKER_API_KEY$"
    with pytest.raises(ModelError, match=told):
        connect(of(server)).__enter__()


@pytest.mark.parametrize("key", ["", "sk-other"])
def test_without_a_key_nothing_is_asked(
    server: TinkerServer, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))  # where the SDK may keep a key
    monkeypatch.setenv(KEY_VARIABLE, key)
    with pytest.raises(ModelError, match=r"no usable key .*; set TINKER_API_KEY$") as caught:
        connect(of(server)).__enter__()
    assert not server.asked
    assert "sk-other" not in str(caught.value)


@pytest.mark.usefixtures("server")
def test_unknown_models_are_refused() -> None:
    with pytest.raises(ModelError, match=r"^tinker:no/such: answered 404 .*; check the address"):
        connect("tinker:no/such").__enter__()
    with pytest.raises(ModelError, match=r"^tinker:: names no model; write tinker:Qwen/Qwen3-8B"):
        connect("tinker:").__enter__()
    with pytest.raises(ModelError, match="check the address; a snapshot may have expired"):
        connect("tinker://gone/sampler_weights/x").__enter__()


def test_a_base_whose_chats_cannot_be_written_is_refused(
    server: TinkerServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tiny_model(tmp_path / "other")
    file = other / "tokenizer.json"
    file.write_text(file.read_text("utf-8").replace("<|im_end|>", "<|eot_id|>"), "utf-8")
    monkeypatch.setattr(server, "base", other)
    told = rf"^{SNAPSHOT}: its base cannot be used: {other}: its tokenizer has no token <\|im_end"
    with pytest.raises(ModelError, match=told):
        connect(SNAPSHOT).__enter__()


def test_a_service_that_does_not_open_is_given_up(server: TinkerServer) -> None:
    server.faults["client/config"] = itertools.repeat(500)
    with TinkerEngine(opening_s=0.5) as engine:
        with pytest.raises(ModelError, match=r"no answer \(it took too long\); check the network"):
            engine.runtime(of(server))
        server.faults.clear()  # the SDK is still at it, and what it opens is closed again
    assert server.bodies("sessions/session-1/finish")


def test_the_extra_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tinker", None)
    monkeypatch.delitem(sys.modules, "quimbot.runtimes.tinker")
    with pytest.raises(ModelError, match=r"package 'tinker'; pip install 'quimbot\[tinker\]'$"):
        connect(SNAPSHOT).__enter__()
