"""The real small model behind the real server: what an operator gets on a laptop."""

from collections.abc import Iterator

import httpx2
import openai
import pytest
from live_server import Live, live_server, soon

from quimbot.serve.budget import budget
from quimbot.serve.tutors import Tutor, open_tutors

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
SAID = "Yesterday I go to the market with my sister."


@pytest.fixture(scope="module")
def model() -> Iterator[Tutor]:
    with open_tutors("smollm2-135m", at_once=4) as tutors:
        yield tutors["smollm2-135m"]


@pytest.fixture
def live(model: Tutor) -> Iterator[Live]:
    with live_server(model) as live:
        yield live


@pytest.fixture
def client(live: Live) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{live.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def ask(client: openai.OpenAI, said: str, *, temperature: float = 0.0, seed: int = 0) -> str:
    done = client.chat.completions.create(
        model="smollm2-135m",
        messages=[{"role": "user", "content": said}],
        max_tokens=24,
        temperature=temperature,
        seed=seed,
    )
    assert done.usage is not None
    assert done.usage.prompt_tokens > 20
    assert 0 < done.usage.completion_tokens <= 24
    return done.choices[0].message.content or ""


def test_a_seed_repeats_a_reply_and_a_stream_says_the_same(client: openai.OpenAI) -> None:
    first = ask(client, SAID, temperature=0.9, seed=3)
    assert len(first) > 10
    assert ask(client, SAID, temperature=0.9, seed=3) == first
    assert len({ask(client, SAID, temperature=1.2, seed=seed) for seed in range(4)}) > 1
    chunks = client.chat.completions.create(
        model="smollm2-135m",
        messages=[{"role": "user", "content": SAID}],
        temperature=0.9,
        seed=3,
        max_tokens=24,
        stream=True,
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == first


def test_probabilities_are_those_of_the_words(client: openai.OpenAI) -> None:
    done = client.chat.completions.create(
        model="smollm2-135m",
        messages=[{"role": "user", "content": SAID}],
        max_tokens=12,
        temperature=0.0,
        logprobs=True,
        top_logprobs=3,
    )
    (choice,) = done.choices
    assert choice.logprobs is not None
    tokens = choice.logprobs.content or []
    assert "".join(token.token for token in tokens) == choice.message.content
    for token in tokens:
        assert token.top_logprobs[0].token == token.token  # greedy
        assert token.logprob == token.top_logprobs[0].logprob <= 0
        assert len(token.top_logprobs) == 3


def test_a_conversation_too_long_for_the_model_is_a_bad_request(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, SAID * 300)
    assert caught.value.code == "context_length_exceeded"


def test_a_client_that_leaves_frees_the_model(live: Live, client: openai.OpenAI) -> None:
    body = {
        "model": "smollm2-135m",
        "stream": True,
        "messages": [{"role": "user", "content": "Tell me a long story about a city."}],
    }
    with httpx2.stream("POST", f"{live.url}/v1/chat/completions", json=body, timeout=60) as answer:
        next(answer.iter_text())
    assert soon(lambda: live.gate.free == 4)
    assert ask(client, SAID)


def test_what_a_tutor_is_told_is_counted_as_the_model_counts_it(
    model: Tutor, client: openai.OpenAI
) -> None:
    share = budget(model.prompt, model.runtime)
    assert share.room == 1024  # half of a fourth of 8,192
    done = client.chat.completions.create(
        model="smollm2-135m", messages=[{"role": "user", "content": "Hi"}], max_tokens=1
    )
    assert done.usage is not None
    assert 0 < done.usage.prompt_tokens - share.taken < 12  # the learner's turn and its frame
