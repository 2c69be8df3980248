"""Tinker, the service of Thinking Machines: bases that it runs, and adapters that it trained.

The service takes and gives tokens, so chats are written here, with the style and the tokenizer of
the base, as for a model on this machine. The key comes from TINKER_API_KEY, as its SDK reads it.
"""

import logging
import os
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future
from functools import partial
from http import HTTPStatus
from types import TracebackType
from typing import Self, TypeVar

from quimbot.exceptions import ModelError, OutOfCredit, RuntimeFault, Unusable
from quimbot.records.record import Message
from quimbot.runtimes.chat_format import END_OF_TURN, examples, prompt_text
from quimbot.runtimes.models import ModelFiles, find_model
from quimbot.runtimes.runtime import Delta, Sampling, TokenLogprob

# The SDK reports calls and faults to its makers unless told not to; and it logs, with whatever a
# server sent back, what is raised here as one line.
os.environ.setdefault("TINKER_TELEMETRY", "0")
for _part in ("api_future_impl", "internal_client_holder", "retry_handler"):
    logging.getLogger(f"tinker.lib.{_part}").setLevel(logging.CRITICAL)

try:
    import tinker
    from tinker.lib.retry_handler import RetryConfig
except ModuleNotFoundError as missing:
    raise ModelError(
        f"tinker: addresses need the package {missing.name!r}; pip install 'quimbot[tinker]'"
    ) from missing

KEY_VARIABLE = "TINKER_API_KEY"

_PREFIX = "tinker:"
_SNAPSHOT = "tinker://"

OPENING_S = 60.0
"""Longest wait until the service opens a session or a model."""
STUCK_S = 300.0
"""Longest wait for replies while none comes; the SDK asks again meanwhile."""
_CLOSING_S = 10.0

_ADVICE: dict[int, str] = {
    HTTPStatus.BAD_REQUEST: "shorten the chat or the reply",
    HTTPStatus.UNAUTHORIZED: f"check the key in {KEY_VARIABLE}",
    HTTPStatus.PAYMENT_REQUIRED: "the account cannot pay: add credit, then run again",
    HTTPStatus.FORBIDDEN: f"the key in {KEY_VARIABLE} may not use this model",
    HTTPStatus.NOT_FOUND: "check the address; a snapshot may have expired",
    HTTPStatus.UNPROCESSABLE_ENTITY: "shorten the chat or the reply",
}
_LATER = "check the network and the state of the service, then run again"
_FAULTS = (tinker.TinkerError, TimeoutError, RuntimeError, ValueError)
"""What the SDK raises; the last two types where an answer is not what it expects."""

T = TypeVar("T")


class TinkerEngine:
    """A session of the service, opened with the first model and closed at the end of `with`."""

    def __init__(self, *, opening_s: float = OPENING_S, stuck_s: float = STUCK_S) -> None:
        """Nothing is asked of the service yet."""
        self._opening_s = opening_s
        self._retries = RetryConfig(progress_timeout=stuck_s)
        self._service = tinker.ServiceClient()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the session; one that cannot be closed ends by itself on the service."""
        close = partial(self._service.__exit__, kind, fault, trace)
        try:
            _within(_CLOSING_S, close)
        except _FAULTS:
            return

    def runtime(self, name: str) -> "TinkerRuntime":
        """The model at an address as a runtime.

        Raises:
            ModelError: the service does not open it, or its chats cannot be written here.
        """
        base = name.removeprefix(_PREFIX)
        if not base:
            raise ModelError(
                f"{name}: names no model; write {_PREFIX}Qwen/Qwen3-8B for a base, "
                f"or {_SNAPSHOT}RUN/sampler_weights/NAME"
            )
        try:
            client = _within(
                self._opening_s,
                lambda: self._service.create_sampling_client(
                    model_path=name if name.startswith(_SNAPSHOT) else None,
                    base_model=None if name.startswith(_SNAPSHOT) else base,
                    retry_config=self._retries,
                ).result(),
            )
        except _FAULTS as fault:
            raise ModelError(str(_told(name, fault))) from fault
        # The SDK sits out an hour when the account cannot pay and has no setting for it; here the
        # command ends and says so, and goes on when run again.
        impatient = {"billing_exception_max_pause_duration_sec": 0}
        config = client.holder.get_client_config().model_copy(update=impatient)
        client.holder._client_config = config  # noqa: SLF001
        try:
            files = find_model(client.get_base_model(), weights=False)
            return TinkerRuntime(name, client, files)
        except ModelError as fault:
            raise ModelError(f"{name}: its base cannot be used: {fault}") from fault


def _within(seconds: float, work: Callable[[], T]) -> T:
    """What some work returns in time; on a thread of its own, because the SDK's calls block.

    Raises:
        TimeoutError: it goes on, and nobody waits for it.
    """
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except Exception as fault:  # noqa: BLE001 - raised again where the result is awaited
            done.set_exception(fault)

    threading.Thread(target=run, daemon=True).start()
    return done.result(seconds)


class TinkerRuntime:
    """A base or a snapshot for sampling, as the service runs it."""

    def __init__(self, name: str, client: tinker.SamplingClient, base: ModelFiles) -> None:
        """Made by `TinkerEngine.runtime`.

        Raises:
            ModelError: the base writes chats in another way than we do.
        """
        self.name = name
        self._client = client
        self._style = base.style
        self._tokenizer = base.tokenizer()
        end = self._tokenizer.encode(END_OF_TURN, add_special_tokens=False)
        if len(end) != 1:
            raise ModelError(f"{base.name}: its tokenizer has no token {END_OF_TURN}")
        self._end = end[0]

    async def stream(self, messages: Sequence[Message], sampling: Sampling) -> AsyncIterator[Delta]:
        """The reply in one piece; leaving earlier cancels it at the service."""
        text = prompt_text(messages, self._style)
        prompt = self._tokenizer.encode(text, add_special_tokens=False)
        asked = tinker.SamplingParams(
            max_tokens=sampling.max_tokens,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            seed=sampling.seed,
            stop=[self._end],  # tokens and words cannot be mixed: words are looked for below
        )
        try:
            found = await self._client.sample(tinker.ModelInput.from_ints(prompt), 1, asked)
        except _FAULTS as fault:
            raise _told(self.name, fault) from fault
        (sequence,) = found.sequences
        reply = self._tokenizer.decode(sequence.tokens)
        at = [place for stop in sampling.stop if (place := reply.find(stop)) >= 0]
        yield Delta(
            text=reply[: min(at)] if at else reply,
            finish="stop" if at else sequence.stop_reason,
            prompt_tokens=len(prompt),
            reply_tokens=len(sequence.tokens),
        )

    def logprobs(self, dialogues: Sequence[Sequence[Message]]) -> list[list[TokenLogprob]]:
        """For each dialogue, its assistant tokens (end-of-turn included) with log-probabilities.

        Raises:
            RuntimeFault: the service did not answer, or not for every token.
        """
        sequences = [
            (i, tokens, weights)
            for i, dialogue in enumerate(dialogues)
            for tokens, weights in examples(dialogue, self._style, self._tokenizer)
        ]
        answers = [
            self._client.compute_logprobs(tinker.ModelInput.from_ints([*tokens]))
            for _, tokens, _ in sequences
        ]
        results: list[list[TokenLogprob]] = [[] for _ in dialogues]
        try:
            for (i, tokens, weights), answer in zip(sequences, answers, strict=True):
                results[i] += self._scored(tokens, weights, answer.result() or ())
        except _FAULTS as fault:
            raise _told(self.name, fault) from fault
        finally:
            for answer in answers:
                answer.future().cancel()
        return results

    def _scored(
        self, tokens: Sequence[int], weights: Sequence[float], values: Sequence[float | None]
    ) -> list[TokenLogprob]:
        """The weighted tokens with their log-probabilities in nats."""
        scored = []
        for token, weight, value in zip(tokens, weights, values, strict=True):
            if not weight:
                continue
            if value is None:
                raise ValueError(f"no log-probability for token {token}")
            text = self._tokenizer.decode([token])
            scored.append(TokenLogprob(token=token, text=text, logprob=value))
        return scored


def _told(name: str, fault: Exception) -> RuntimeFault:
    """What a fault of the SDK means, in one line without the key."""
    # a status that came while the result was fetched stands behind a ValueError
    refusal = fault if isinstance(fault, tinker.APIStatusError) else fault.__cause__
    if isinstance(refusal, tinker.APIStatusError):
        return _refused(name, refusal)
    if isinstance(fault, (TimeoutError, tinker.APIConnectionError)):
        why = str(fault) or "it took too long"
        return RuntimeFault(_line(name, f"no answer ({why})", _LATER), kind="no-answer")
    if isinstance(fault, tinker.RequestFailedError):
        said = fault.message.partition(" for self.request_id")[0]
        return RuntimeFault(_line(name, said, "run again"), kind="failed")
    if type(fault) is tinker.TinkerError:  # the SDK's own checks, before anything is sent
        return Unusable(_line(name, f"no usable key ({fault})", f"set {KEY_VARIABLE}"), kind="key")
    return RuntimeFault(_line(name, f"an answer that is not understood ({fault})", _LATER))


def _refused(name: str, refusal: tinker.APIStatusError) -> RuntimeFault:
    """What a status that is no success means."""
    status, body = refusal.status_code, refusal.body
    said = str(body.get("detail", "") if isinstance(body, dict) else body or "")[:200]
    what = f"answered {status}" + (f" ({said})" if said else "")
    told, kind = _line(name, what, _ADVICE.get(status, _LATER)), str(status)
    match status:
        case HTTPStatus.PAYMENT_REQUIRED:
            return OutOfCredit(told, kind=kind)
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN | HTTPStatus.NOT_FOUND:
            return Unusable(told, kind=kind)
        case _:
            return RuntimeFault(told, kind=kind)


def _line(name: str, what: str, advice: str) -> str:
    line = f"{name}: {' '.join(what.split())}; {advice}"
    key = os.environ.get(KEY_VARIABLE, "")
    return line.replace(key, "***") if key else line
