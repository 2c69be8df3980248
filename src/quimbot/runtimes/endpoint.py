"""Any OpenAI-compatible server: vLLM, Ollama, llama-server or a hosted one."""

import asyncio
import datetime as dt
import email.utils
import os
import re
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2
import msgspec
import stamina

from quimbot.exceptions import ModelError, OutOfCredit, PromptTooLong, RuntimeFault
from quimbot.records.record import Message
from quimbot.runtimes.runtime import Delta, Finish, Sampling

KEY_VARIABLE = "QUIMBOT_API_KEY"

_ATTEMPTS = 5
_LONGEST_WAIT_S = 60.0
_TIMEOUT = httpx2.Timeout(10.0, read=120.0)
_LIMITS = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
"""The caller decides how many chats are under way; each keeps its connection."""
_ADVICE: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: f"check the key in {KEY_VARIABLE}",
    HTTPStatus.PAYMENT_REQUIRED: "the account is out of credit: pay, or use another endpoint",
    HTTPStatus.FORBIDDEN: f"the key in {KEY_VARIABLE} may not use this model",
    HTTPStatus.NOT_FOUND: "check the address (it ends in /v1) and the model's name",
}
_AFFORDABLE = re.compile(r"can only afford (\d{1,9})\b")
"""How OpenRouter tells how large a reply the account still pays for."""
_LEAST_TOKENS = 24
"""A shorter reply is not worth asking for."""
_TOO_LONG = "context_length_exceeded"
"""The code by which OpenAI's API tells that a chat does not fit."""
_FINISHES: dict[str, Finish] = {"stop": "stop", "length": "length"}


class Endpoint:
    """The model `#name` of an OpenAI-compatible server; the key comes from `QUIMBOT_API_KEY`."""

    def __init__(self, address: str) -> None:
        """`address` is such as `https://host/v1#model`.

        Raises:
            ModelError: no model is named, or the address carries a secret.
        """
        parts = urlsplit(address)
        if parts.username or parts.password or parts.query:
            raise ModelError(
                f"{parts.scheme}://{parts.hostname}: an address carries no user, password or query;"
                f" set {KEY_VARIABLE}"
            )
        self._url, _, self._model = address.partition("#")
        if not self._model:
            raise ModelError(f"{address}: names no model; write {address}#MODEL")
        self.name = address
        self._key = os.environ.get(KEY_VARIABLE, "")
        self._tls: ssl.SSLContext | None = None
        self._open_clients: dict[asyncio.AbstractEventLoop, httpx2.AsyncClient] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held between chats."""

    async def stream(self, messages: Sequence[Message], sampling: Sampling) -> AsyncIterator[Delta]:
        """The reply in pieces; a connection that fails before the first one is tried again."""
        body = {
            "model": self._model,
            "messages": [{"role": m.role, "content": m.content} for m in messages],
            "max_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": sampling.seed,
            "stream": True,
            "stream_options": {"include_usage": True},
        } | ({"stop": list(sampling.stop)} if sampling.stop else {})
        async with self._client() as client:
            try:
                response = await self._open(client, body)
                try:
                    async for delta in self._deltas(response):
                        yield delta
                finally:
                    await response.aclose()
            except httpx2.HTTPStatusError as fault:
                raise _kind(fault.response)(self._told(_refusal(fault.response))) from fault
            except httpx2.HTTPError as fault:
                why = str(fault) or type(fault).__name__
                raise RuntimeFault(self._told(f"cannot be reached ({why})")) from fault

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

    def _client(self) -> AbstractAsyncContextManager[httpx2.AsyncClient]:
        """The client of the session, else one for a single chat.

        A client belongs to the event loop it was made in, and callers come from several.
        """
        shared = self._open_clients.get(asyncio.get_running_loop())
        return nullcontext(shared) if shared else self._new_client()

    def _new_client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(timeout=_TIMEOUT, verify=self._tls_settings(), limits=_LIMITS)

    async def _open(self, client: httpx2.AsyncClient, body: dict[str, Any]) -> httpx2.Response:
        """The answer to a request, which is made smaller once when the account pays for less."""
        try:
            return await self._send(client, body)
        except httpx2.HTTPStatusError as fault:
            affordable = _affordable(fault.response)
            if not _LEAST_TOKENS <= affordable < body["max_tokens"]:
                raise
            return await self._send(client, body | {"max_tokens": affordable})

    async def _send(self, client: httpx2.AsyncClient, body: dict[str, Any]) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        url = f"{self._url.rstrip('/')}/chat/completions"
        request = client.build_request("POST", url, json=body, headers=headers)
        async for attempt in stamina.retry_context(
            on=_wait, attempts=_ATTEMPTS, timeout=None, wait_initial=0.5, wait_max=8.0
        ):
            with attempt:
                response = await client.send(request, stream=True)
                if not response.is_success:
                    await response.aread()
                    response.raise_for_status()
                return response
        raise AssertionError("the last attempt returns or raises")

    async def _deltas(self, response: httpx2.Response) -> AsyncIterator[Delta]:
        finish: Finish | None = None
        prompt_tokens = reply_tokens = 0
        async for event in httpx2.EventSource(response):
            if event.data == "[DONE]":
                break
            piece = self._piece(event.data)
            usage = piece.get("usage") or {}
            prompt_tokens = usage.get("prompt_tokens", prompt_tokens)
            reply_tokens = usage.get("completion_tokens", reply_tokens)
            for choice in piece.get("choices", ()):
                if text := (choice.get("delta") or {}).get("content"):
                    yield Delta(text=text)
                if reason := choice.get("finish_reason"):
                    if reason not in _FINISHES:
                        raise RuntimeFault(self._told(f"ended the reply with {reason!r}"))
                    finish = _FINISHES[reason]
        if finish is None:
            raise RuntimeFault(self._told("broke off in the middle of a reply"))
        yield Delta(finish=finish, prompt_tokens=prompt_tokens, reply_tokens=reply_tokens)

    def _piece(self, data: str) -> dict[str, Any]:
        try:
            piece = msgspec.json.decode(data, type=dict[str, Any])
        except msgspec.DecodeError as fault:
            raise RuntimeFault(self._told(f"sent a piece that is not JSON ({fault})")) from fault
        if "error" in piece:
            raise RuntimeFault(self._told(f"failed ({_message(piece)})"))
        return piece

    def _tls_settings(self) -> ssl.SSLContext | bool:
        if not self._url.startswith("https://"):
            return False
        if self._tls is None:
            self._tls = httpx2.create_ssl_context()
        return self._tls

    def _told(self, what: str) -> str:
        """One line that names the server and never the key, whatever the server sent back."""
        line = f"{self.name}: {' '.join(what.split())}"
        return line.replace(self._key, "***") if self._key else line


def _wait(fault: Exception) -> bool | float:
    """Whether to try again, or after how many seconds when the server says so."""
    if not isinstance(fault, httpx2.HTTPStatusError):
        return isinstance(fault, httpx2.TransportError)
    status = fault.response.status_code
    if status != HTTPStatus.TOO_MANY_REQUESTS and not fault.response.is_server_error:
        return False
    asked = fault.response.headers.get("Retry-After", "")
    if asked.isdigit():
        return min(float(asked), _LONGEST_WAIT_S)
    if date := email.utils.parsedate_tz(asked):
        wait = email.utils.mktime_tz(date) - dt.datetime.now(dt.UTC).timestamp()
        return min(max(wait, 0.0), _LONGEST_WAIT_S)
    return True


def _kind(response: httpx2.Response) -> type[RuntimeFault]:
    if response.status_code == HTTPStatus.PAYMENT_REQUIRED:
        return OutOfCredit
    return PromptTooLong if _TOO_LONG in response.text else RuntimeFault


def _affordable(response: httpx2.Response) -> int:
    """The tokens that the account can still pay for, if a refusal for want of credit says so."""
    if response.status_code != HTTPStatus.PAYMENT_REQUIRED:
        return 0
    found = _AFFORDABLE.search(response.text)
    return int(found[1]) if found else 0


def _refusal(response: httpx2.Response) -> str:
    advice = _ADVICE.get(response.status_code)
    try:
        said = _message(msgspec.json.decode(response.content, type=dict[str, Any]))
    except msgspec.DecodeError:
        said = ""
    line = f"answered {response.status_code} {response.reason_phrase}"
    return line + (f" ({said})" if said else "") + (f"; {advice}" if advice else "")


def _message(answer: dict[str, Any]) -> str:
    error = answer.get("error", "")
    text = error.get("message", "") if isinstance(error, dict) else error
    return str(text)[:200]
