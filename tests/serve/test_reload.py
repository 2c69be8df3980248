"""Tutors are loaded anew while people talk, and no reply is lost or made by two."""

import asyncio
import json
import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from live_server import Live, Puppet, live_server, soon, tutor
from tiny_adapters import CHATS, write_lora
from tiny_models import tiny_model

from quimbot.exceptions import ModelError
from quimbot.records.record import Message
from quimbot.runtimes.llamacpp import LlamaEngine, LlamaRuntime
from quimbot.runtimes.runtime import Sampling, reply
from quimbot.serve.reload import Tutors
from quimbot.serve.tutors import Tutor, open_tutors

REQUESTS, RELOADS = 200, 3
SHORT = Sampling(max_tokens=12)


@dataclass(frozen=True)
class Run:
    """A run folder whose adapter has several versions."""

    folder: Path
    versions: list[Path]

    def use(self, version: int) -> None:
        """Put a version where the list of tutors names it."""
        shutil.rmtree(self.folder / "adapter", ignore_errors=True)
        shutil.copytree(self.versions[version], self.folder / "adapter")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUIMBOT_CACHE", str(folder / "cache"))
        # with small numbers, who else is in the batch can decide between two equal tokens
        patch.setitem(LlamaEngine.__init__.__kwdefaults__ or {}, "kind", "F32")
        base = tiny_model(folder / "base")
        made = [write_lora(folder / f"v{n}", base, seed=n) for n in range(RELOADS + 1)]
        listed = [{"name": "tutor", "address": "adapter"}, {"name": "base", "address": "base"}]
        (folder / "tutors.json").write_text(json.dumps(listed))
        yield Run(folder, made)


def texts(run: Run, version: int) -> list[str]:
    """What the tutor says to each chat with a version, when nobody else is there."""
    run.use(version)
    with open_tutors(str(run.folder)) as tutors:
        runtime = tutors["tutor"].runtime
        return [asyncio.run(reply(runtime, chat, SHORT)).text for chat in CHATS]


def asked(live: Live, chat: Sequence[Message]) -> str:
    """The streamed reply to a chat, as a learner gets it."""
    body = {
        "model": "tutor",
        "stream": True,
        "max_tokens": SHORT.max_tokens,
        "temperature": 0,
        "messages": [{"role": turn.role, "content": turn.content} for turn in chat],
    }
    answer = httpx2.post(f"{live.url}/v1/chat/completions", json=body, timeout=60)
    assert answer.status_code == 200
    events = [line.removeprefix("data: ") for line in answer.text.splitlines() if line]
    assert events.pop() == "[DONE]"
    chunks = [json.loads(event)["choices"][0] for event in events]
    assert chunks[-1]["finish_reason"]
    return "".join(chunk["delta"].get("content", "") for chunk in chunks)


def test_no_request_is_lost_or_answered_by_two_versions(run: Run) -> None:
    """200 requests under way while the adapter is changed three times."""
    expected = [texts(run, version) for version in range(RELOADS + 1)]
    assert all(len({said[i] for said in expected}) == RELOADS + 1 for i in range(len(CHATS)))
    newest, over = 0, threading.Event()
    engines = []

    def talk(learner: int) -> int:
        turns = 0
        while turns < REQUESTS // 8 or not over.is_set():
            number = (learner + turns) % len(CHATS)
            since = newest
            said = asked(live, CHATS[number])
            assert said in [one[number] for one in expected[since : newest + 2]]
            turns += 1
        return turns

    run.use(0)
    with (
        live_server(waiting=8, opening=lambda: open_tutors(str(run.folder), at_once=4)) as live,
        ThreadPoolExecutor(8) as learners,
    ):
        talks = [learners.submit(talk, learner) for learner in range(8)]
        for newest_now in range(RELOADS):
            runtime = live.tutors["tutor"].runtime
            assert isinstance(runtime, LlamaRuntime)
            engines.append(runtime._engine)
            run.use(newest_now + 1)
            answer = httpx2.post(f"{live.url}/api/reload", timeout=60)
            assert answer.json() == {"tutors": ["tutor", "base"]}
            newest = newest_now + 1
        over.set()
        assert sum(talk.result() for talk in talks) >= REQUESTS
        assert asked(live, CHATS[0]) == expected[-1][0]
        assert soon(lambda: live.tutors.loaded == 1)
        assert soon(lambda: not any(engine.servers for engine in engines))


@contextmanager
def noting(opened: list[str], line: Sequence[str]) -> Iterator[dict[str, Tutor]]:
    """A tutor with a line, and when it was opened and closed."""
    opened.append("".join(line))
    yield {"tutor": tutor(Puppet(line=line, pause_s=0.05))}
    opened.remove("".join(line))


def test_a_reply_under_way_keeps_its_model_until_its_end() -> None:
    opened: list[str] = []
    lines = [["old "] * 12, ["new "] * 3]
    with live_server(opening=lambda: noting(opened, lines[bool(opened)])) as live:
        with ThreadPoolExecutor(1) as learner:
            late = learner.submit(asked, live, CHATS[0])
            assert soon(lambda: live.gate.free == 3)
            live.tutors.reload()
            assert asked(live, CHATS[0]) == "new " * 3
            assert opened == ["old " * 12, "new " * 3]
            assert late.result() == "old " * 12
        assert soon(lambda: opened == ["new " * 3])
    assert opened == []


def test_a_request_that_came_before_two_reloads_may_use_the_tutor_between_them() -> None:
    opened: list[str] = []
    with Tutors(lambda: noting(opened, [str(len(opened))])) as tutors:
        with tutors.held():
            tutors.reload()
            between = tutors["tutor"]
            tutors.reload()
            assert opened == ["0", "1", "2"]
            assert asyncio.run(reply(between.runtime, CHATS[0], SHORT)).text == "1"
        assert soon(lambda: opened == ["2"])


def test_a_failed_reload_keeps_the_tutors(run: Run) -> None:
    run.use(0)
    with live_server(opening=lambda: open_tutors(str(run.folder))) as live:
        said = asked(live, CHATS[0])
        (run.folder / "adapter" / "adapter_model.safetensors").write_bytes(b"damaged")
        answer = httpx2.post(f"{live.url}/api/reload", timeout=60)
        assert answer.status_code == 409
        told = answer.json()["error"]["message"]
        assert told.startswith("the tutors stay as they were: ")
        assert "adapter_model.safetensors" in told
        assert "\n" not in told
        with pytest.raises(ModelError):
            live.tutors.reload()
        assert asked(live, CHATS[0]) == said
        assert live.tutors.loaded == 1
