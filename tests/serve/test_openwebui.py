"""Open WebUI as the client: requests in the form of its version 0.12.4, their words our own."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import jwt
import pytest
from live_server import Live, Puppet, live_server, soon, tutor

from quimbot.pedagogy.events import Noticed

SECRET = "a secret that both of them know, long enough for the longest of the hashes"
TALK = [
    {"role": "user", "content": "Yesterday I go to the market."},
    {"role": "assistant", "content": "Oh, you went to the market? What did you buy?"},
    {"role": "user", "content": "I buyed three apple."},
]
TASKS = {
    "title": '### Task:\nName this talk. Answer as JSON: { "title": "" }\n',
    "tags": '### Task:\nSort this talk. Answer as JSON: { "tags": [""] }\n',
    "follow-up": '### Task:\nWhat may come next? Answer as JSON: { "follow_ups": [""] }\n',
    "autocomplete": '### Task:\nGo on with this text. Answer as JSON: { "text": "" }\n',
    "query": '### Task:\nWhat should be looked up? Answer as JSON: { "queries": [""] }\n',
}
SAID = "\nUSER: Yesterday I go to the market.\nASSISTANT: Oh, you went?\n"


@pytest.fixture
def puppets() -> dict[str, Puppet]:
    return {"tutor": Puppet(), "base": Puppet(line=["<think>apples</think>", '{"title": "A"}'])}


@pytest.fixture
def live(puppets: dict[str, Puppet]) -> Iterator[Live]:
    tutors = [tutor(puppet, name) for name, puppet in puppets.items()]
    with live_server(*tutors, secret=SECRET) as live:
        yield live


def headers(
    chat: str = "6f7e3a52-1c1b-4f6e-9d55-5d0f2c7a9b10", user: str = "u-1"
) -> dict[str, str]:
    """What it sends beside the body when it passes on who asks."""
    told = {
        "sub": user,
        "email": "ana@example.org",
        "name": "Ana",
        "role": "user",
        "iss": "open-webui",
        "iat": time.time(),
        "exp": time.time() + 300,
    }
    return {
        "Authorization": "Bearer sk-anything",
        "Content-Type": "application/json",
        "X-OpenWebUI-User-Jwt": jwt.encode(told, SECRET, "HS256"),
        "X-OpenWebUI-Chat-Id": chat,
        "X-OpenWebUI-Message-Id": "0d3b7f3c-9b0e-4b43-8a0f-6d8e7e1b2c3d",
    }


def chat(live: Live, body: dict[str, Any], **more: str) -> httpx2.Response:
    url = f"{live.url}/v1/chat/completions"
    return httpx2.post(url, json=body, headers=headers(**more), timeout=60)  # spaCy loads once


def task(kind: str) -> dict[str, Any]:
    """A call that it makes by itself."""
    return {
        "model": "tutor",
        "messages": [{"role": "user", "content": TASKS[kind] + SAID}],
        "stream": False,
        "max_completion_tokens": 1000,
        "metadata": {"task": kind},
    }


def test_its_models_are_the_tutors(live: Live) -> None:
    models = httpx2.get(f"{live.url}/v1/models", headers=headers()).json()
    assert [model["id"] for model in models["data"]] == ["tutor", "base"]


@pytest.mark.parametrize("kind", TASKS)
def test_its_own_calls_are_answered_by_the_base_and_are_no_turns(
    live: Live, puppets: dict[str, Puppet], kind: str
) -> None:
    answer = chat(live, task(kind))
    assert answer.json()["choices"][0]["message"]["content"] == '{"title": "A"}'
    assert puppets["tutor"].asked == []
    ((messages, sampling),) = puppets["base"].asked
    assert [message.role for message in messages] == ["system", "user"]
    assert "recast" not in messages[0].content.lower()
    assert sampling.max_tokens == 64
    person = live.store.people.outside("open-webui:u-1")
    assert live.store.conversations.of(person.id) == []


def test_without_a_base_the_tutor_does_its_own_calls_untutored() -> None:
    puppet = Puppet()
    with live_server(tutor(puppet), secret=SECRET) as live:
        assert chat(live, task("title")).status_code == 200
    ((messages, _),) = puppet.asked
    assert "recast" not in messages[0].content.lower()


def test_its_own_calls_wait_for_every_learner() -> None:
    puppet = Puppet(line=["Ok."] * 500, pause_s=0.02)
    with live_server(tutor(puppet), at_once=1) as live, ThreadPoolExecutor() as others:
        url = f"{live.url}/v1/chat/completions"
        body = {"model": "tutor", "messages": TALK[:1], "stream": True}
        with httpx2.stream("POST", url, json=body) as first:
            pieces = first.iter_raw()  # kept: the stream is closed when nobody holds it
            assert next(pieces)
            puppet.line = ["Ok."]
            others.submit(httpx2.post, url, json=task("title"))
            assert soon(lambda: live.gate.queued == 1)
            others.submit(httpx2.post, url, json={"model": "tutor", "messages": TALK})
            assert soon(lambda: live.gate.queued == 2)
    asked = [messages[-1].content for messages, _ in puppet.asked]
    assert asked == [TALK[0]["content"], TALK[2]["content"], TASKS["title"] + SAID]


def test_a_learner_who_writes_about_a_task_is_a_learner(
    live: Live, puppets: dict[str, Puppet]
) -> None:
    said = "My teacher give me this ### Task: yesterday."
    body = {"model": "tutor", "messages": [{"role": "user", "content": said}]}
    assert httpx2.post(f"{live.url}/v1/chat/completions", json=body).status_code == 200
    assert len(puppets["tutor"].asked) == 1


def turns(live: Live, user: str = "u-1") -> list[tuple[str, str]]:
    """What is kept of a user's talks."""
    person = live.store.people.outside(f"open-webui:{user}")
    return [
        (turn.role, turn.text)
        for talk in live.store.conversations.of(person.id)
        for turn in live.store.conversations.turns(person.id, talk.id)
    ]


@pytest.mark.parametrize("stream", [False, True])
def test_a_users_turn_is_a_learners_turn_and_kept(
    live: Live, puppets: dict[str, Puppet], stream: bool
) -> None:
    body = {"model": "tutor", "messages": TALK[:1], "stream": stream}
    answer = chat(live, body | {"stream_options": {"include_usage": True}} if stream else body)
    assert answer.status_code == 200
    assert turns(live) == [("user", TALK[0]["content"]), ("assistant", TALK[1]["content"])]
    person = live.store.people.outside("open-webui:u-1")
    noticed = [event for event in live.store.events.of(person.id) if isinstance(event, Noticed)]
    assert [(event.wrong, event.right) for event in noticed] == [("go", "went")]
    assert live.store.people.person(person.id).name == ""
    if stream:
        assert answer.text.endswith("data: [DONE]\n\n")
        assert '"completion_tokens":12' in answer.text
    else:
        assert answer.json()["choices"][0]["message"]["content"] == TALK[1]["content"]
    assert len(puppets["tutor"].asked) == 1


def test_the_talk_goes_on_where_it_was_and_each_user_has_their_own(
    live: Live, puppets: dict[str, Puppet]
) -> None:
    chat(live, {"model": "tutor", "messages": TALK[:1]})
    puppets["tutor"].line = ["You bought three apples! ", "Were they sweet?"]
    chat(live, {"model": "tutor", "messages": TALK})
    assert [text for role, text in turns(live) if role == "user"] == [
        TALK[0]["content"],
        TALK[2]["content"],
    ]
    said = [message.content for message in puppets["tutor"].asked[-1][0]][-3:]
    assert said == [turn["content"] for turn in TALK]
    chat(live, {"model": "tutor", "messages": TALK[:1]}, user="u-2")
    assert len(turns(live, "u-2")) == 2
    assert len(turns(live)) == 4


def test_a_reply_asked_for_again_is_no_new_turn(live: Live, puppets: dict[str, Puppet]) -> None:
    for _ in range(2):
        assert chat(live, {"model": "tutor", "messages": TALK[:1]}).status_code == 200
    assert len(puppets["tutor"].asked) == 2
    assert len(turns(live)) == 2


def test_the_same_words_in_a_later_turn_are_a_new_one(live: Live) -> None:
    chat(live, {"model": "tutor", "messages": TALK[:1]})
    chat(live, {"model": "tutor", "messages": [*TALK[:2], TALK[0]]})
    assert len(turns(live)) == 4


def test_a_turn_that_nobody_answered_may_be_said_again(
    live: Live, puppets: dict[str, Puppet]
) -> None:
    puppets["tutor"].fails_after = 0
    assert chat(live, {"model": "tutor", "messages": TALK[:1]}).status_code == 502
    puppets["tutor"].fails_after = None
    assert chat(live, {"model": "tutor", "messages": TALK[:1]}).status_code == 200
    assert [text for role, text in turns(live) if role == "assistant"][-1] == TALK[1]["content"]


@pytest.mark.parametrize(
    ("model", "talk"),
    [
        ("base", "talk-1"),
        ("tutor", ""),
        *(("tutor", f"{kind}:talk-1") for kind in ("temporary", "local", "channel")),
    ],
)
def test_what_is_no_tutors_talk_is_not_kept(live: Live, model: str, talk: str) -> None:
    assert chat(live, {"model": model, "messages": TALK[:1]}, chat=talk).status_code == 200
    assert turns(live) == []


def test_a_key_is_its_persons_and_another_programs_key_is_nobodys(live: Live) -> None:
    ana = live.store.people.add("Ana")
    key = live.store.keys.make(ana.id, "a program")
    for told in (key, "sk-another"):
        httpx2.post(
            f"{live.url}/v1/chat/completions",
            json={"model": "tutor", "messages": TALK[:1]},
            headers={"Authorization": f"Bearer {told}", "X-OpenWebUI-Chat-Id": "talk-1"},
        )
    assert len(live.store.conversations.of(ana.id)) == 1
    assert live.store.conversations.of(live.store.people.local().id) == []


def test_a_talk_with_an_endless_name_is_refused(live: Live) -> None:
    answer = chat(live, {"model": "tutor", "messages": TALK[:1]}, chat="x" * 300)
    assert answer.status_code == 400
    assert turns(live) == []


def test_a_learners_turn_tells_no_probabilities(live: Live) -> None:
    answer = chat(live, {"model": "tutor", "messages": TALK[:1], "logprobs": True})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "logprobs_unavailable"
    assert turns(live) == []
