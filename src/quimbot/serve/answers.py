"""What the API answers, as its OpenAPI document tells it; the answers are written in `wire`."""

from typing import Any, Literal

from pydantic import BaseModel

_EVENT = {"type": "object", "properties": {"data": {"type": "string"}}, "required": ["data"]}
EVENTS = {"content": {"text/event-stream": {"schema": _EVENT}}}
"""A streamed answer: events whose data is JSON, until it ends."""
TABLE = {"content": {"text/csv": {"schema": {"type": "string"}}}}
"""A table for a spreadsheet."""


class _Fault(BaseModel):
    message: str
    type: str
    param: str | None
    code: str


class ErrorAnswer(BaseModel):
    """Any request that is not answered."""

    error: _Fault


ERRORS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": ErrorAnswer, "description": "The request cannot be answered as it is."},
    "5XX": {"model": ErrorAnswer, "description": "The server cannot answer it now."},
}
"""How every route fails."""


class State(BaseModel):
    """How the server is."""

    status: str


class _Model(BaseModel):
    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    title: str


class ModelsAnswer(BaseModel):
    """The tutors, each a model; the default comes first."""

    object: Literal["list"]
    data: list[_Model]


class _Likely(BaseModel):
    token: str
    logprob: float
    bytes: list[int]


class _Token(_Likely):
    top_logprobs: list[_Likely]


class _Logprobs(BaseModel):
    content: list[_Token]
    refusal: None


class _Said(BaseModel):
    role: Literal["assistant"]
    content: str


class _Choice(BaseModel):
    index: Literal[0]
    message: _Said
    logprobs: _Logprobs | None
    finish_reason: Literal["stop", "length"]


class _Usage(BaseModel):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatAnswer(BaseModel):
    """A whole reply."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[_Choice]
    usage: _Usage
