"""OpenAI-compatible servers, good and bad, on the loopback."""

import asyncio
import email.utils
import json
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from live_server import serving

from quimbot.exceptions import ModelError, OutOfCredit, PromptTooLong, RuntimeFault
from quimbot.records.record import Message
from quimbot.runtimes.endpoint import KEY_VARIABLE, Endpoint
from quimbot.runtimes.runtime import Reply, Sampling, ask_all, reply

CHAT = [Message(role="user", content="Yesterday I go to the store.")]
KEY = "sk-very-secret"

Answer = Callable[[BaseHTTPRequestHandler], object]


@dataclass
class Server:
    """Gives its answers one after the other, then the last one again; keeps what it was asked."""

    answers: list[Answer] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    port: int = 0

    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1#tutor"

    def ask(self, sampling: Sampling | None = None) -> Reply:
        return asyncio.run(reply(Endpoint(self.address()), CHAT, sampling or Sampling()))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            state.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            state.keys.append(self.headers["Authorization"])
            assert self.path == "/v1/chat/completions"
            answer = state.answers.pop(0) if len(state.answers) > 1 else state.answers[0]
            answer(self)

        def log_message(self, *_: object) -> None:
            """Silence."""

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as state.port:
        yield state


def streamed(*events: object, status: int = 200) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        for event in events:
            data = event if isinstance(event, str) else json.dumps(event)
            handler.wfile.write(f"data: {data}\n\n".encode())

    return answer


def refused(status: int, message: str = "", code: str = "", **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(json.dumps({"error": {"message": message, "code": code}}).encode())

    return answer


def piece(text: str | None = None, finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]}


GOOD = streamed(
    piece("You went "),
    piece("to the store? 🙂"),
    piece(finish="stop"),
    {"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 7}},
    "[DONE]",
)
WHOLE = Reply(text="You went to the store? 🙂", finish="stop", prompt_tokens=11, reply_tokens=7)


def test_reply_and_request(server: Server) -> None:
    server.answers = [GOOD]
    sampling = Sampling(max_tokens=9, temperature=0.5, top_p=0.9, seed=3, stop=("\n",))
    assert server.ask(sampling) == WHOLE
    assert server.keys == [f"Bearer {KEY}"]
    assert server.bodies == [
        {
            "model": "tutor",
            "messages": [{"role": "user", "content": CHAT[0].content}],
            "max_tokens": 9,
            "temperature": 0.5,
            "top_p": 0.9,
            "seed": 3,
            "stop": ["\n"],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
    ]


TOLD = {
    "token": " went",
    "logprob": -0.25,
    "bytes": None,
    "top_logprobs": [
        {"token": " went", "logprob": -0.25, "bytes": [32, 119, 101, 110, 116]},
        {"token": " go", "logprob": -1.5},
    ],
}


@pytest.mark.parametrize("whole", [False, True])
def test_probabilities_are_passed_on_where_they_are_asked_for(server: Server, whole: bool) -> None:
    choice = {"logprobs": {"content": [TOLD]}, "finish_reason": "stop" if whole else None}
    said = {"content": " went"}
    if whole:
        answer = {"choices": [choice | {"message": said}]}
        server.answers = [lambda handler: send_json(handler, answer)]
    else:
        server.answers = [streamed({"choices": [choice | {"delta": said}]}, piece(finish="stop"))]
    runtime = Endpoint(server.address(), streamed=not whole)
    (drawn,) = asyncio.run(reply(runtime, CHAT, Sampling(likeliest=1))).drawn
    assert (drawn.text, drawn.data, drawn.logprob) == (" went", b" went", -0.25)
    assert [one.text for one in drawn.likeliest] == [" went"]
    assert asyncio.run(reply(runtime, CHAT, Sampling())).drawn == ()
    assert [(b.get("logprobs"), b.get("top_logprobs")) for b in server.bodies] == [
        (True, 1),
        (None, None),
    ]


def send_json(handler: BaseHTTPRequestHandler, value: object) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    handler.wfile.write(json.dumps(value).encode())


@pytest.mark.parametrize("told", [{"content": [{"token": "a"}]}, {"content": 7}, "x", [1]])
def test_probabilities_in_another_format_are_a_fault(server: Server, told: object) -> None:
    choice = {"delta": {"content": "a"}, "logprobs": told, "finish_reason": None}
    server.answers = [streamed({"choices": [choice]}, piece(finish="stop"))]
    with pytest.raises(RuntimeFault, match="not in OpenAI's format"):
        server.ask(Sampling(likeliest=1))


def test_no_key_no_header(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE)
    server.answers = [streamed(piece("Hi"), piece(finish="length"))]
    assert server.ask() == Reply(text="Hi", finish="length")
    assert server.keys == [None]
    assert "stop" not in server.bodies[0]


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_busy_servers_are_asked_again(server: Server, status: int) -> None:
    server.answers = [refused(status, Retry_After="0"), refused(status, Retry_After="0"), GOOD]
    assert server.ask() == WHOLE
    assert len(server.bodies) == 3


@pytest.mark.parametrize("as_date", [False, True])
def test_wait_is_as_long_as_asked(server: Server, as_date: bool) -> None:
    asked = email.utils.formatdate(time.time() + 2, usegmt=True) if as_date else "1"
    server.answers = [refused(429, Retry_After=asked), GOOD]
    start = time.monotonic()
    server.ask()
    assert 0.9 < time.monotonic() - start < 20


def test_giving_up_names_the_last_answer(server: Server) -> None:
    server.answers = [refused(503, "loading\nthe model", Retry_After="0")]
    with pytest.raises(RuntimeFault, match=r"answered 503 Service Unavailable \(loading the model"):
        server.ask()
    assert len(server.bodies) == 5


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (402, "out of credit"),
        (401, f"check the key in {KEY_VARIABLE}"),
        (404, "the model's name"),
        (400, "answered 400 Bad Request"),
        (499, "answered 499"),
    ],
)
def test_refusals_are_final_and_keep_the_secret(server: Server, status: int, advice: str) -> None:
    server.answers = [refused(status, f"the key {KEY} is\nno good")]
    with pytest.raises(RuntimeFault) as caught:
        server.ask()
    assert advice in str(caught.value)
    assert "\n" not in str(caught.value)
    assert KEY not in str(caught.value)
    assert len(server.bodies) == 1


def test_many_chats_share_their_connections_and_leave_none_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    seen: list[tuple[str, int]] = []
    closed = threading.Semaphore(0)
    body = b"".join(
        f"data: {json.dumps(event)}\n\n".encode() for event in (piece("Hi"), piece(finish="stop"))
    )

    class Keeping(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            seen.append(self.client_address)
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def finish(self) -> None:
            super().finish()
            closed.release()

        def log_message(self, *_: object) -> None:
            """Silence."""

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Keeping)) as port:
        endpoint = Endpoint(f"http://127.0.0.1:{port}/v1#tutor")
        for _ in range(2):  # each in an event loop of its own
            outcomes = asyncio.run(ask_all(endpoint, [CHAT] * 12, Sampling(), at_once=3))
            assert [isinstance(outcome, Reply) for outcome in outcomes] == [True] * 12
        assert len(seen) == 24
        assert len(set(seen)) <= 6
        assert all(closed.acquire(timeout=5) for _ in set(seen))


AFFORD = "This request requires more credits. You asked for 64 tokens, but can only afford {}."


def test_a_smaller_reply_is_asked_for_once_when_that_is_all_the_account_pays(
    server: Server,
) -> None:
    server.answers = [refused(402, AFFORD.format(40)), GOOD]
    assert server.ask() == WHOLE
    assert [body["max_tokens"] for body in server.bodies] == [64, 40]


@pytest.mark.parametrize(
    ("first", "requests"),
    [("no credit", 1), (AFFORD.format(3), 1), (AFFORD.format(64), 1), (AFFORD.format(40), 2)],
)
def test_an_account_without_credit_is_not_asked_again(
    server: Server, first: str, requests: int
) -> None:
    server.answers = [refused(402, first), refused(402, AFFORD.format(30))]
    with pytest.raises(OutOfCredit, match="out of credit"):
        server.ask()
    assert len(server.bodies) == requests


def test_too_long_a_chat_is_named(server: Server) -> None:
    server.answers = [refused(400, "maximum context length is 5", "context_length_exceeded")]
    with pytest.raises(PromptTooLong, match="maximum context length is 5"):
        server.ask()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (streamed(piece("You we")), "broke off"),
        (streamed(piece("You we"), {"error": {"message": "out of memory"}}), "out of memory"),
        (streamed("{broken"), "not JSON"),
        (streamed("x" * 2**20), "cannot be reached"),
        (streamed(piece("x"), piece(finish="content_filter")), "content_filter"),
        (refused(200, "hello"), "event-stream"),
    ],
)
def test_half_replies_are_faults(server: Server, answer: Answer, told: str) -> None:
    server.answers = [answer]
    with pytest.raises(RuntimeFault, match=told) as caught:
        server.ask()
    assert len(server.bodies) == 1
    assert "\n" not in str(caught.value)


def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(RuntimeFault, match=r"^http://127\.0\.0\.1:9/v1#x: cannot be reached \("):
        asyncio.run(reply(Endpoint("http://127.0.0.1:9/v1#x", tries=2), CHAT, Sampling()))


def test_leaving_early_closes_the_connection(server: Server) -> None:
    closed = threading.Event()

    def endless(handler: BaseHTTPRequestHandler) -> None:
        try:
            while True:
                streamed(piece("word "))(handler)
                time.sleep(0.01)
        except (BrokenPipeError, ConnectionResetError):
            closed.set()

    async def leave() -> None:
        stream = Endpoint(server.address()).stream(CHAT, Sampling())
        assert isinstance(stream, AsyncGenerator)
        await anext(stream)
        await stream.aclose()

    server.answers = [endless]
    asyncio.run(leave())
    assert closed.wait(5)


@pytest.mark.parametrize(
    "address", ["https://me:secret@host/v1#m", "https://host/v1?key=secret#m", "https://host/v1"]
)
def test_addresses_that_are_refused(address: str) -> None:
    with pytest.raises(ModelError) as caught:
        Endpoint(address)
    assert "secret" not in str(caught.value)


def test_a_redirect_is_not_followed_since_the_key_would_go_along(server: Server) -> None:
    server.answers = [refused(307, Location="http://127.0.0.1:9/v1/chat/completions")]
    with pytest.raises(RuntimeFault, match="answered 307"):
        server.ask()
    assert len(server.bodies) == 1


@pytest.mark.parametrize(("exempt", "requests"), [("", 1), ("tutor.invalid", 0)])
def test_the_proxy_of_the_environment_is_used(
    monkeypatch: pytest.MonkeyPatch, exempt: str, requests: int
) -> None:
    asked: list[str] = []

    class Proxy(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(self.path)
            GOOD(self)

        def log_message(self, *_: object) -> None:
            """Silence."""

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Proxy)) as port:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("NO_PROXY", exempt)
        endpoint = Endpoint("http://tutor.invalid/v1#tutor", tries=1)
        if exempt:
            with pytest.raises(RuntimeFault, match="cannot be reached"):
                asyncio.run(reply(endpoint, CHAT, Sampling()))
        else:
            assert asyncio.run(reply(endpoint, CHAT, Sampling())) == WHOLE
    assert asked == ["http://tutor.invalid/v1/chat/completions"] * requests


def test_an_answer_that_is_no_http_is_a_fault(server: Server) -> None:
    server.answers = [lambda handler: handler.wfile.write(b"hello\r\n\r\n")]
    with pytest.raises(RuntimeFault, match="cannot be reached") as caught:
        asyncio.run(reply(Endpoint(server.address(), tries=1), CHAT, Sampling()))
    assert "\n" not in str(caught.value)
