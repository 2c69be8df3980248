"""What people may do about themselves, on a real server."""

import json
import time
from collections.abc import Iterator

import httpx2
import pytest
from live_server import Live, Puppet, live_server, tutor

from quimbot.serve.store.person import Role


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with live_server(tutor(Puppet()), accounts=True) as live:
        yield live


def token(live: Live, role: Role = "learner", class_id: str | None = None) -> str:
    return live.store.invitations.make(class_id, role, time.time() + 60, maker_id=None)


@pytest.fixture
def ana(live: Live) -> Iterator[httpx2.Client]:
    """Ana's browser, signed in."""
    with httpx2.Client(base_url=live.url) as client:
        joined = client.post("/api/join", json={"token": token(live), "name": " Ana "})
        assert joined.json()["name"] == "Ana"
        yield client


def test_she_changes_what_she_gives(ana: httpx2.Client) -> None:
    profile = {"l1": "es", "level": "B1", "cap": 4}
    answer = ana.put("/api/me", json={"profile": profile, "language": "ar", "consent": True})
    me = ana.get("/api/me").json()
    assert answer.json() == me
    assert (me["name"], me["profile"], me["language"]) == ("Ana", profile, "ar")
    assert me["consent"] is True
    assert ana.put("/api/me", json={"consent": False}).json() == {**me, "consent": False}


@pytest.mark.parametrize(
    "body",
    [
        {"role": "owner"},
        {"id": "x"},
        {"name": ""},
        {"name": "  "},
        {"name": "x" * 101},
        {"language": "xx"},
        {"consent": "maybe"},
        {"profile": {"level": "D9"}},
        {"profile": {"cap": 9}},
        {"profile": {"l1": "<script>"}},
        {"profile": {"mastery": 1}},
        [],
    ],
)
def test_what_cannot_be_changed_is_refused(ana: httpx2.Client, body: object) -> None:
    before = ana.get("/api/me").json()
    answer = ana.put("/api/me", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert ana.get("/api/me").json() == before


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_a_page_elsewhere_changes_nothing_with_her_cookie(ana: httpx2.Client, method: str) -> None:
    for path in ("/api/me", "/api/leave", "/api/join", "/api/me/link"):
        answer = ana.request(method, path, headers={"Origin": "https://evil.example"})
        assert answer.status_code == 403
    assert ana.get("/api/me").status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_that_is_not_sent_as_json_is_refused(ana: httpx2.Client, kind: str) -> None:
    body = json.dumps({"consent": True}).encode()
    answer = ana.put("/api/me", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert ana.get("/api/me").json()["consent"] is False


def test_she_takes_all_that_is_hers_along(ana: httpx2.Client, live: Live) -> None:
    me = ana.get("/api/me").json()
    talk = live.store.conversations.begin(me["id"], "tutor")
    live.store.conversations.add_turn(me["id"], talk.id, "user", "I go yesterday. 你好")
    answer = ana.get("/api/me/export")
    assert answer.headers["content-disposition"] == 'attachment; filename="quimbot.json"'
    assert answer.headers["cache-control"] == "no-store"
    exported = answer.json()
    assert exported["person"]["name"] == "Ana"
    assert exported["conversations"][0]["turns"][0]["text"] == "I go yesterday. 你好"


def test_she_deletes_all_that_is_hers_and_is_gone(ana: httpx2.Client, live: Live) -> None:
    me = ana.get("/api/me").json()
    live.store.conversations.begin(me["id"], "tutor")
    gone = ana.delete("/api/me")
    assert gone.status_code == 204
    assert 'quimbot=""' in gone.headers["set-cookie"]
    assert ana.get("/api/me").status_code == 401
    assert live.store.conversations.of(me["id"]) == []
    assert live.store.people.named(me["id"]) == []


def test_a_wrong_invitation_signs_nobody_in(live: Live) -> None:
    answer = httpx2.post(f"{live.url}/api/join", json={"token": "made up", "name": "Mal"})
    assert answer.status_code == 404
    assert "set-cookie" not in answer.headers
    for body in ({"name": "Mal"}, {"token": "", "name": "Mal"}, {"token": "x" * 300}):
        assert httpx2.post(f"{live.url}/api/join", json=body).status_code == 400


def test_without_a_name_she_joins_a_class_as_herself(ana: httpx2.Client, live: Live) -> None:
    ines = live.store.people.add("Ines", "instructor")
    course = live.store.classes.add("English", ines.id)
    me = ana.get("/api/me").json()
    joined = ana.post("/api/join", json={"token": token(live, class_id=course.id)})
    assert "set-cookie" not in joined.headers
    assert joined.json()["id"] == me["id"]
    assert joined.json()["classes"] == [{"id": course.id, "name": "English"}]


def test_with_a_name_somebody_else_joins_at_her_computer(ana: httpx2.Client, live: Live) -> None:
    before = ana.get("/api/me").json()
    hers = dict(ana.cookies)
    bo = ana.post("/api/join", json={"token": token(live), "name": "Bo"}).json()
    assert bo["id"] != before["id"]
    assert ana.get("/api/me").json() == bo
    assert httpx2.get(f"{live.url}/api/me", cookies=hers).status_code == 401  # signed out


def test_her_link_signs_her_in_on_another_device_once(ana: httpx2.Client, live: Live) -> None:
    link = ana.post("/api/me/link").json()
    assert 0 < link["expires"] - time.time() <= 600
    with httpx2.Client(base_url=live.url) as phone:
        assert phone.post("/api/join", json={"token": link["token"]}).status_code == 200
        assert phone.get("/api/me").json() == ana.get("/api/me").json()
    again = httpx2.post(f"{live.url}/api/join", json={"token": link["token"]})
    assert again.status_code == 404
