"""Conversations are found by what was said in them, whatever else there is."""

import unicodedata
from pathlib import Path

import httpx2
from hypothesis import given
from hypothesis import strategies as st
from live_server import Puppet, live_server, tutor

from quimbot.serve.search import Found, folded, found
from quimbot.serve.store.conversations import Conversation
from quimbot.serve.store.store import Store


def talk(id_: str, title: str = "", topic: str = "") -> Conversation:
    return Conversation(
        id=id_, person_id="p", tutor="tutor", topic=topic, title=title, began=0, changed=0
    )


def ids(told: list[Found]) -> list[str]:
    return [one.conversation.id for one in told]


@given(
    st.text(min_size=1, max_size=12),
    st.lists(st.lists(st.text(max_size=30), max_size=4), min_size=1, max_size=4),
    st.integers(0, 3),
    st.integers(0, 30),
)
def test_every_conversation_that_has_the_words_is_found_and_no_other(
    words: str, turns: list[list[str]], where: int, at: int
) -> None:
    holder = where % len(turns)
    turns[holder].append(f"{'x' * at} {words} y")
    talks = [talk(str(number)) for number in range(len(turns))]
    said = [(str(number), text) for number, each in enumerate(turns) for text in each]
    told = found(words, talks, said)
    wanted = folded(words).split()
    assert ids(told) == [
        one.id
        for one in talks
        if all(any(word in folded(text) for id_, text in said if id_ == one.id) for word in wanted)
    ]
    assert str(holder) in ids(told)


def test_words_may_stand_apart_in_capitals_in_the_title_or_the_topic() -> None:
    talks = [talk("a", "My coat", "food"), talk("b")]
    said = [("a", "I like GREEN tea."), ("a", "It is cheap."), ("b", "Green is nice.")]
    for words in ("green cheap", "TEA coat", "food gre", "  green   tea "):
        assert ids(found(words, talks, said)) == ["a"]
    assert ids(found("green", talks, said)) == ["a", "b"]
    assert ids(found("green house", talks, said)) == []
    assert ids(found("STRASSE", talks, [("b", "Meine Straße")])) == ["b"]
    apart = unicodedata.normalize("NFD", "día")
    assert ids(found("DÍA", talks, [("b", apart)])) == ["b"]


def test_what_a_pattern_would_mean_is_only_searched_for() -> None:
    for sign in ("%", "_", ".*", "\\", "["):
        assert ids(found(sign, [talk("a"), talk("b")], [("a", "plain"), ("b", f"a {sign}")])) == [
            "b"
        ]


def test_the_excerpt_is_around_the_words_in_the_turn_that_has_most_of_them() -> None:
    long = f"{'before ' * 20}the green\n tea {'after ' * 20}"
    said = [("a", "Some tea?"), ("a", long)]
    (one,) = found("green tea", [talk("a")], said)
    assert "the green tea after" in one.excerpt
    assert (one.excerpt[0], one.excerpt[-1]) == ("…", "…")
    assert len(one.excerpt) < 100
    (one,) = found("coat", [talk("a", "My coat")], said)
    assert one.excerpt == ""


def test_nobody_finds_what_others_said(place: str, tmp_path: Path) -> None:
    del tmp_path
    with Store.open(place) as store:
        people = [store.people.add(name) for name in ("Ana", "Ben")]
        for person in people:
            begun = store.conversations.begin(person.id, "tutor", f"topic of {person.name}")
            store.conversations.add_turn(person.id, begun.id, "user", f"{person.name} likes tea.")
        ana, ben = people
        assert [text for _, text in store.conversations.said(ana.id)] == ["Ana likes tea."]
        assert store.conversations.said("nobody") == []
        assert [text for _, text in store.conversations.said(ben.id)] == ["Ben likes tea."]


def test_the_server_finds_ones_own_only() -> None:
    with live_server(tutor(Puppet()), accounts=True) as live:
        clients, talks = [], []
        for name in ("Ana", "Ben"):
            person = live.store.people.add(name)
            key = live.store.keys.make(person.id, "test")
            headers = {"Authorization": f"Bearer {key}"}
            clients.append(httpx2.Client(base_url=f"{live.url}/api", headers=headers))
            begun = live.store.conversations.begin(person.id, "tutor")
            live.store.conversations.add_turn(person.id, begun.id, "user", f"{name} likes tea.")
            live.store.conversations.rename(person.id, begun.id, f"Secret of {name}")
            talks.append(begun.id)
        ana = clients[0]
        for words, ours in (("tea", True), ("secret", True), ("ben", False), ("zebra", False)):
            told = ana.get("/conversations", params={"words": words}).json()["conversations"]
            assert [one["id"] for one in told] == talks[:1] * ours
        (one,) = ana.get("/conversations", params={"words": "likes"}).json()["conversations"]
        assert (one["title"], one["excerpt"]) == ("Secret of Ana", "Ana likes tea.")
        assert len(ana.get("/conversations", params={"words": "  "}).json()["conversations"]) == 1
        long = ana.get("/conversations", params={"words": "a" * 101})
        assert (long.status_code, long.json()["error"]["code"]) == (400, "invalid_value")
        nobody = httpx2.get(f"{live.url}/api/conversations", params={"words": "tea"})
        assert nobody.status_code == 401
        for client in clients:
            client.close()
