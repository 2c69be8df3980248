"""Whatever is sent, the answer is one clean error, the model is not asked, and no place is lost."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from live_server import Live, Puppet, live_server, soon, tutor

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"
GOOD: dict[str, Any] = {"model": "tutor", "messages": [{"role": "user", "content": "Hi"}]}
PUPPET = Puppet()


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with live_server(tutor(PUPPET), at_once=2, waiting=2) as live:
        yield live


@pytest.fixture(autouse=True)
def _nothing_asked() -> None:
    PUPPET.asked.clear()


def post(live: Live, content: bytes, kind: str = "application/json") -> httpx2.Response:
    return httpx2.post(
        f"{live.url}/v1/chat/completions", content=content, headers={"Content-Type": kind}
    )


def refused(answer: httpx2.Response, status: int = 400) -> dict[str, Any]:
    """The error, which has OpenAI's shape and is nothing that a browser would run."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert PUPPET.asked == []
    (error,) = answer.json().values()
    assert set(error) == {"message", "type", "param", "code"}
    assert "\n" not in error["message"]
    return dict(error)


def said(content: str) -> bytes:
    return json.dumps(GOOD | {"messages": [{"role": "user", "content": content}]}).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00",
        b"\xff\xfe{",
        b"{" * 100_000,
        b"[" * 200_000,
        b'{"model":' + b'{"a":' * 50_000,
        b'{"model": "tutor", "messages": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"model": "tutor", "seed": ' + b"9" * 10_000 + b"}",
        b'{"model": "tutor", "messages": [], "temperature": 1e999}',
        json.dumps(GOOD)[:-1].encode(),
        said("\x00"),
        b'{"model": "tutor", "messages": [{"role": "user", "content": "\\ud800"}]}',
        b'{"model": "\\udfff", "messages": [{"role": "user", "content": "Hi"}]}',
        json.dumps(GOOD | {"stop": "\ud83d"}).encode(),
        json.dumps(GOOD | {"stop": ["a", "\x00"]}).encode(),
    ],
    ids=range(15),
)
def test_what_is_no_request_is_refused(live: Live, content: bytes) -> None:
    assert refused(post(live, content))["type"] == "invalid_request_error"


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e400", "-1e-400e", "0x10"])
@pytest.mark.parametrize("field", ["temperature", "top_p", "max_tokens", "seed", "n"])
def test_numbers_that_are_none_are_refused(live: Live, field: str, value: str) -> None:
    refused(post(live, json.dumps(GOOD)[:-1].encode() + f', "{field}": {value}}}'.encode()))


@pytest.mark.parametrize(
    "role", ["tool", "function", "root", "", "USER", SCRIPT, "user\x00", None, 1, ["user"]]
)
def test_roles_that_are_none_are_refused(live: Live, role: object) -> None:
    body = GOOD | {"messages": [{"role": role, "content": "Hi"}]}
    error = refused(post(live, json.dumps(body).encode()))
    assert error["param"].startswith("messages.0.role")
    assert SCRIPT not in json.dumps(error)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "text/html"])
def test_a_form_of_another_page_is_no_request(live: Live, kind: str) -> None:
    """A browser sends these without asking first whether it may."""
    refused(post(live, json.dumps(GOOD).encode(), kind))


def test_a_talk_that_no_model_holds_is_refused_before_it_is_read(live: Live) -> None:
    assert refused(post(live, said("word " * 50_000)))["code"] == "context_length_exceeded"
    assert refused(post(live, said("a" * 2_000_000)), 413)["code"] == "too_large"


def test_a_long_prompt_is_the_models_business(live: Live) -> None:
    assert post(live, said("word " * 20_000)).status_code == 200
    assert len(PUPPET.asked) == 1


@pytest.mark.parametrize("field", ["model", "stop", "user", "title", "tools", "logit_bias"])
def test_html_in_any_field_is_text(live: Live, field: str) -> None:
    answer = post(live, json.dumps(GOOD | {field: SCRIPT}).encode())
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert SCRIPT not in answer.text


@pytest.mark.parametrize("stream", [False, True])
def test_html_that_a_tutor_says_is_text(stream: bool) -> None:
    with live_server(tutor(Puppet(line=[SCRIPT]))) as live:
        answer = post(live, json.dumps(GOOD | {"stream": stream}).encode())
    kind = "text/event-stream; charset=utf-8" if stream else "application/json"
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/../pyproject.toml",
        "/..%2f..%2fetc/passwd",
        "/%00",
        f"/{SCRIPT}",
        "/chat.js/../../wire.py",
        "/v1/models/" + "a" * 8000,
    ],
)
def test_paths_lead_nowhere_else(live: Live, path: str) -> None:
    answer = httpx2.get(live.url + path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"
    assert SCRIPT not in answer.text


@pytest.mark.parametrize("host", ["[", "a b", "localhost@evil.example", "[::1"])
def test_host_names_that_are_none_are_refused(live: Live, host: str) -> None:
    assert httpx2.get(f"{live.url}/v1/models", headers={"Host": host}).status_code in {400, 403}


@pytest.mark.parametrize("origin", ["[", "http://[::1", "null", "https://127.0.0.1.evil.example"])
def test_origins_that_are_none_are_refused(live: Live, origin: str) -> None:
    answer = httpx2.get(f"{live.url}/v1/models", headers={"Origin": origin})
    assert answer.status_code == 403


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(field=st.sampled_from([*GOOD, "stop", "stream_options", "n", "logprobs"]), value=VALUES)
def test_any_value_in_any_field_is_answered_or_refused(
    live: Live, field: str, value: object
) -> None:
    answer = post(live, json.dumps(GOOD | {field: value}).encode())
    assert answer.status_code in {200, 400, 404}
    assert answer.status_code == 200 or set(answer.json()) == {"error"}


BODY = json.dumps(GOOD | {"stream": True}).encode()
REQUEST = (
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY)
) + BODY


@pytest.mark.parametrize("sent", [1, 20, 60, len(REQUEST) - len(BODY), len(REQUEST) - 1])
def test_leaving_within_a_request_leaves_nothing_behind(live: Live, sent: int) -> None:
    with connected(live) as client:
        client.sendall(REQUEST[:sent])
    assert post(live, json.dumps(GOOD).encode()).status_code == 200
    assert len(PUPPET.asked) == 1
    assert live.gate.free == 2


@pytest.mark.parametrize("heard", [0, 1, 3])
def test_leaving_within_an_answer_frees_the_place(heard: int) -> None:
    puppet = Puppet(line=["word "] * 500, pause_s=0.02)
    with live_server(tutor(puppet), at_once=1) as live, connected(live) as client:
        client.sendall(REQUEST)
        assert soon(lambda: len(puppet.asked) == 1)
        for _ in range(heard):
            assert client.recv(200)
        client.close()
        assert soon(lambda: live.gate.free == 1 and puppet.left == 1)


def test_many_who_leave_at_once_leave_every_place_free() -> None:
    puppet = Puppet(line=["word "] * 500, pause_s=0.02)
    with live_server(tutor(puppet), at_once=2, waiting=6) as live:
        with ExitStack() as clients:
            for _ in range(12):
                clients.enter_context(connected(live)).sendall(REQUEST)
            assert soon(lambda: live.gate.queued == 6)
        assert soon(lambda: live.gate.free == 2 and live.gate.queued == 0)
        assert len(puppet.asked) == puppet.left <= 4


def connected(live: Live) -> closing[socket.socket]:
    port = int(live.url.rsplit(":", 1)[1])
    return closing(socket.create_connection(("127.0.0.1", port), timeout=30))
