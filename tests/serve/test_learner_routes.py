"""What the learner's page asks the server for."""

import json
import time
from collections.abc import Iterator

import httpx2
import pytest
from happened import BETTER, SAID, moved, tense
from live_server import Live, Puppet, live_server, soon, tutor

from quimbot.pedagogy.events import Began, Disputed, Event
from quimbot.pedagogy.kinds import Kind
from quimbot.serve.limits import Limits
from quimbot.serve.tutoring import Tutoring

REPLY = "Oh, you went to the market? What did you buy?"


@pytest.fixture
def puppet() -> Puppet:
    return Puppet()


@pytest.fixture
def live(puppet: Puppet) -> Iterator[Live]:
    Tutoring.warm_up()
    with live_server(tutor(puppet, "tutor", "Everyday talk"), tutor(Puppet(), "es")) as live:
        yield live


@pytest.fixture
def client(live: Live) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=f"{live.url}/api") as client:
        yield client


def begun(client: httpx2.Client, **body: str) -> str:
    answer = client.post("/conversations", json=body)
    assert answer.status_code == 201
    found: str = answer.json()["id"]
    return found


def said(client: httpx2.Client, talk: str, text: str, **more: bool) -> list[dict[str, object]]:
    answer = client.post(f"/conversations/{talk}/turns", json={"text": text, **more})
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    events = answer.text.split("\n\n")
    return [json.loads(event.removeprefix("data: ")) for event in events if event]


def code(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_the_tutors_are_told_with_their_topics_the_default_first(client: httpx2.Client) -> None:
    first, second = client.get("/tutors").json()["tutors"]
    assert first == {"name": "tutor", "title": "Everyday talk", "topics": [], "starters": []}
    assert second["name"] == "es"


def test_a_reply_comes_in_pieces_and_is_kept_with_its_turn(client: httpx2.Client) -> None:
    talk = begun(client)
    *pieces, last = said(client, talk, "I go to the market.")
    assert "".join(str(piece["text"]) for piece in pieces) == REPLY
    assert last["done"]["state"] == "whole"  # type: ignore[index]
    kept = client.get(f"/conversations/{talk}").json()
    assert [(turn["role"], turn["text"], turn["state"]) for turn in kept["turns"]] == [
        ("user", "I go to the market.", "whole"),
        ("assistant", REPLY, "whole"),
    ]
    assert kept["title"] == "I go to the market."


def test_a_topic_opens_with_a_question_and_only_known_ones_do(client: httpx2.Client) -> None:
    (turn,) = client.post("/conversations", json={"topic": "food"}).json()["turns"]
    assert turn["role"] == "assistant"
    assert turn["text"].endswith("?")
    assert code(client.post("/conversations", json={"topic": "ignore all"})) == (
        404,
        "unknown_topic",
    )


def test_what_is_said_again_is_not_said_twice(client: httpx2.Client, puppet: Puppet) -> None:
    talk = begun(client)
    puppet.fails_after = 4
    last = said(client, talk, "I go.")[-1]
    assert last["done"]["state"] == "failed"  # type: ignore[index]
    puppet.fails_after = None
    said(client, talk, "I go.", again=True)
    assert [t["text"] for t in client.get(f"/conversations/{talk}").json()["turns"]] == [
        "I go.",
        REPLY,
    ]
    said(client, talk, "I go.", again=True)  # answered to the end: it is simply said once more
    assert len(client.get(f"/conversations/{talk}").json()["turns"]) == 4


def test_the_tokens_of_turns_count_for_the_limit_with_those_of_the_api(puppet: Puppet) -> None:
    # A turn takes 12 tokens; two fit, as the one that goes beyond the limit is still given.
    Tutoring.warm_up()
    with (
        live_server(tutor(puppet), limits=Limits(tokens=20, clock=lambda: 0.0)) as live,
        httpx2.Client(base_url=f"{live.url}/api") as client,
    ):
        talk = begun(client)
        said(client, talk, "I like tea.")
        messages = [{"role": "user", "content": "Hello!"}]
        chat = {"model": "tutor", "messages": messages}
        assert httpx2.post(f"{live.url}/v1/chat/completions", json=chat).status_code == 200
        for answer in (
            client.post(f"/conversations/{talk}/turns", json={"text": "I like milk."}),
            httpx2.post(f"{live.url}/v1/chat/completions", json=chat),
            client.post("/teach/preview", json={"tutor": {}, "window": "w", "text": "Hello"}),
        ):
            assert code(answer) == (429, "rate_limit_exceeded")
            assert answer.headers["retry-after"] == "15"  # 4 too many, and one to come
        assert len(client.get(f"/conversations/{talk}").json()["turns"]) == 2
        metrics = httpx2.get(f"{live.url}/metrics").text
        assert 'quimbot_tokens_total{kind="prompt"} 14.0' in metrics
    assert len(puppet.asked) == 2


def test_a_turn_that_is_left_is_paid_for(puppet: Puppet) -> None:
    Tutoring.warm_up()
    puppet.line, puppet.pause_s = ["Tea is nice, I think! ", *["And then, and then. "] * 400], 0.02
    with (
        live_server(tutor(puppet), limits=Limits(tokens=10, clock=lambda: 0.0)) as live,
        httpx2.Client(base_url=f"{live.url}/api") as client,
    ):
        talk = begun(client)
        body = {"text": "I like tea."}
        with client.stream("POST", f"/conversations/{talk}/turns", json=body) as answer:
            assert next(answer.iter_text())
        assert soon(lambda: puppet.left == 1)
        answer = client.post(f"/conversations/{talk}/turns", json=body)
        assert code(answer) == (429, "rate_limit_exceeded")


def test_conversations_are_listed_renamed_and_deleted(client: httpx2.Client) -> None:
    talk, other = begun(client), begun(client, tutor="es")
    assert client.patch(f"/conversations/{talk}", json={"title": "Mine"}).status_code == 204
    listed = {one["id"]: one for one in client.get("/conversations").json()["conversations"]}
    assert (listed[talk]["title"], listed[other]["tutor"]) == ("Mine", "es")
    assert client.delete(f"/conversations/{other}").status_code == 204
    assert code(client.get(f"/conversations/{other}")) == (404, "not_found")


def test_a_tutor_that_is_gone_says_so(client: httpx2.Client, live: Live) -> None:
    assert code(client.post("/conversations", json={"tutor": "nobody"})) == (409, "tutor_gone")
    old = live.store.conversations.begin(live.store.people.local().id, "nobody")
    answer = client.post(f"/conversations/{old.id}/turns", json={"text": "Hello"})
    assert code(answer) == (409, "tutor_gone")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": " \n"},
        {"text": "a" * 2001},
        {"text": "Hi", "more": 1},
        {"text": 5},
    ],
)
def test_what_is_no_turn_is_refused_and_leaves_nothing(
    client: httpx2.Client, body: dict[str, object]
) -> None:
    talk = begun(client)
    answer = client.post(f"/conversations/{talk}/turns", json=body)
    assert code(answer) == (400, "invalid_value")
    assert client.get(f"/conversations/{talk}").json()["turns"] == []


def test_a_disputed_error_counts_no_more(client: httpx2.Client, live: Live) -> None:
    person = live.store.people.local()
    talk = live.store.conversations.begin(person.id, "tutor")
    turn = live.store.conversations.add_turn(person.id, talk.id, "user", SAID)
    now = time.time() + 0.1234567
    happened: list[Event] = [Began(at=now), tense(now + 1), moved(now + 1, Kind.TENSE)]
    live.store.events.add(person.id, talk.id, turn.id, happened)
    found = client.get(f"/conversations/{talk.id}/summary").json()
    (sentence,) = found["sentences"]
    assert "".join(piece["text"] for piece in sentence["better"]) == BETTER
    (change,) = sentence["changes"]
    assert [one["kind"] for one in client.get("/progress").json()["kinds"]] == ["tense"]
    name = {"noticed_at": change["at"], "kind": change["kind"], "wrong": change["wrong"]}
    assert client.post("/disputes", json=name).status_code == 204
    assert client.post("/disputes", json=name).status_code == 204
    assert client.get(f"/conversations/{talk.id}/summary").json()["returns"] == []
    assert client.get("/progress").json()["kinds"] == []
    disputes = [e for e in live.store.events.of(person.id) if isinstance(e, Disputed)]
    assert len(disputes) == 1
    other = client.post("/disputes", json={**name, "wrong": "something else"})
    assert code(other) == (404, "not_found")


def test_nobody_reaches_what_is_somebody_elses(puppet: Puppet) -> None:
    with live_server(tutor(puppet), accounts=True) as live:
        keys = []
        for name in ("Ana", "Ben"):
            person = live.store.people.add(name)
            keys.append((person.id, live.store.keys.make(person.id, "test")))
        (ana, key), (_, other) = keys
        talk = live.store.conversations.begin(ana, "tutor")
        now = time.time()
        live.store.events.add(ana, talk.id, None, [Began(at=now), tense(now + 1)])
        place = f"/api/conversations/{talk.id}"
        error = {"noticed_at": now + 1, "kind": "tense", "wrong": "buy"}
        asked: list[tuple[str, str, object]] = [
            ("GET", place, None),
            ("PATCH", place, {"title": "Mine"}),
            ("DELETE", place, None),
            ("POST", f"{place}/turns", {"text": "Hello"}),
            ("GET", f"{place}/summary", None),
            ("POST", "/api/disputes", error),
        ]
        with httpx2.Client(base_url=live.url) as client:
            for method, path, body in asked:
                theirs = {"Authorization": f"Bearer {other}"}
                answer = client.request(method, path, json=body, headers=theirs)
                assert code(answer) == (404, "not_found"), path
                assert client.request(method, path, json=body).status_code == 401
            seen = client.get("/api/progress", headers={"Authorization": f"Bearer {other}"})
            assert seen.json() == {"conversations": 0, "kinds": []}
            mine = client.get(place, headers={"Authorization": f"Bearer {key}"})
            assert mine.json()["title"] == ""
