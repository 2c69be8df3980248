"""A campaign against a server with every fault there is: finished, correct, each event counted."""

import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from live_server import recast_for, serving

from quimbot.cli import FAILED, OUT_OF_CREDIT, launch
from quimbot.generate import asking, chain, provider
from quimbot.records.jsonl import read_records, read_rows
from quimbot.records.manifest import read_manifest
from quimbot.records.record import Record
from quimbot.records.rejected import Rejected

ROWS = 120
STALL_S = 3.0


class Faulty(ThreadingHTTPServer):
    """Answers each request in turn as its script says: a status, or the name of a fault."""

    request_queue_size = 128

    def __init__(self, script: Iterator[str]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = script
        self.done: Counter[str] = Counter()
        self.model = "teacher"
        self.lock = threading.Lock()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1#teacher"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Faulty

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            event = next(self.server.script)
            self.server.done[event] += 1
        system, user = (message["content"] for message in asked["messages"])
        whole = json.dumps(recast_for(system, user, self.server.model)).encode()
        match event:
            case "ok":
                self.say(200, whole)
            case "empty":
                self.say(200, json.dumps(recast_for(system, user, "teacher") | EMPTY).encode())
            case "not-json":
                self.say(200, whole[: len(whole) // 2])
            case "timed-out":
                time.sleep(STALL_S)
                self.close_connection = True
            case "reset":
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True
            case "429":
                self.say(429, b"{}", {"Retry-After": "0"})
            case "402-some":
                text = "You can only afford 40 tokens"
                small = asked["max_tokens"] <= 40
                self.say(200 if small else 402, whole if small else error(text))
            case status:
                self.say(int(status), error(f"told {status}"))

    def say(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silence."""


EMPTY = {"choices": [{"message": {"content": ""}, "finish_reason": "stop"}]}


def error(text: str) -> bytes:
    return json.dumps({"error": {"message": text}}).encode()


def always(event: str) -> Iterator[str]:
    while True:
        yield event


def first(count: int, event: str, then: str = "ok") -> Iterator[str]:
    yield from [event] * count
    yield from always(then)


def mixed() -> Iterator[str]:
    """A fault of each kind in turn, with good answers between them."""
    faults = ("429", "500", "reset", "not-json", "empty", "402-some", "503", "timed-out")
    for fault in faults * 3:
        yield from ("ok", "ok", fault, "ok")
    yield from always("ok")


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator["Servers"]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(asking, "_PAUSE_S", 0.01)
    monkeypatch.setattr(provider, "_PAUSE_S", 0.05)
    monkeypatch.setattr(chain, "_FIRST_PATIENCE_S", 0.5)
    with ExitStack() as stack:
        yield Servers(stack)


class Servers:
    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def start(self, script: Iterator[str]) -> Faulty:
        server = Faulty(script)
        self._stack.enter_context(serving(server))
        return server


def campaign(output: Path, *teachers: str, rows: int = ROWS) -> list[str]:
    command = [
        "generate", "--output", str(output), "--dialogues", str(rows), "--moves", "recast=1",
        "--injected", "0",
    ]  # fmt: skip
    for each in teachers:
        command += ["--teacher", each]
    return command


def ended(output: Path) -> tuple[list[Record], list[Rejected]]:
    refused = list(read_rows(output.with_suffix(".rejected.jsonl"), Rejected))
    return list(read_records(output)), refused


def test_every_fault_is_met_counted_and_survived(
    servers: Servers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = servers.start(mixed())
    output = tmp_path / "rows.jsonl"
    assert launch(campaign(output, f"{server.address} at_once=4 timeout=1")) == 0
    accepted, refused = ended(output)
    assert len(accepted) + len(refused) == ROWS
    assert len({record.messages[1].content for record in accepted}) == len(accepted)
    assert not [row for row in refused if row.reason == "failed"]
    told = " ".join(capsys.readouterr().err.split())
    met = read_manifest(output).facts["faults"]
    for kind in ("429", "500", "503", "reset", "not-json", "timed-out"):
        assert met[kind] == server.done[kind] == 3, kind  # type: ignore[index] # a dict
        assert f"3 of {kind}" in told
    # an empty reply is an attempt like any other, a 402 that pays for less is asked for less
    assert server.done["empty"] == 3
    assert server.done["402-some"] >= 3


def test_an_account_out_of_credit_moves_the_queue_on(servers: Servers, tmp_path: Path) -> None:
    dry, other = servers.start(first(20, "ok", "402")), servers.start(always("ok"))
    output = tmp_path / "rows.jsonl"
    assert launch(campaign(output, f"{dry.address} at_once=4", f"{other.address} at_once=4")) == 0
    accepted, refused = ended(output)
    assert len(accepted) + len(refused) == ROWS
    assert 1 <= dry.done["402"] <= 4  # those under way, and none after
    authors = Counter(record.provenance.author for record in accepted)
    assert set(authors) == {dry.address, other.address}
    assert authors[dry.address] <= 20


def test_an_outage_parks_a_provider_which_is_probed_and_comes_back(
    servers: Servers, tmp_path: Path
) -> None:
    down, other = servers.start(first(12, "500")), servers.start(always("ok"))
    output = tmp_path / "rows.jsonl"
    command = campaign(output, f"{down.address} at_once=4", f"{other.address} at_once=1", rows=600)
    assert launch(command) == 0
    accepted, refused = ended(output)
    assert len(accepted) + len(refused) == 600
    authors = Counter(record.provenance.author for record in accepted)
    assert authors[down.address] > 100
    assert other.done["ok"] >= 1


def test_waiting_out_an_outage_costs_no_row(servers: Servers, tmp_path: Path) -> None:
    server = servers.start(iter([*["ok"] * 20, *["503"] * 14, *["ok"] * 500]))
    output = tmp_path / "rows.jsonl"
    assert launch(campaign(output, f"{server.address} at_once=4")) == 0
    _, refused = ended(output)
    assert not [row for row in refused if row.reason == "failed"]
    assert server.done["503"] == 14


@pytest.mark.parametrize(
    "case",
    [
        ("401", FAILED, "check the key in QUIMBOT_API_KEY"),
        ("404", FAILED, "check the address (it ends in /v1) and the model's name"),
        ("402", OUT_OF_CREDIT, "out of credit"),
        ("500", FAILED, "told 500"),
    ],
)
def test_a_server_that_never_answers_is_one_line(
    servers: Servers,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    case: tuple[str, int, str],
) -> None:
    event, status, told = case
    server = servers.start(always(event))
    assert launch(campaign(tmp_path / "rows.jsonl", server.address)) == status
    error = " ".join(capsys.readouterr().err.split())
    assert error.count("error:") == 1
    assert told in error
    assert "0 of 120 rows are kept" in error
    assert server.done[event] <= 48  # those under way, asked again once, and a few probes


def test_nobody_at_the_address_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(chain, "_FIRST_PATIENCE_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert launch(campaign(tmp_path / "a.jsonl", f"http://127.0.0.1:{port}/v1#m")) == FAILED
    assert "cannot be reached" in " ".join(capsys.readouterr().err.split())


def test_a_model_that_was_not_asked_for_is_refused_unless_allowed(
    servers: Servers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = servers.start(always("ok"))
    server.model = "costly"
    output = tmp_path / "rows.jsonl"
    assert launch(campaign(output, server.address, rows=20)) == FAILED
    told = " ".join(capsys.readouterr().err.split())
    assert "'costly' answered, which was not asked for; allow it with models=costly" in told
    assert server.done["ok"] <= 16
    assert launch(campaign(output, f"{server.address} models=costly", rows=20)) == 0
    authors = {record.provenance.author for record in ended(output)[0]}
    assert authors == {server.address.replace("#teacher", "#costly")}
    server.model = "teacher:latest"
    assert launch(campaign(tmp_path / "b.jsonl", server.address, rows=20)) == 0
