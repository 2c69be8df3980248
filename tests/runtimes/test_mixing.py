"""A server that answers for one model as another is found before a learner is."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from live_server import serving

from quimbot.exceptions import ModelError, RuntimeFault
from quimbot.runtimes.connect import open_runtimes
from quimbot.runtimes.mixing import refuse_mixing

Answer = Callable[[str, str, set[str]], str]
"""Model, what was said and which models are in the batch → the reply."""


@contextmanager
def server(answer: Answer) -> Iterator[tuple[str, list[str]]]:
    """An OpenAI-compatible server that waits to have a batch; its URL and who was asked."""
    batch: list[str] = []
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            model = body["model"]
            asked.append(model)
            batch.append(model)
            time.sleep(0.15)
            text = answer(model, body["messages"][-1]["content"], set(batch))
            time.sleep(0.05)
            batch.remove(model)
            chunk = {"choices": [{"delta": {"content": text}, "finish_reason": "stop"}]}
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.wfile.write(f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode())

        def log_message(self, *_: object) -> None:
            pass

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}/v1", asked


def apart(model: str, said: str, _: set[str]) -> str:
    return f"{model} hears {said}"


def mixing(model: str, said: str, batch: set[str]) -> str:
    """As vLLM on CPU without a spare slot: in a mixed batch the base is the last adapter."""
    return apart(max(batch) if model == "base" else model, said, batch)


def check(url: str, *models: str) -> None:
    with open_runtimes([f"{url}#{model}" for model in models]) as runtimes:
        refuse_mixing(runtimes.values())


def test_a_server_that_mixes_models_is_refused_in_a_line() -> None:
    with server(mixing) as (url, _), pytest.raises(ModelError) as caught:
        check(url, "base", "recast", "spanish")
    told = str(caught.value)
    assert told.startswith(f"{url}: answers otherwise for 'base' while")
    assert "--max-loras" in told
    assert "\n" not in told


def test_a_server_that_keeps_them_apart_is_taken() -> None:
    with server(apart) as (url, asked):
        check(url, "base", "recast", "spanish")
    assert {asked.count(model) for model in ("base", "recast", "spanish")} == {6}


def test_another_word_or_two_in_company_are_arithmetic() -> None:
    def rounding(model: str, said: str, batch: set[str]) -> str:
        near_tie = len(batch) > 1 and said.startswith("She")
        return apart(model, said, batch) + "!" * near_tie

    with server(rounding) as (url, _):
        check(url, "base", "recast")


def test_a_server_that_never_says_the_same_twice_proves_nothing() -> None:
    drawn = iter(range(1000))
    with server(lambda model, said, batch: f"{apart(model, said, batch)} {next(drawn)}") as (
        url,
        _,
    ):
        check(url, "base", "recast")


def test_one_model_a_server_is_not_asked() -> None:
    with server(apart) as (first, asked), server(apart) as (second, also):
        with open_runtimes([f"{first}#base", f"{second}#recast", "scripted:echo"]) as runtimes:
            refuse_mixing(runtimes.values())
        assert asked == also == []


def test_a_server_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quimbot.runtimes.endpoint.TRIES", 1)
    with server(apart) as (url, _):
        pass
    with pytest.raises(RuntimeFault, match="cannot be reached"):
        check(url, "base", "recast")
