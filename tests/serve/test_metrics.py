"""What is counted is what happened, and it names nobody."""

from collections.abc import Iterator

import httpx2
import pytest
from live_server import Live, Puppet, live_server, soon, tutor
from prometheus_client.parser import text_string_to_metric_families

from quimbot.serve.limits import Limits

ASKED = {"model": "tutor", "messages": [{"role": "user", "content": "My secret is blue."}]}


@pytest.fixture
def live() -> Iterator[Live]:
    limits = Limits(requests=2)
    with live_server(tutor(Puppet()), tutor(Puppet(), "base"), limits=limits) as live:
        yield live


def counted(live: Live) -> dict[str, float]:
    """Every sample by its name and labels."""
    answer = httpx2.get(f"{live.url}/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        " ".join((sample.name, *(sample.labels.values()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_requests_replies_tokens_and_refusals_are_counted(live: Live) -> None:
    url = f"{live.url}/v1/chat/completions"
    assert httpx2.post(url, json=ASKED).status_code == 200
    assert httpx2.post(url, json=ASKED | {"stream": True}).status_code == 200
    assert httpx2.post(url, json=ASKED).status_code == 429
    assert httpx2.post(url, content=b"{").status_code == 400
    assert httpx2.get(f"{live.url}/secret/path").status_code == 404
    assert httpx2.get(url, headers={"Host": "evil.example"}).status_code == 403
    seen = counted(live)
    assert seen["quimbot_requests_total /v1/chat/completions 200"] == 2
    assert seen["quimbot_requests_total /v1/chat/completions 429"] == 1
    assert seen["quimbot_requests_total elsewhere 404"] == 1
    assert seen["quimbot_refused_total rate_limit_exceeded"] == 1
    assert seen["quimbot_refused_total invalid_value"] == 1
    assert seen["quimbot_refused_total forbidden"] == 1
    assert seen["quimbot_reply_seconds_count"] == 2
    assert seen["quimbot_first_token_seconds_count"] == 1
    assert seen["quimbot_first_token_seconds_sum"] <= seen["quimbot_reply_seconds_sum"]
    assert (seen["quimbot_tokens_total prompt"], seen["quimbot_tokens_total reply"]) == (14, 10)
    assert seen["quimbot_tutors"] == 2
    assert seen["process_resident_memory_bytes"] > 0


def test_who_waits_and_who_is_answered_now() -> None:
    puppet = Puppet(line=["word "] * 500, pause_s=0.02)
    with live_server(tutor(puppet), at_once=1, waiting=1) as live:
        url = f"{live.url}/v1/chat/completions"
        with httpx2.stream("POST", url, json=ASKED | {"stream": True}) as answer:
            text = answer.iter_text()  # kept: the stream is closed when nobody holds it
            assert next(text)
            seen = counted(live)
            assert (seen["quimbot_running"], seen["quimbot_queue_length"]) == (1, 0)
        assert soon(lambda: counted(live)["quimbot_running"] == 0)
        assert 0 < counted(live)["quimbot_tokens_total reply"] < 500  # those that came


def test_no_label_holds_what_a_client_sent(live: Live) -> None:
    httpx2.post(f"{live.url}/v1/chat/completions", json=ASKED | {"model": "my-secret"})
    httpx2.request("SECRET", f"{live.url}/v1/models/secret?secret=1", headers={"X-Secret": "1"})
    assert "secret" not in httpx2.get(f"{live.url}/metrics").text.lower()


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
def test_counts_are_for_this_machine_only(live: Live, name: str) -> None:
    answer = httpx2.get(f"{live.url}/metrics", headers={name: "127.0.0.1"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
