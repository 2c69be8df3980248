"""What the server counts, in Prometheus's format; no name, address or word of anybody in it."""

from collections.abc import Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from quimbot.serve.gate import Gate
from quimbot.serve.tutors import Tutor

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """The counters of one server, in a registry of their own."""

    def __init__(self, gate: Gate, tutors: Mapping[str, Tutor]) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "quimbot_requests",
            "Requests answered, by route and status.",
            ["route", "status"],
            registry=self._registry,
        )
        self._refused = Counter(
            "quimbot_refused",
            "Requests refused, by the code of the error.",
            ["reason"],
            registry=self._registry,
        )
        self._first = Histogram(
            "quimbot_first_token_seconds",
            "From a request to the first words of its reply, waiting included.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._reply = Histogram(
            "quimbot_reply_seconds",
            "From a request to the end of its reply, waiting included.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._tokens = Counter(
            "quimbot_tokens",
            "Tokens read (prompt) and written (reply).",
            ["kind"],
            registry=self._registry,
        )
        for name, text, value in (
            ("quimbot_queue_length", "Requests that wait for their turn.", lambda: gate.queued),
            ("quimbot_running", "Replies being written.", lambda: gate.running),
            ("quimbot_tutors", "Tutors that can be talked to.", lambda: len(tutors)),
        ):
            Gauge(name, text, registry=self._registry).set_function(value)

    def answered(self, route: str, status: int, reason: str | None) -> None:
        """A request was answered; `reason` is the code of the error, if it was one."""
        self._requests.labels(route, str(status)).inc()
        if reason is not None:
            self._refused.labels(reason).inc()

    def replied(self, first_s: float | None, whole_s: float) -> None:
        """A reply was sent; `first_s` is when its first words were, where it was streamed."""
        if first_s is not None:
            self._first.observe(first_s)
        self._reply.observe(whole_s)

    def spent(self, prompt_tokens: int, reply_tokens: int) -> None:
        """The tokens of a reply."""
        self._tokens.labels("prompt").inc(prompt_tokens)
        self._tokens.labels("reply").inc(reply_tokens)

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._registry)
