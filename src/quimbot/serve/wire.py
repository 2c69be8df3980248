"""The OpenAI chat format as it goes over the wire: requests read, answers and errors written.

Unknown fields of a request are passed over, as clients send many; bad values are refused.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from secrets import randbelow, token_hex
from typing import Annotated, Literal

import msgspec
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from quimbot.records.record import Message
from quimbot.runtimes.drawn import Drawn, told_tokens
from quimbot.runtimes.runtime import Delta, Reply, Sampling

HOTTEST = 2
"""The highest temperature of the format."""
LONGEST_TALK = 200_000
"""Characters; more than the context of any tutor holds, and not read for nothing."""
REASON = "quimbot.reason"
"""Where an error notes its code in the scope of the request that it answers."""


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]
"""Without the character 0 and halves of a surrogate pair, which no database keeps."""


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
"""To JSON Schema 6.0 is a whole number."""


class TextPart(_Lenient):
    """A piece of a message's text."""

    type: Literal["text"]
    text: Text


class ChatMessage(_Lenient):
    """One turn as a client sends it."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Text | list[TextPart]

    def message(self) -> Message:
        """The turn as everything inside knows it."""
        parts = self.content
        text = parts if isinstance(parts, str) else "".join(part.text for part in parts)
        return Message(role="system" if self.role == "developer" else self.role, content=text)


class StreamOptions(_Lenient):
    """What a client wants to hear in a stream beside the text."""

    include_usage: bool = False


StopText = Annotated[Text, Field(min_length=1)]
_ONE_OF_THE_LEARNER = {"properties": {"role": {"const": "user"}}, "required": ["role"]}


class ChatRequest(_Lenient):
    """The body of POST /v1/chat/completions."""

    model: Text
    messages: Annotated[
        list[ChatMessage],
        Field(min_length=1, json_schema_extra={"contains": _ONE_OF_THE_LEARNER}),
    ]
    stream: bool = False
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Field(ge=0, le=HOTTEST)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: Annotated[int, WHOLE] | None = None
    max_tokens: Annotated[int, Field(ge=1), WHOLE] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1), WHOLE] | None = None
    stop: StopText | Annotated[list[StopText], Field(max_length=4)] | None = None
    n: Annotated[int, Field(ge=1, le=1), WHOLE] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20), WHOLE] | None = None
    """Without `logprobs` it says nothing."""

    def dialogue(self) -> tuple[Message, ...]:
        """The turns.

        Raises:
            ApiError: none of them is the learner's, or no model could read them all.
        """
        turns = tuple(message.message() for message in self.messages)
        if all(turn.role != "user" for turn in turns):
            raise ApiError(400, "invalid_messages", "no message has the role 'user'", "messages")
        if sum(len(turn.content) for turn in turns) > LONGEST_TALK:
            raise too_long()
        return turns

    def sampling(self, *, max_tokens: int, temperature: float) -> Sampling:
        """How to draw the reply; without a seed every reply is drawn anew.

        `max_tokens` is the most that is given; `temperature` holds where none is asked for.
        """
        asked = self.max_completion_tokens or self.max_tokens or max_tokens
        stop = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())
        return Sampling(
            max_tokens=min(asked, max_tokens),
            temperature=temperature if self.temperature is None else self.temperature,
            top_p=1.0 if self.top_p is None else self.top_p,
            seed=randbelow(2**31) if self.seed is None else self.seed % 2**31,
            stop=stop,
            likeliest=(self.top_logprobs or 0) if self.logprobs else None,
        )


class ApiError(Exception):
    """A request that is not answered, in OpenAI's shape; the message never quotes the request."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self._code = code
        self._param = param
        self._headers = headers

    def body(self) -> dict[str, object]:
        """The error as JSON."""
        match self.status // 100, self.status:
            case _, 429:
                kind = "rate_limit_error"
            case 5, _:
                kind = "server_error"
            case _:
                kind = "invalid_request_error"
        error = {"message": str(self), "type": kind, "param": self._param, "code": self._code}
        return {"error": error}

    def response(self) -> Response:
        """The error as an answer."""
        return _Refusal(self._code, self.body(), status=self.status, headers=self._headers)


class _Refusal(Response):
    """An error as an answer, which notes its code for whoever counts."""

    def __init__(
        self, code: str, body: object, *, status: int, headers: Mapping[str, str] | None
    ) -> None:
        answer = json_response(body, status=status, headers=headers)
        self._code = code
        super().__init__(answer.body, answer.status_code, dict(answer.headers))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        scope[REASON] = self._code
        await super().__call__(scope, receive, send)


def too_long() -> ApiError:
    """A talk that does not fit the model."""
    return ApiError(
        400,
        "context_length_exceeded",
        "the conversation is too long for this model; send fewer messages",
        "messages",
    )


def json_response(
    value: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A value as a JSON answer that no cache keeps."""
    return Response(
        msgspec.json.encode(value),
        status_code=status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        media_type="application/json",
    )


def model_list(titles: Mapping[str, str], created: int) -> dict[str, object]:
    """The tutors as models, by name; the first is the default. `title` is what a learner reads."""
    data = [
        {"id": name, "object": "model", "created": created, "owned_by": "quimbot", "title": title}
        for name, title in titles.items()
    ]
    return {"object": "list", "data": data}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One chat completion: what its whole form and the chunks of its stream have in common."""

    model: str
    include_usage: bool = False
    include_logprobs: bool = False
    id: str = field(default_factory=lambda: f"chatcmpl-{token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, reply: Reply) -> dict[str, object]:
        """The answer at once."""
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": reply.text},
            "logprobs": self._logprobs(reply.drawn),
            "finish_reason": reply.finish,
        }
        return {
            **self._head("chat.completion"),
            "choices": [choice],
            "usage": _usage(reply),
        }

    def opening(self) -> bytes:
        """The first event of the stream."""
        return self._chunk({"role": "assistant", "content": ""}, None)

    def piece(self, delta: Delta) -> bytes:
        """The events for one piece of the reply."""
        out = self._chunk({"content": delta.text}, None, delta.drawn) if delta.text else b""
        if delta.finish is not None:
            out += self._chunk({}, delta.finish)
            if self.include_usage:
                out += self._event([], {"usage": _usage(delta)})
        return out

    def closing(self) -> bytes:
        """The last event of a stream that went well."""
        return b"data: [DONE]\n\n"

    def _chunk(
        self, delta: Mapping[str, str], finish: str | None, drawn: Sequence[Drawn] = ()
    ) -> bytes:
        told = self._logprobs(drawn) if drawn else None
        choice = {"index": 0, "delta": delta, "logprobs": told, "finish_reason": finish}
        return self._event([choice], {"usage": None} if self.include_usage else {})

    def _event(self, choices: Sequence[object], more: Mapping[str, object]) -> bytes:
        return event({**self._head("chat.completion.chunk"), "choices": choices, **more})

    def _logprobs(self, drawn: Sequence[Drawn]) -> dict[str, object] | None:
        return {"content": told_tokens(drawn), "refusal": None} if self.include_logprobs else None

    def _head(self, kind: str) -> dict[str, object]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


class PageAnswer:
    """A reply as the pages read it: each piece is an event as it is."""

    def opening(self) -> bytes:
        """Nothing."""
        return b""

    def piece(self, piece: Mapping[str, object]) -> bytes:
        """The event."""
        return event(piece)

    def closing(self) -> bytes:
        """Nothing; the last piece says that it is."""
        return b""


def event(value: object) -> bytes:
    """A value as one server-sent event."""
    return b"data: " + msgspec.json.encode(value) + b"\n\n"


def _usage(counted: Delta | Reply) -> dict[str, int]:
    return {
        "prompt_tokens": counted.prompt_tokens,
        "completion_tokens": counted.reply_tokens,
        "total_tokens": counted.prompt_tokens + counted.reply_tokens,
    }
