"""The official OpenAI client talks to the real server."""

import logging
from collections.abc import Iterator
from typing import Any

import httpx2
import openai
import pytest
from live_server import Live, Puppet, live_server, soon, tutor

from quimbot.exceptions import OutputError
from quimbot.serve.limits import Limits

SAID = "Yesterday I go to the market."
REPLY = "Oh, you went to the market? What did you buy?"


@pytest.fixture
def puppet() -> Puppet:
    return Puppet()


@pytest.fixture
def live(puppet: Puppet) -> Iterator[Live]:
    with live_server(tutor(puppet, "tutor"), tutor(Puppet(line=["Ok."]), "base")) as live:
        yield live


@pytest.fixture
def client(live: Live) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{live.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def test_every_tutor_is_a_model_and_the_default_comes_first(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["tutor", "base"]


def test_a_whole_reply_with_usage(client: openai.OpenAI, puppet: Puppet) -> None:
    done = client.chat.completions.create(
        model="tutor",
        messages=[{"role": "user", "content": SAID}],
        temperature=0.5,
        top_p=0.9,
        seed=3,
        max_tokens=20,
        stop=["\n"],
        n=1,
    )
    assert done.choices[0].message.content == REPLY
    assert done.choices[0].finish_reason == "stop"
    assert done.usage is not None
    assert (done.usage.prompt_tokens, done.usage.completion_tokens) == (7, 5)
    assert done.usage.total_tokens == 12
    messages, sampling = puppet.asked[0]
    assert [message.role for message in messages] == ["system", "user"]
    assert (sampling.temperature, sampling.top_p, sampling.seed) == (0.5, 0.9, 3)
    assert (sampling.max_tokens, sampling.stop) == (20, ("\n",))


def test_a_stream_with_usage_at_its_end(client: openai.OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(
            model="tutor",
            messages=[{"role": "user", "content": SAID}],
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    assert chunks[0].choices[0].delta.role == "assistant"
    assert len(chunks) > len(Puppet().line)
    said = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert said == REPLY
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 5
    assert len({chunk.id for chunk in chunks}) == 1


def test_the_stream_ends_with_done_and_has_no_usage_unasked(live: Live) -> None:
    body = {"model": "tutor", "stream": True, "messages": [{"role": "user", "content": SAID}]}
    answer = httpx2.post(f"{live.url}/v1/chat/completions", json=body)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.endswith("data: [DONE]\n\n")
    assert "usage" not in answer.text


ASKED: Any = {"model": "tutor", "messages": [{"role": "user", "content": SAID}]}


@pytest.mark.parametrize("top", [None, 0, 2])
def test_probabilities_come_with_the_words_whole_or_streamed(
    client: openai.OpenAI, puppet: Puppet, top: int | None
) -> None:
    puppet.tells = True
    ask = ASKED | {"logprobs": True, "top_logprobs": top}
    whole = client.chat.completions.create(**ask).choices[0].logprobs
    assert whole is not None
    assert whole.content is not None
    assert "".join(token.token for token in whole.content) == REPLY
    assert [bytes(token.bytes or ()).decode() for token in whole.content] == [*puppet.line]
    assert {token.logprob for token in whole.content} == {-0.5}
    assert {len(token.top_logprobs) for token in whole.content} == {top or 0}
    chunks = client.chat.completions.create(**ask, stream=True)
    choices = [chunk.choices[0] for chunk in chunks]
    told = [token for c in choices if c.logprobs for token in c.logprobs.content or ()]
    assert told == whole.content
    assert all(choice.logprobs is None for choice in choices if not choice.delta.content)


def test_unasked_no_probabilities_are_told(client: openai.OpenAI, puppet: Puppet) -> None:
    puppet.tells = True
    for more in ({}, {"logprobs": False}, {"top_logprobs": 3}):
        assert client.chat.completions.create(**ASKED, **more).choices[0].logprobs is None
    assert [sampling.likeliest for _, sampling in puppet.asked] == [None] * 3


def test_a_tutor_that_tells_no_probabilities_is_named(
    client: openai.OpenAI, puppet: Puppet
) -> None:
    for stream in (False, True):
        with pytest.raises(openai.BadRequestError, match="'tutor' tells no log-prob") as caught:
            client.chat.completions.create(**ASKED, logprobs=True, stream=stream)
        assert (caught.value.code, caught.value.param) == ("logprobs_unavailable", "logprobs")
    assert puppet.left == 2


def test_a_cut_reply_says_length(client: openai.OpenAI, puppet: Puppet) -> None:
    puppet.finish = "length"
    done = client.chat.completions.create(
        model="tutor", messages=[{"role": "user", "content": SAID}], max_completion_tokens=5
    )
    assert done.choices[0].finish_reason == "length"
    assert puppet.asked[0][1].max_tokens == 5


def test_no_request_gets_more_than_the_server_gives(client: openai.OpenAI, puppet: Puppet) -> None:
    client.chat.completions.create(
        model="tutor", messages=[{"role": "user", "content": SAID}], max_tokens=100_000
    )
    assert puppet.asked[0][1].max_tokens == 64


def test_a_system_message_of_the_client_stands(client: openai.OpenAI, puppet: Puppet) -> None:
    client.chat.completions.create(
        model="tutor",
        messages=[
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": SAID}]},
        ],
    )
    assert [(m.role, m.content) for m in puppet.asked[0][0]] == [
        ("system", "Be brief."),
        ("user", SAID),
    ]


def test_hidden_thinking_never_leaves_the_server(client: openai.OpenAI, puppet: Puppet) -> None:
    puppet.line = ["<th", "ink>Yesterday I went", "</thi", "nk>\n\n", "Oh, you went?"]
    ask = {"model": "tutor", "messages": [{"role": "user", "content": SAID}]}
    whole = client.chat.completions.create(**ask)  # type: ignore[call-overload] # plain dict
    assert whole.choices[0].message.content == "Oh, you went?"
    chunks = client.chat.completions.create(**ask, stream=True)  # type: ignore[call-overload] # same
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == "Oh, you went?"


def test_an_unknown_model_is_never_answered_by_another(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="gpt", messages=[{"role": "user", "content": SAID}])
    assert caught.value.code == "model_not_found"
    assert caught.value.param == "model"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("messages", []),
        ("messages", "hello"),
        ("messages", [{"role": "tool", "content": "x"}]),
        ("messages", [{"role": "assistant", "content": "x"}]),
        ("messages", [{"role": "user", "content": [{"type": "image_url"}]}]),
        ("temperature", 3),
        ("temperature", "hot"),
        ("top_p", 0),
        ("max_tokens", 0),
        ("n", 2),
        ("stop", ["a", "b", "c", "d", "e"]),
        ("stop", ""),
        ("seed", 1.5),
        ("stream", "yes"),
        ("logprobs", 1),
        ("top_logprobs", 21),
        ("top_logprobs", -1),
        ("model", None),
    ],
)
def test_a_bad_value_is_a_bad_request_that_names_it(
    client: openai.OpenAI, puppet: Puppet, field: str, value: object
) -> None:
    body = {"model": "tutor", "messages": [{"role": "user", "content": "secret"}], field: value}
    with pytest.raises(openai.BadRequestError) as caught:
        client.post("/chat/completions", body=body, cast_to=object)
    assert str(caught.value.param).startswith(field)
    assert caught.value.type == "invalid_request_error"
    assert "secret" not in caught.value.message
    assert puppet.asked == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b'{"model":"\\ud800"}', b"\xff"])
def test_anything_but_json_is_a_bad_request(live: Live, content: bytes) -> None:
    answer = httpx2.post(
        f"{live.url}/v1/chat/completions",
        content=content,
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_a_prompt_that_does_not_fit_is_a_bad_request(client: openai.OpenAI, puppet: Puppet) -> None:
    puppet.longest = 1
    for stream in (False, True):
        with pytest.raises(openai.BadRequestError) as caught:
            client.chat.completions.create(
                model="tutor", messages=[{"role": "user", "content": SAID}], stream=stream
            )
        assert caught.value.code == "context_length_exceeded"


def test_a_huge_body_is_refused_unread(live: Live) -> None:
    body = {"model": "tutor", "messages": [{"role": "user", "content": "a" * 2_000_000}]}
    assert httpx2.post(f"{live.url}/v1/chat/completions", json=body).status_code == 413


def test_a_model_that_fails_at_once_is_a_bad_gateway(client: openai.OpenAI, puppet: Puppet) -> None:
    puppet.fails_after = 0
    for stream in (False, True):
        with pytest.raises(openai.InternalServerError) as caught:
            client.chat.completions.create(
                model="tutor", messages=[{"role": "user", "content": SAID}], stream=stream
            )
        assert caught.value.status_code == 502


def test_a_model_that_fails_later_ends_the_stream_with_an_error(
    client: openai.OpenAI, puppet: Puppet
) -> None:
    puppet.fails_after = 2
    stream = client.chat.completions.create(
        model="tutor", messages=[{"role": "user", "content": SAID}], stream=True
    )
    said: list[str] = []
    with pytest.raises(openai.APIError, match=r"the model did not answer \(fault\)"):
        said.extend(chunk.choices[0].delta.content or "" for chunk in stream)
    assert puppet.left == 1


def test_a_full_queue_is_told_before_any_answer_begins() -> None:
    puppet = Puppet(pause_s=0.05)
    with live_server(tutor(puppet), at_once=1, waiting=0) as live:
        body = {"model": "tutor", "stream": True, "messages": [{"role": "user", "content": SAID}]}
        url = f"{live.url}/v1/chat/completions"
        with httpx2.stream("POST", url, json=body) as first:
            assert first.status_code == 200
            second = httpx2.post(url, json=body)
            assert second.status_code == 429
            assert int(second.headers["retry-after"]) > 0
            assert second.json()["error"]["type"] == "rate_limit_error"
            first.read()
        assert httpx2.post(url, json=body).status_code == 200


def test_a_client_that_leaves_a_stream_frees_its_place() -> None:
    puppet = Puppet(line=["word "] * 500, pause_s=0.02)
    with live_server(tutor(puppet), at_once=1, waiting=0) as live:
        body = {"model": "tutor", "stream": True, "messages": [{"role": "user", "content": SAID}]}
        with httpx2.stream("POST", f"{live.url}/v1/chat/completions", json=body) as answer:
            text = answer.iter_text()  # kept: the stream is closed when nobody holds it
            assert "assistant" in next(text)
            assert live.gate.free == 0
        assert soon(lambda: live.gate.free == 1 and puppet.left == 1)


def test_a_client_that_leaves_before_a_whole_reply_frees_its_place() -> None:
    puppet = Puppet(line=["word "] * 500, pause_s=0.02)
    with live_server(tutor(puppet), at_once=1, waiting=0) as live:
        body = {"model": "tutor", "messages": [{"role": "user", "content": SAID}]}
        with pytest.raises(httpx2.ReadTimeout):
            httpx2.post(f"{live.url}/v1/chat/completions", json=body, timeout=0.2)
        assert soon(lambda: live.gate.free == 1 and puppet.left == 1)


def test_a_client_that_leaves_the_queue_is_forgotten() -> None:
    puppet = Puppet(pause_s=0.1)
    with live_server(tutor(puppet), at_once=1, waiting=1) as live:
        body = {"model": "tutor", "stream": True, "messages": [{"role": "user", "content": SAID}]}
        url = f"{live.url}/v1/chat/completions"
        with httpx2.stream("POST", url, json=body) as first:
            with pytest.raises(httpx2.ReadTimeout):
                httpx2.post(url, json=body, timeout=0.1)
            first.read()
        assert soon(lambda: live.gate.free == 1)
        assert len(puppet.asked) == 1


def test_who_asks_too_much_is_told_when_to_come_again(puppet: Puppet) -> None:
    with (
        live_server(tutor(puppet), limits=Limits(requests=2)) as live,
        openai.OpenAI(base_url=f"{live.url}/v1", api_key="x", max_retries=0) as client,
    ):
        for _ in range(2):
            client.chat.completions.create(**ASKED)
        for stream in (False, True):
            with pytest.raises(openai.RateLimitError, match="more than 2 requests") as caught:
                client.chat.completions.create(**ASKED, stream=stream)
            assert 28 <= int(caught.value.response.headers["retry-after"]) <= 30
    assert len(puppet.asked) == 2


def test_a_key_opens_the_api_and_its_tokens_are_its_persons(puppet: Puppet) -> None:
    with live_server(tutor(puppet), accounts=True, limits=Limits(tokens=10)) as live:

        def client(key: str) -> openai.OpenAI:
            return openai.OpenAI(base_url=f"{live.url}/v1", api_key=key, max_retries=0)

        with client("quimbot-nobody") as stranger, pytest.raises(openai.AuthenticationError):
            stranger.chat.completions.create(**ASKED)
        people = [live.store.people.add(name) for name in ("Ana", "Ben")]
        keys = [live.store.keys.make(person.id, "a program") for person in people]
        with client(keys[0]) as ana, client(keys[1]) as ben:
            ana.chat.completions.create(**ASKED)  # 12 tokens
            with pytest.raises(openai.RateLimitError, match="more than 10 tokens"):
                ana.chat.completions.create(**ASKED)
            ben.chat.completions.create(**ASKED)
    assert len(puppet.asked) == 2


def test_draining_takes_nothing_new(live: Live, client: openai.OpenAI) -> None:
    assert httpx2.get(f"{live.url}/readyz").json() == {"status": "ready"}
    live.gate.drain()
    assert httpx2.get(f"{live.url}/readyz").status_code == 503
    assert httpx2.get(f"{live.url}/healthz").json() == {"status": "ok"}
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(model="tutor", messages=[{"role": "user", "content": SAID}])
    assert caught.value.status_code == 503


def test_without_its_database_the_server_lives_and_is_not_ready(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise OutputError("store.db: disk I/O error; try again")

    monkeypatch.setattr(live.store, "check", broken)
    answer = httpx2.get(f"{live.url}/readyz")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_unavailable")
    assert "store.db" not in answer.text
    assert httpx2.get(f"{live.url}/healthz").status_code == 200


@pytest.mark.parametrize("path", ["/", "/chat.js", "/v1/models", "/nowhere", "/healthz"])
def test_every_answer_carries_the_security_headers(live: Live, path: str) -> None:
    headers = httpx2.get(f"{live.url}{path}").headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_pages_and_names_from_elsewhere_are_refused(live: Live, headers: dict[str, str]) -> None:
    answer = httpx2.get(f"{live.url}/v1/models", headers=headers)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "forbidden"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "localhost:1234"])
def test_loopback_names_are_welcome(live: Live, host: str) -> None:
    assert httpx2.get(f"{live.url}/v1/models", headers={"Host": host}).status_code == 200


def test_unknown_paths_and_methods_have_the_same_shape(live: Live) -> None:
    assert httpx2.get(f"{live.url}/v1/nowhere").json()["error"]["code"] == "not_found"
    assert httpx2.get(f"{live.url}/v1/chat/completions").status_code == 405


def test_no_log_holds_what_was_said(
    client: openai.OpenAI, puppet: Puppet, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    puppet.fails_after = 1
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(model="tutor", messages=[{"role": "user", "content": SAID}])
    ours = [one.getMessage() for one in caplog.records if "openai" not in one.name]
    assert "a model did not answer (fault)" in ours
    assert not [line for line in ours if SAID in line or "string broke" in line]
    assert "string broke" not in caught.value.message
