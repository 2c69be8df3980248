"""Nobody holds a connection without using it."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest
from live_server import Live, Puppet, live_server, soon, tutor

from quimbot.serve import connection

HEAD = (
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
)


@pytest.fixture
def puppet() -> Puppet:
    return Puppet()


@pytest.fixture
def live(puppet: Puppet, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    monkeypatch.setattr(connection, "REQUEST_S", 0.3)
    monkeypatch.setattr(connection, "STALLED_S", 0.3)
    with live_server(tutor(puppet), at_once=1) as live:
        yield live


def connected(live: Live) -> closing[socket.socket]:
    port = int(live.url.rsplit(":", 1)[1])
    return closing(socket.create_connection(("127.0.0.1", port), timeout=30))


def is_closed(client: socket.socket) -> bool:
    """Whether the server closes a connection, and says nothing more."""
    try:
        return client.recv(1000) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("sent", [b"", b"GE", b"GET / HTTP/1.1\r\nHost: loc", HEAD % 100 + b"{"])
def test_a_request_that_never_ends_is_given_up(live: Live, puppet: Puppet, sent: bytes) -> None:
    with connected(live) as client:
        client.sendall(sent)
        assert is_closed(client)
    assert puppet.asked == []


def test_a_request_that_trickles_in_is_given_up(live: Live) -> None:
    """Each byte would start the clock of a plain timeout anew."""
    start = time.monotonic()
    with connected(live) as client:
        with suppress(ConnectionError):
            while time.monotonic() < start + 5:
                client.sendall(b"G")
                time.sleep(0.02)
        assert is_closed(client)


def test_an_answer_may_take_longer_than_a_request(live: Live, puppet: Puppet) -> None:
    puppet.pause_s = 0.15
    body = b'{"model": "tutor", "messages": [{"role": "user", "content": "Hi"}]}'
    with connected(live) as client:
        for _ in range(2):  # and the connection is kept for the next request
            client.sendall(HEAD % len(body) + body)
            assert b"200 OK" in client.recv(10_000)
    assert len(puppet.asked) == 2


def test_a_client_that_does_not_take_its_answer_frees_its_place(live: Live, puppet: Puppet) -> None:
    puppet.line = ["word " * 100_000] * 50
    body = b'{"model": "tutor", "stream": true, "messages": [{"role": "user", "content": "Hi"}]}'
    with connected(live) as client:
        client.sendall(HEAD % len(body) + body)
        assert soon(lambda: live.gate.free == 0)
        assert soon(lambda: live.gate.free == 1 and puppet.left == 1)
