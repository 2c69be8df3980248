"""An OpenAI-compatible judge on a free loopback port that answers as a test wants."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from live_server import serving

from quimbot.evaluate.criteria import QUESTIONS, Criterion


@dataclass(frozen=True)
class Put:
    """One question as it reached the judge."""

    criterion: Criterion
    learner: str
    reply: str
    offered: tuple[str, str]
    """The answers, in the order they were offered."""


Judge = Callable[[Put], str | int]
"""What is said, or the status that is sent instead."""


class JudgeServer(ThreadingHTTPServer):
    """Keeps what it was asked."""

    def __init__(self, judge: Judge) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.judge = judge
        self.put: list[Put] = []
        self.bodies: list[dict[str, Any]] = []
        self.lock = threading.Lock()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1#judge"


class _Handler(BaseHTTPRequestHandler):
    server: JudgeServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        put = _read(body["messages"][-1]["content"])
        with self.server.lock:
            self.server.put.append(put)
            self.server.bodies.append(body)
        answer = self.server.judge(put)
        if isinstance(answer, int):
            self.send_response(answer)
            self.end_headers()
            self.wfile.write(b'{"error": {"message": "no judge here"}}')
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        piece = {"choices": [{"delta": {"content": answer}, "finish_reason": "stop"}]}
        self.wfile.write(f"data: {json.dumps(piece)}\n\ndata: [DONE]\n\n".encode())

    def log_message(self, *_: object) -> None:
        """Silence."""


def _read(text: str) -> Put:
    given, question, choice = text.split("\n", maxsplit=1)[0], *text.split("\n")[-2:]
    texts = json.loads(given)
    offered = re.fullmatch(r"Answer with one word: (yes|no) or (yes|no)\.", choice)
    assert offered
    slugs = {f"Question: {asked}": slug for slug, asked in QUESTIONS.items()}
    return Put(slugs[question], texts["learner"], texts["tutor"], (offered[1], offered[2]))


@contextmanager
def judging(judge: Judge) -> Iterator[JudgeServer]:
    """A judge at work until the block ends."""
    server = JudgeServer(judge)
    with serving(server):
        yield server
