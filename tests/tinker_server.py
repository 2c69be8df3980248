"""A stand-in for the Tinker service: the routes that sampling needs, over a real model in torch.

Written from what the SDK sends and accepts. It shows that our side of the talk is right, not that
the paid service does the same.
"""

import json
import math
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import torch
from live_server import serving
from peft import PeftModel
from tinker.proto import tinker_public_pb2 as proto
from transformers import AutoModelForCausalLM

KEY = "tml-very-secret"

Body = dict[str, Any]


@dataclass
class TinkerServer:
    """What the service holds, how it is to fail, and what it was asked."""

    base: Path
    snapshots: dict[str, Path] = field(default_factory=dict)
    """Address → adapter."""
    faults: dict[str, Iterator[int]] = field(default_factory=dict)
    """Route → statuses that it answers with, before it answers as it should."""
    reply: list[int] = field(default_factory=list)
    """Tokens that are said whatever is asked, if not the model's own."""
    failure: str = ""
    """What every result under way comes to, if not to a reply."""
    open: threading.Event = field(default_factory=threading.Event)
    """While it is not set, results are not ready."""
    asked: list[tuple[str, Body]] = field(default_factory=list)
    """Routes and bodies, in order."""
    models: dict[str, Any] = field(default_factory=dict)
    samplers: list[str] = field(default_factory=list)
    """Addresses that were opened."""
    port: int = 0

    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def bodies(self, route: str) -> list[Body]:
        """What came on one route."""
        return [body for asked, body in self.asked if asked == route]

    def load(self) -> None:
        """The base and the snapshots, each as one model."""
        for address, adapter in {str(self.base): None, **self.snapshots}.items():
            model: Any = AutoModelForCausalLM.from_pretrained(self.base, dtype=torch.float32)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)
                if adapter:
                    model = PeftModel.from_pretrained(model, adapter).merge_and_unload()
            self.models[address] = model.eval()

    def answer(self, route: str, body: Body) -> tuple[int, Body | bytes]:
        """Status, and JSON or protobuf."""
        self.asked.append((route, body))
        if status := next(self.faults.get(route, iter(())), None):
            return status, {"detail": f"this is {status}"}
        match route.split("/"):
            case ["create_session"]:
                answer: Body | bytes = {"session_id": "session-1"}
            case ["create_sampling_session"]:
                address = body.get("model_path") or body["base_model"]
                if address not in self.models:
                    return 404, {"detail": "no such model"}
                self.samplers.append(address)
                answer = {"sampling_session_id": str(len(self.samplers) - 1)}
            case ["samplers", sampler]:
                answer = {"sampler_id": sampler, "base_model": str(self.base)}
            case ["asample"]:
                number = len(self.asked) - 1
                answer = {"request_id": str(number), "sample_sequence_ids": [f"{number}-0"]}
            case ["retrieve_future"]:
                answer = self._result(self.asked[int(body["request_id"])][1])
            case ["client", "dynamic_config"]:
                answer = {"sample_cancel_enabled": True}
            case ["telemetry"]:
                answer = {"status": "accepted"}
            case _:
                answer = {}
        return 200, answer

    def _result(self, request: Body) -> Body | bytes:
        if self.failure:
            return {"error": self.failure, "category": "server"}
        if not self.open.wait(0.05):
            return {"type": "try_again", "request_id": "", "queue_state": "active"}
        model = self.models[self.samplers[int(request["sampling_session_id"])]]
        prompt = [token for chunk in request["prompt"]["chunks"] for token in chunk["tokens"]]
        params = request["sampling_params"]
        reply = self.reply or _sampled(model, prompt, params)
        ended = reply[-1] in params.get("stop", ())
        scores = prompt_logprobs(model, prompt) if request.get("prompt_logprobs") else b""
        response = proto.SampleResponse(
            sequences=[
                proto.SampledSequence(
                    stop_reason=proto.STOP_REASON_STOP if ended else proto.STOP_REASON_LENGTH,
                    tokens=np.array(reply, np.int32).tobytes(),
                )
            ],
            prompt_logprobs=scores,
        )
        data: bytes = response.SerializeToString()
        return data


@torch.inference_mode()
def _sampled(model: Any, prompt: list[int], params: Body) -> list[int]:  # noqa: ANN401
    """A reply, its stop token included, by a whole forward pass a token."""
    chance = torch.Generator().manual_seed(params.get("seed", 0))
    reply: list[int] = []
    for _ in range(params["max_tokens"]):
        logits = model(torch.tensor([prompt + reply]), use_cache=False).logits[0, -1]
        heat = params["temperature"]
        token = (
            torch.multinomial((logits / heat).softmax(-1), 1, generator=chance)
            if heat
            else logits.argmax()
        )
        reply.append(int(token))
        if reply[-1] in params.get("stop", ()):
            break
    return reply


@torch.inference_mode()
def prompt_logprobs(model: Any, prompt: list[int]) -> bytes:  # noqa: ANN401
    """Log-probabilities of the tokens of a prompt; the first has none."""
    logits = model(torch.tensor([prompt]), use_cache=False).logits[0, :-1].log_softmax(-1)
    values = logits.gather(-1, torch.tensor(prompt[1:])[:, None])[:, 0].tolist()
    return np.array([math.nan, *values], np.float32).tobytes()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: TinkerServer

    def do_GET(self) -> None:
        self._send(*self.state.answer(self._route(), {}))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        given = self.headers["X-API-Key"]
        if given == KEY:
            self._send(*self.state.answer(self._route(), body))
        else:
            self._send(401, {"detail": f"nobody has the key {given}"})

    def _route(self) -> str:
        return self.path.removeprefix("/api/v1/")

    def _send(self, status: int, answer: Body | bytes) -> None:
        plain = isinstance(answer, bytes)
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-protobuf" if plain else "application/json")
        self.send_header("Content-Length", str(len(data)))
        if self._route() == "client/config":  # the SDK leaves this connection open, unused
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Silence."""


@contextmanager
def tinker_server(base: Path, snapshots: dict[str, Path]) -> Iterator[TinkerServer]:
    """A stand-in at work, until the block ends."""
    state = TinkerServer(base=base, snapshots=snapshots)
    state.load()
    state.open.set()
    handler = type("Handler", (_Handler,), {"state": state})
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as state.port:
        yield state
