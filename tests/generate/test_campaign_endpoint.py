"""A campaign whose teacher stands behind an OpenAI-compatible address that runs out of credit."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from live_server import recast_for, serving

from quimbot.cli import OUT_OF_CREDIT, launch
from quimbot.records.jsonl import read_records

ROWS, AT_ONCE = 40, 4


class Account(ThreadingHTTPServer):
    """Says the learner's turn back as it should be, as long as the credit lasts."""

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
        if not paid:
            self.say(402, {"error": {"message": "Insufficient credits"}})
            return
        system, user = (message["content"] for message in asked["messages"])
        self.say(200, recast_for(system, user, asked["model"]))

    def say(self, status: int, answer: object) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        """Silence."""


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Account(credit=15)
    with serving(server):
        yield server


def asking(account: Account, output: Path, *more: str, terms: str = "") -> list[str]:
    return [
        "generate", "--output", str(output), "--dialogues", str(ROWS), "--moves", "recast=1",
        "--injected", "0", "--attempts", "2",
        "--teacher", f"{account.address} at_once={AT_ONCE} {terms}", *more,
    ]  # fmt: skip


def test_an_account_that_runs_dry_stops_the_campaign_cleanly(
    account: Account, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "rows.jsonl"
    command = asking(account, output)
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


def test_a_budget_ends_the_campaign_which_goes_on_with_a_larger_one(
    account: Account, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    account.credit = 1000
    output = tmp_path / "rows.jsonl"
    # an answer costs 100 x 1000 + 10 x 5000 over a million: 0.15
    terms = "prompt_price=1000 reply_price=5000"
    assert launch(asking(account, output, "--max-cost", "1.5", terms=terms)) == OUT_OF_CREDIT
    assert "the budget of 1.5 is spent" in " ".join(capsys.readouterr().err.split())
    assert 10 <= account.answered <= 10 + AT_ONCE
    once = account.answered
    # what earlier runs cost counts, so the same budget buys nothing
    assert launch(asking(account, output, "--max-cost", "1.5", terms=terms)) == OUT_OF_CREDIT
    assert account.answered == once
    assert launch(asking(account, output, "--max-tokens", "1200", terms=terms)) == OUT_OF_CREDIT
    assert "the budget of 1,200 tokens is spent" in " ".join(capsys.readouterr().err.split())
    assert launch(asking(account, output, "--max-cost", "100", terms=terms)) == 0
    told = " ".join(capsys.readouterr().err.split())
    assert re.search(r"[\d,]+ prompt and [\d,]+ reply tokens, [\d.]+ spent", told)


def test_a_campaign_stops_when_its_minutes_are_over(
    account: Account, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    account.credit = 1000
    command = asking(account, tmp_path / "rows.jsonl", "--max-minutes", "0.00001")
    assert launch(command) == OUT_OF_CREDIT
    assert "minutes are over" in " ".join(capsys.readouterr().err.split())
    assert account.answered <= 2 * AT_ONCE


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        (["--max-cost", "1"], "max_cost needs prompt_price and reply_price"),
        (["--max-cost", "0"], "max_cost 0.0 buys nothing; leave it out for no limit"),
        (["--max-minutes", "-1"], "max_minutes -1.0 buys nothing"),
        (["--near", "0"], "near 0.0 must be above 0"),
    ],
)
def test_budgets_that_make_no_sense_are_one_line(
    account: Account,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    flags: list[str],
    fault: str,
) -> None:
    assert launch(asking(account, tmp_path / "rows.jsonl", *flags)) != 0
    assert fault in " ".join(capsys.readouterr().err.split())
    assert account.answered == 0
