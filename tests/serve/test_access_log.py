"""One JSON line a request, and nothing in it that anybody said or is known by."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from live_server import Puppet, live_server, tutor

from quimbot.exceptions import OutputError
from quimbot.serve.access_log import AccessLog

SECRETS = {
    "said": "Yesterday I go to the market.",
    "key": "qb-2f6c1f0e9d",
    "name": "Ana Petrova",
    "chat": "chat-7a11",
}


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_requests_are_noted_without_words_keys_names_or_addresses(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "access.jsonl"
    puppet = Puppet()
    headers = {
        "Authorization": f"Bearer {SECRETS['key']}",
        "Cookie": f"session={SECRETS['key']}",
        "X-OpenWebUI-User-Name": SECRETS["name"],
        "X-OpenWebUI-Chat-Id": SECRETS["chat"],
        "User-Agent": SECRETS["name"],
    }
    body = {"model": "tutor", "messages": [{"role": "user", "content": SECRETS["said"]}]}
    with AccessLog(path) as log, live_server(tutor(puppet), log=log) as live:
        url = f"{live.url}/v1/chat/completions"
        assert httpx2.post(url, json=body, headers=headers).status_code == 200
        assert httpx2.post(url, json=body | {"stream": True}, headers=headers).status_code == 200
        puppet.fails_after = 0
        assert httpx2.post(url, json=body, headers=headers).status_code == 502
        httpx2.post(url, json=body | {"n": SECRETS["said"]}, headers=headers)
        httpx2.get(f"{live.url}/{SECRETS['chat']}?key={SECRETS['key']}", headers=headers)
    seen = [(line["method"], line["route"], line["status"], line["reason"]) for line in lines(path)]
    assert seen == [
        ("POST", "/v1/chat/completions", 200, None),
        ("POST", "/v1/chat/completions", 200, None),
        ("POST", "/v1/chat/completions", 502, "model_failed"),
        ("POST", "/v1/chat/completions", 400, "invalid_value"),
        ("GET", "elsewhere", 404, "not_found"),
    ]
    assert all(line["bytes"] > 0 and line["milliseconds"] > 0 for line in lines(path))
    written = path.read_text() + caplog.text + "".join(capfd.readouterr())
    assert not [secret for secret in (*SECRETS.values(), "127.0.0.1") if secret in written]


def test_a_log_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "access.jsonl"
    note = {"method": "GET", "route": "/", "reason": None, "milliseconds": 1.0, "size": 2}
    with AccessLog(path) as log:
        log.note(status=200, **note)  # type: ignore[arg-type] # plain dict
        path.rename(tmp_path / "old.jsonl")
        log.note(status=404, **note)  # type: ignore[arg-type] # plain dict
    with AccessLog(path) as log:
        log.note(status=500, **note)  # type: ignore[arg-type] # plain dict
    assert [line["status"] for line in lines(path)] == [404, 500]


def test_a_log_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"no/such.*cannot be written .*--access-log") as caught:
        AccessLog(tmp_path / "no" / "such" / "access.jsonl")
    assert "\n" not in str(caught.value)
