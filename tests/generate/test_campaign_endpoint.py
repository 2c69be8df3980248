"""A campaign whose teacher stands behind an OpenAI-compatible address that runs out of credit."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from quimbot.cli import OUT_OF_CREDIT, launch
from quimbot.pedagogy.say_back import say_back
from quimbot.records.jsonl import read_records

ROWS, AT_ONCE = 40, 4


class Account(ThreadingHTTPServer):
    """Says the learner's turn back as it should be, as long as the credit lasts."""

    daemon_threads = True

    def __init__(self, credit: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.credit = credit
        self.answered = self.refused = 0
        self.lock = threading.Lock()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1#teacher"


class Handler(BaseHTTPRequestHandler):
    server: Account

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            paid = self.server.credit > 0
            self.server.credit -= paid
            self.server.answered += paid
            self.server.refused += not paid
        self.send_response(200 if paid else 402)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        if not paid:
            self.wfile.write(b'{"error": {"message": "Insufficient credits"}}')
            return
        system, user = (message["content"] for message in asked["messages"])
        known = re.search(r'turn is: "(.*)"\. Answer', system)
        said = say_back(known[1] if known else user).rstrip(".!?, ")
        for piece in (
            {"delta": {"content": f"Oh, {said}! Can you tell me more?"}, "finish_reason": None},
            {"delta": {}, "finish_reason": "stop"},
        ):
            self.wfile.write(f"data: {json.dumps({'choices': [piece]})}\n\n".encode())

    def log_message(self, *_: object) -> None:
        """Silence."""


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Account(credit=15)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_account_that_runs_dry_stops_the_campaign_cleanly(
    account: Account, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "rows.jsonl"
    command = [
        "generate", "--output", str(output), "--dialogues", str(ROWS), "--moves", "recast=1",
        "--injected", "0", "--attempts", "2", "--at-once", str(AT_ONCE),
        "--teacher", account.address,
    ]  # fmt: skip
    assert launch(command) == OUT_OF_CREDIT
    told = " ".join(capsys.readouterr().err.split())
    assert "402" in told
    assert "out of credit" in told
    assert re.search(rf"\d+ of {ROWS} rows are kept; the same command goes on", told)
    assert account.answered == 15
    assert account.refused <= AT_ONCE
    assert not output.exists()

    account.credit = 1000
    assert launch(command) == 0
    records = list(read_records(output))
    assert len(records) >= ROWS - 4
    assert {record.provenance.author for record in records} == {account.address}
    # no answer is paid for twice: a row is asked again only after a refusal
    assert ROWS <= account.answered <= 2 * ROWS
    assert launch(command) == 0
    assert account.answered <= 2 * ROWS
