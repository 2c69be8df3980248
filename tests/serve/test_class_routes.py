"""Classes over HTTP: who may see what of whom, and that it is seen that they did."""

import csv
import io
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from live_server import Puppet, live_server, tutor
from school import School

from quimbot.pedagogy.events import Moved, Noticed, TookUp
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.learner import Profile
from quimbot.pedagogy.levels import Level
from quimbot.serve.store.classes import Class
from quimbot.serve.store.conversations import Conversation
from quimbot.serve.store.person import Person
from quimbot.serve.store.store import Store

SECRET = "my secret words"
REASON = "tense is the only thing to help with."


@dataclass(frozen=True)
class Term:
    """Ana's class with learners, and everybody who could want to look in."""

    school: School
    class_: Class
    learners: list[Person]
    talks: list[Conversation]
    people: dict[str, httpx2.Client]

    @property
    def path(self) -> str:
        return f"/api/teach/classes/{self.class_.id}"


def talk(store: Store, person: Person) -> Conversation:
    """Two turns in which a tense went wrong and was mended."""
    conversation = store.conversations.begin(person.id, "tutor", "Markets")
    now = time.time()
    first = store.conversations.add_turn(person.id, conversation.id, "user", f"I go. {SECRET}")
    wrong = Noticed(
        at=now, kind=Kind.TENSE, wrong="go", right="went", said=SECRET, correction=SECRET
    )
    moved = Moved(at=now, kind=Kind.TENSE, level=Level.RECAST, reason=REASON)
    store.events.add(person.id, conversation.id, first.id, [wrong, moved])
    store.conversations.add_turn(person.id, conversation.id, "assistant", "You went!")
    second = store.conversations.add_turn(person.id, conversation.id, "user", "I went.")
    took = TookUp(at=now + 1, kind=Kind.TENSE, outcome="repair")
    store.events.add(person.id, conversation.id, second.id, [took])
    return conversation


@pytest.fixture
def term(tmp_path: Path) -> Iterator[Term]:
    with live_server(tutor(Puppet()), accounts=True) as live, ExitStack() as stack:
        school = School(live, Puppet(), tmp_path)
        people = {}
        ana = None
        for name, role in (("ana", "instructor"), ("ben", "instructor"), ("olga", "owner")):
            person, client = school.person(name, role)  # type: ignore[arg-type] # a role
            people[name] = stack.enter_context(client)
            ana = ana or person
        assert ana is not None
        class_ = live.store.classes.add("ENG 2100", ana.id)
        learners, talks = [], []
        for number in range(4):
            person, client = school.person(f"learner {number}", "learner")
            people[f"learner {number}"] = stack.enter_context(client)
            live.store.people.change(person.id, profile=Profile(l1="es", level="B1"))
            live.store.classes.join(class_.id, person.id)
            learners.append(person)
            talks.append(talk(live.store, person))
        yield Term(school, class_, learners, talks, people)


def test_an_overview_tells_the_class_and_no_words(term: Term) -> None:
    answer = term.people["ana"].get(term.path)
    told = answer.json()
    assert told["overview"] | {"seconds": 0} == {
        "learners": 4,
        "active": 4,
        "turns": 8,
        "seconds": 0,
        "uptake": {"repaired": 4, "of": 4},
        "l1s": ["es"],
        "rows": [
            {
                "kind": "tense",
                "errors": 4,
                "by_l1": {"es": 4},
                "uptake": {"repaired": 4, "of": 4},
            }
        ],
    }
    assert [one["turns"] for one in told["learners"]] == [2] * 4
    assert SECRET not in answer.text


def test_a_small_class_is_not_told(term: Term) -> None:
    for learner in term.learners[2:]:
        answer = term.people["ana"].delete(f"{term.path}/learners/{learner.id}")
        assert answer.status_code == 204
    told = term.people["ana"].get(term.path).json()["overview"]
    assert (told["turns"], told["uptake"], told["rows"][0]["errors"]) == (None, None, None)
    text = term.people["ana"].get(f"{term.path}/overview.csv").text
    assert "tense,fewer than 3,fewer than 3,fewer than 3,fewer than 3" in text


def test_a_learner_is_seen_by_progress_and_reasons_without_their_words(term: Term) -> None:
    answer = term.people["ana"].get(f"{term.path}/learners/{term.learners[0].id}")
    told = answer.json()
    assert (told["kinds"][0]["kind"], told["kinds"][0]["errors"]) == ("tense", 1)
    (move,) = told["moves"]
    assert (move["reason"], move["level"], move["outcome"]) == (REASON, 1, "repair")
    assert told["conversations"] is None
    assert SECRET not in answer.text


def test_what_was_said_is_read_only_with_consent_and_the_learner_sees_it(term: Term) -> None:
    learner, conversation = term.learners[0], term.talks[0]
    page = f"{term.path}/learners/{learner.id}"
    ana = term.people["ana"]
    refused = ana.get(f"{page}/conversations/{conversation.id}")
    assert refused.status_code == 403
    assert SECRET not in refused.text
    store = term.school.live.store
    assert store.transcripts.readings(learner.id) == []
    term.people["learner 0"].put("/api/me", json={"consent": True})
    assert [one["id"] for one in ana.get(page).json()["conversations"]] == [conversation.id]
    read = ana.get(f"{page}/conversations/{conversation.id}").json()
    assert [turn["text"] for turn in read["turns"]] == [f"I go. {SECRET}", "You went!", "I went."]
    assert read["moves"][0]["reason"] == REASON
    (reading,) = term.people["learner 0"].get("/api/me/readings").json()
    assert (reading["reader"], reading["conversation_id"]) == ("ana", conversation.id)
    assert term.people["learner 1"].get("/api/me/readings").json() == []
    term.people["learner 0"].put("/api/me", json={"consent": False})
    assert ana.get(f"{page}/conversations/{conversation.id}").status_code == 403
    assert len(store.transcripts.readings(learner.id)) == 1


WAYS = [
    ("GET", "{class_}", None),
    ("GET", "{class_}/overview.csv", None),
    ("GET", "{class_}/learners.csv", None),
    ("GET", "{class_}/learners/{learner}", None),
    ("GET", "{class_}/learners/{learner}/conversations/{talk}", None),
    ("POST", "{class_}/invitations", {"days": 7, "uses": 3}),
    ("DELETE", "{class_}/invitations/0123456789abcdef", None),
    ("DELETE", "{class_}/learners/{learner}", None),
    ("PATCH", "{class_}", {"name": "Mine now"}),
    ("DELETE", "{class_}", None),
]


def send(term: Term, name: str, way: tuple[str, str, Any]) -> httpx2.Response:
    method, path, body = way
    place = path.format(class_=term.path, learner=term.learners[0].id, talk=term.talks[0].id)
    return term.people[name].request(method, place, json=body)


def test_another_instructor_sees_and_changes_nothing_of_a_class(term: Term) -> None:
    term.school.live.store.people.change(term.learners[0].id, consent=True)
    for way in WAYS:
        answer = send(term, "ben", way)
        assert answer.status_code == 404, way
        assert SECRET not in answer.text
        assert "learner 0" not in answer.text
    assert term.people["ben"].get("/api/teach/classes").json()["classes"] == []
    assert term.people["ana"].get(term.path).json()["class"]["name"] == "ENG 2100"


def test_a_learner_is_shown_out(term: Term) -> None:
    for way in [*WAYS, ("GET", "/api/teach/classes", None), ("POST", "/api/teach/invitations", {})]:
        assert send(term, "learner 1", way).status_code == 403, way


def test_an_owner_sees_every_class_but_reads_only_where_they_teach(term: Term) -> None:
    term.school.live.store.people.change(term.learners[0].id, consent=True)
    (one,) = term.people["olga"].get("/api/teach/classes").json()["classes"]
    assert (one["name"], one["instructor"], one["mine"]) == ("ENG 2100", "ana", False)
    status = [send(term, "olga", way).status_code for way in WAYS]
    assert status == [200, 200, 200, 200, 404, 404, 404, 404, 404, 404]
    page = term.people["olga"].get(f"{term.path}/learners/{term.learners[0].id}").json()
    assert page["conversations"] is None


def test_a_learner_of_one_class_is_not_found_in_another(term: Term) -> None:
    other = term.people["ben"].post("/api/teach/classes", json={"name": "Ben's"}).json()["id"]
    learner, conversation = term.learners[0].id, term.talks[0].id
    page = f"/api/teach/classes/{other}/learners/{learner}"
    for path in (page, f"{page}/conversations/{conversation}"):
        assert term.people["ben"].get(path).status_code == 404
    term.people["ben"].delete(page)
    assert len(term.people["ana"].get(term.path).json()["learners"]) == 4


def test_a_link_brings_learners_in_until_it_is_revoked(term: Term) -> None:
    ana = term.people["ana"]
    path = ana.post(f"{term.path}/invitations", json={"days": 1, "uses": 2}).json()["path"]
    token = path.removeprefix("/#join=")
    url = term.school.live.url
    joined = httpx2.post(f"{url}/api/join", json={"token": token, "name": "New"})
    assert joined.json()["role"] == "learner"
    names = [one["name"] for one in ana.get(term.path).json()["learners"]]
    assert "New" in names
    (one,) = ana.get(term.path).json()["invitations"]
    assert one["uses"] == 1
    assert token not in ana.get(term.path).text
    assert ana.delete(f"{term.path}/invitations/{one['id']}").status_code == 204
    assert ana.get(term.path).json()["invitations"] == []
    late = httpx2.post(f"{url}/api/join", json={"token": token, "name": "Late"})
    assert late.status_code == 404


def test_only_an_owner_invites_instructors(term: Term) -> None:
    assert term.people["ana"].post("/api/teach/invitations", json={}).status_code == 403
    path = term.people["olga"].post("/api/teach/invitations", json={"days": 1}).json()["path"]
    body = {"token": path.removeprefix("/#join="), "name": "Cleo"}
    joined = httpx2.post(f"{term.school.live.url}/api/join", json=body)
    assert joined.json()["role"] == "instructor"


@pytest.mark.parametrize(
    "body", [{"days": 0}, {"days": 999}, {"uses": 0}, {"uses": 10**9}, {"role": "owner"}]
)
def test_a_link_has_limits(term: Term, body: dict[str, object]) -> None:
    answer = term.people["ana"].post(f"{term.path}/invitations", json=body)
    assert answer.status_code == 400


def test_words_of_people_are_cells_in_the_table_and_text_in_the_answer(term: Term) -> None:
    bad = '=HYPERLINK("http://evil","<script>")'
    store = term.school.live.store
    store.people.change(term.learners[0].id, name=bad)
    answer = term.people["ana"].get(f"{term.path}/learners.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="learners.csv"'
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][:3] == ["name", "first language", "level"]
    assert f"'{bad}" in [row[0] for row in rows]
    told = term.people["ana"].get(term.path)
    assert told.headers["content-type"] == "application/json"
    assert bad in [one["name"] for one in told.json()["learners"]]
    assert term.people["ana"].get(f"{term.path}/people.csv").status_code == 404


def test_a_class_is_made_renamed_and_ended_by_its_instructor(term: Term) -> None:
    ana = term.people["ana"]
    made = ana.post("/api/teach/classes", json={"name": " Evening "}).json()
    path = f"/api/teach/classes/{made['id']}"
    assert ana.patch(path, json={"name": "Night"}).status_code == 204
    names = [one["name"] for one in ana.get("/api/teach/classes").json()["classes"]]
    assert names == ["ENG 2100", "Night"]
    assert ana.delete(path).status_code == 204
    assert ana.get(path).status_code == 404
    assert ana.post("/api/teach/classes", json={"name": "  "}).status_code == 400


def test_alone_on_this_machine_nobody_is_invited() -> None:
    with live_server(tutor(Puppet())) as live:
        told = httpx2.get(f"{live.url}/api/teach/classes").json()
        assert told == {"classes": [], "accounts": False, "owner": True}
        refused = httpx2.post(f"{live.url}/api/teach/invitations", json={})
        assert refused.json()["error"]["code"] == "no_accounts"
