"""Any OpenAI-compatible server: vLLM, Ollama, llama-server or a hosted one."""

import asyncio
import datetime as dt
import email.utils
import os
import re
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import msgspec
import stamina
import truststore
from aiohttp.http import HttpProcessingError

from quimbot.exceptions import (
    Busy,
    ModelError,
    OutOfCredit,
    PromptTooLong,
    RuntimeFault,
    Unusable,
)
from quimbot.records.record import Message
from quimbot.runtimes.drawn import Drawn, drawn_tokens
from quimbot.runtimes.runtime import Delta, Finish, Sampling

KEY_VARIABLE = "QUIMBOT_API_KEY"

TRIES = 5
"""Requests for one chat, where the server is busy or cannot be reached."""
TIMEOUT_S = 120.0
"""Longest silence of a server."""
_CONNECT_S = 10.0
_LONGEST_WAIT_S = 60.0
_ADVICE: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "check the key in {key}",
    HTTPStatus.PAYMENT_REQUIRED: "the account is out of credit: pay, or use another endpoint",
    HTTPStatus.FORBIDDEN: "the key in {key} may not use this model",
    HTTPStatus.NOT_FOUND: "check the address (it ends in /v1) and the model's name",
}
_AFFORDABLE = re.compile(r"can only afford (\d{1,9})\b")
"""How OpenRouter tells how large a reply the account still pays for."""
_LEAST_TOKENS = 24
"""A shorter reply is not worth asking for."""
_TOO_LONG = "context_length_exceeded"
"""The code by which OpenAI's API tells that a chat does not fit."""
_SERVER_ERRORS = 500
_JSON = {"Content-Type": "application/json"}
_EVENTS = "text/event-stream"
_FINISHES: dict[str, Finish] = {"stop": "stop", "length": "length"}


class Endpoint:
    """The model `#name` of an OpenAI-compatible server; its key comes from the environment."""

    def __init__(
        self,
        address: str,
        *,
        key: str = KEY_VARIABLE,
        tries: int = TRIES,
        timeout_s: float = TIMEOUT_S,
        streamed: bool = True,
    ) -> None:
        """`address` is such as `https://host/v1#model`; `key` names an environment variable.

        A reply that is not `streamed` comes as one piece, which costs less when there are many.

        Raises:
            ModelError: no model is named, or the address carries a secret.
        """
        parts = urlsplit(address)
        if parts.username or parts.password or parts.query:
            raise ModelError(
                f"{parts.scheme}://{parts.hostname}: an address carries no user, password or query;"
                f" set {key}"
            )
        self._url, _, self._model = address.partition("#")
        if not self._model:
            raise ModelError(f"{address}: names no model; write {address}#MODEL")
        self.name = address
        self._key_variable = key
        self._key = os.environ.get(key, "")
        self._tries = tries
        self._timeout = aiohttp.ClientTimeout(sock_connect=_CONNECT_S, sock_read=timeout_s)
        self._streamed = streamed
        self._tls: ssl.SSLContext | None = None
        self._open_clients: dict[asyncio.AbstractEventLoop, aiohttp.ClientSession] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held between chats."""

    async def stream(self, messages: Sequence[Message], sampling: Sampling) -> AsyncIterator[Delta]:
        """The reply in pieces; a connection that fails before the first one is tried again."""
        body = self._body(messages, sampling)
        async with self._client() as client:
            try:
                async with await self._open(client, body) as response:
                    if self._streamed:
                        async for delta in self._deltas(response, sampling.likeliest):
                            yield delta
                    else:
                        yield self._whole(await response.read(), sampling.likeliest)
            except _Refusal as refusal:
                raise self._refused(refusal) from refusal
            except TimeoutError as fault:
                told = self._told("was silent for too long")
                raise RuntimeFault(told, kind="timed-out") from fault
            except aiohttp.ClientPayloadError as fault:
                raise self._broken_off() from fault
            except aiohttp.ClientConnectorError as fault:
                raise self._not_reached(fault.os_error, "no-connection") from fault
            except (aiohttp.ClientError, HttpProcessingError) as fault:
                raise self._not_reached(fault, "reset") from fault

    def _body(self, messages: Sequence[Message], sampling: Sampling) -> dict[str, Any]:
        """A chat as it is asked for."""
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": m.role, "content": m.content} for m in messages],
            "max_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": sampling.seed,
        }
        if sampling.stop:
            body["stop"] = list(sampling.stop)
        if sampling.likeliest is not None:
            body |= {"logprobs": True, "top_logprobs": sampling.likeliest}
        if self._streamed:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        return body

    @asynccontextmanager
    async def session(self) -> AsyncIterator[None]:
        """Inside it, the connections of this event loop are used again."""
        loop = asyncio.get_running_loop()
        async with self._new_client() as client:
            self._open_clients[loop] = client
            try:
                yield
            finally:
                del self._open_clients[loop]

    def _client(self) -> AbstractAsyncContextManager[aiohttp.ClientSession]:
        """The client of the session, else one for a single chat.

        A client belongs to the event loop it was made in, and callers come from several.
        """
        shared = self._open_clients.get(asyncio.get_running_loop())
        return nullcontext(shared) if shared else self._new_client()

    def _new_client(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            # the caller decides how many chats are under way; each keeps its connection
            connector=aiohttp.TCPConnector(limit=0, ssl=self._tls_settings()),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Authorization": f"Bearer {self._key}"} if self._key else None,
            timeout=self._timeout,
            proxy=_proxy(self._url),
        )

    async def _open(
        self, client: aiohttp.ClientSession, body: dict[str, Any]
    ) -> aiohttp.ClientResponse:
        """The answer to a request, which is made smaller once when the account pays for less."""
        try:
            return await self._send(client, body)
        except _Refusal as refusal:
            affordable = refusal.affordable
            if not _LEAST_TOKENS <= affordable < body["max_tokens"]:
                raise
            return await self._send(client, body | {"max_tokens": affordable})

    async def _send(
        self, client: aiohttp.ClientSession, body: dict[str, Any]
    ) -> aiohttp.ClientResponse:
        url = f"{self._url.rstrip('/')}/chat/completions"
        data = msgspec.json.encode(body)
        async for attempt in stamina.retry_context(
            on=_wait, attempts=self._tries, timeout=None, wait_initial=0.5, wait_max=8.0
        ):
            with attempt:
                response = await client.post(url, data=data, headers=_JSON, allow_redirects=False)
                if response.status != HTTPStatus.OK:
                    async with response:
                        raise await _Refusal.of(response)
                return response
        raise AssertionError("the last attempt returns or raises")

    async def _deltas(
        self, response: aiohttp.ClientResponse, likeliest: int | None
    ) -> AsyncIterator[Delta]:
        if response.content_type != _EVENTS:
            told = self._told(f"answered with {response.content_type} instead of {_EVENTS}")
            raise RuntimeFault(told, kind="not-events")
        finish: Finish | None = None
        last = Delta()
        async for line in response.content:
            name, _, data = line.strip().partition(b":")
            if name != b"data":
                continue
            if data.strip() == b"[DONE]":
                break
            piece = self._checked(data)
            last = _counted(piece, last)
            for choice in piece.get("choices", ()):
                text = (choice.get("delta") or {}).get("content") or ""
                drawn = self._drawn(choice, likeliest)
                if text or drawn:
                    yield Delta(text=text, drawn=drawn)
                finish = self._finish(choice) or finish
        if finish is None:
            raise self._broken_off()
        yield replace(last, finish=finish)

    def _whole(self, data: bytes, likeliest: int | None) -> Delta:
        """The reply that came at once."""
        answer = self._checked(data)
        for choice in answer.get("choices", ()):
            if finish := self._finish(choice):
                text = (choice.get("message") or {}).get("content") or ""
                drawn = self._drawn(choice, likeliest)
                return replace(_counted(answer, Delta()), text=text, drawn=drawn, finish=finish)
        raise self._broken_off()

    def _drawn(self, choice: dict[str, Any], likeliest: int | None) -> tuple[Drawn, ...]:
        """The tokens of a piece, where they were asked for and the server tells them."""
        if likeliest is None or not choice.get("logprobs"):
            return ()
        try:
            return drawn_tokens(choice["logprobs"].get("content") or (), likeliest)
        except (msgspec.ValidationError, AttributeError, ValueError) as fault:
            told = self._told(f"sent logprobs that are not in OpenAI's format ({fault})")
            raise RuntimeFault(told, kind="not-logprobs") from fault

    def _finish(self, choice: dict[str, Any]) -> Finish | None:
        reason = choice.get("finish_reason")
        if reason and reason not in _FINISHES:
            raise RuntimeFault(self._told(f"ended the reply with {reason!r}"), kind=str(reason))
        return _FINISHES[reason] if reason else None

    def _broken_off(self) -> RuntimeFault:
        return RuntimeFault(self._told("broke off in the middle of a reply"), kind="broke-off")

    def _not_reached(self, fault: Exception, kind: str) -> RuntimeFault:
        why = str(fault) or type(fault).__name__
        return RuntimeFault(self._told(f"cannot be reached ({why})"), kind=kind)

    def _checked(self, data: str | bytes) -> dict[str, Any]:
        try:
            piece = msgspec.json.decode(data, type=dict[str, Any])
        except msgspec.DecodeError as fault:
            told = self._told(f"sent a piece that is not JSON ({fault})")
            raise RuntimeFault(told, kind="not-json") from fault
        if piece.get("error"):
            raise RuntimeFault(self._told(f"failed ({_message(piece)})"), kind="error")
        return piece

    def _refused(self, refusal: "_Refusal") -> RuntimeFault:
        """What a status that is no success means."""
        status, said = refusal.status, refusal.message
        advice = _ADVICE.get(status, "").format(key=self._key_variable)
        line = f"answered {status} {refusal.reason}"
        line += (f" ({said})" if said else "") + (f"; {advice}" if advice else "")
        told, kind = self._told(line), str(status)
        if status == HTTPStatus.PAYMENT_REQUIRED:
            return OutOfCredit(told, kind=kind)
        if status in _ADVICE:
            return Unusable(told, kind=kind)
        wait_s = refusal.asked_to_wait
        if status == HTTPStatus.TOO_MANY_REQUESTS or wait_s is not None:
            return Busy(told, kind=kind, wait_s=wait_s)
        long = _TOO_LONG in refusal.body
        return PromptTooLong(told, kind=kind) if long else RuntimeFault(told, kind=kind)

    def _tls_settings(self) -> ssl.SSLContext | bool:
        """Certificates as the system trusts them, read once."""
        if not self._url.startswith("https://"):
            return True
        if self._tls is None:
            self._tls = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return self._tls

    def _told(self, what: str) -> str:
        """One line that names the server and never the key, whatever the server sent back."""
        line = f"{self.name}: {' '.join(what.split())}"
        return line.replace(self._key, "***") if self._key else line


@dataclass
class _Refusal(Exception):  # noqa: N818 - what it says decides which error it is
    """An answer with a status that is no success."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: str

    @classmethod
    async def of(cls, response: aiohttp.ClientResponse) -> Self:
        """What a response says."""
        body = (await response.read()).decode(errors="replace")
        return cls(response.status, response.reason or "", response.headers, body)

    @property
    def message(self) -> str:
        """The words of the server, where they come as OpenAI's API has them."""
        try:
            return _message(msgspec.json.decode(self.body, type=dict[str, Any]))
        except msgspec.DecodeError:
            return ""

    @property
    def affordable(self) -> int:
        """The tokens that the account can still pay for, if it refuses for want of credit."""
        found = _AFFORDABLE.search(self.body)
        return int(found[1]) if found and self.status == HTTPStatus.PAYMENT_REQUIRED else 0

    @property
    def asked_to_wait(self) -> float | None:
        """Seconds that `Retry-After` asks for, in either of its forms."""
        asked = self.headers.get("Retry-After", "")
        if asked.isdigit():
            return float(asked)
        if date := email.utils.parsedate_tz(asked):
            return max(email.utils.mktime_tz(date) - dt.datetime.now(dt.UTC).timestamp(), 0.0)
        return None


def _wait(fault: Exception) -> bool | float:
    """Whether to try again, or after how many seconds when the server says so."""
    if not isinstance(fault, _Refusal):
        return isinstance(fault, aiohttp.ClientError)
    if fault.status != HTTPStatus.TOO_MANY_REQUESTS and fault.status < _SERVER_ERRORS:
        return False
    wait_s = fault.asked_to_wait
    return True if wait_s is None else min(wait_s, _LONGEST_WAIT_S)


def _proxy(url: str) -> str | None:
    """The proxy that the environment names for an address, such as HTTPS_PROXY."""
    parts = urlsplit(url)
    proxies = {} if proxy_bypass(parts.netloc) else getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def _counted(answer: dict[str, Any], before: Delta) -> Delta:
    """What an answer, or a piece of one, says of its tokens, its cost and who gave it."""
    usage = answer.get("usage") or {}
    return Delta(
        prompt_tokens=usage.get("prompt_tokens", before.prompt_tokens),
        reply_tokens=usage.get("completion_tokens", before.reply_tokens),
        model=str(answer.get("model") or before.model),
        provider=str(answer.get("provider") or before.provider),
        cost=usage.get("cost", before.cost),
    )


def _message(answer: dict[str, Any]) -> str:
    error = answer.get("error", "")
    text = error.get("message", "") if isinstance(error, dict) else error
    return str(text)[:200]
