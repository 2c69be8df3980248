"""Invitations, sessions and keys: whom they let in, for how long, and what is kept of them."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from quimbot.exceptions import NotAllowed, NotFound
from quimbot.serve.store.person import Person, Role
from quimbot.serve.store.sessions import LASTS_S
from quimbot.serve.store.store import Store

NEVER = 9e9


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_an_invitation_makes_a_person_of_its_role_in_its_class(store: Store) -> None:
    ines = store.people.add("Ines", "instructor")
    course = store.classes.add("English", ines.id)
    token = store.invitations.make(course.id, "learner", NEVER, maker_id=ines.id, uses=2)
    ana, bo = store.invitations.accept(token, "Ana"), store.invitations.accept(token, "Bo")
    assert (ana.name, ana.role, ana.consent) == ("Ana", "learner", False)
    assert store.classes.members(ines.id, course.id) == [ana, bo]
    assert [one.name for one in store.classes.joined(bo.id)] == ["English"]
    with pytest.raises(NotFound, match="used up"):
        store.invitations.accept(token, "Che")


def test_an_invitation_ends(place: str) -> None:
    clock = Clock()
    with Store.open(place, clock=clock) as store:
        token = store.invitations.make(None, "owner", clock.now + 60, maker_id=None)
        clock.now += 60
        with pytest.raises(NotFound, match="has ended"):
            store.invitations.accept(token, "Ana")


@pytest.mark.parametrize("token", ["", "x", "%", "\0", "ü" * 1000])
def test_what_is_no_invitation_lets_nobody_in(store: Store, token: str) -> None:
    store.invitations.make(None, "owner", NEVER, maker_id=None)
    with pytest.raises(NotFound):
        store.invitations.accept(token, "Mal")


def test_one_use_lets_one_in_however_many_try_at_once(store: Store) -> None:
    token = store.invitations.make(None, "learner", NEVER, maker_id=None)

    def comes(number: int) -> bool:
        try:
            store.invitations.accept(token, f"number {number}")
        except NotFound:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(comes, range(24))) == 1


@pytest.mark.parametrize(
    ("maker", "role", "in_class", "may"),
    [
        ("owner", "owner", False, True),
        ("owner", "instructor", False, True),
        ("owner", "learner", False, True),
        ("owner", "learner", True, True),
        ("instructor", "learner", True, True),
        ("instructor", "learner", False, False),
        ("instructor", "instructor", False, False),
        ("instructor", "instructor", True, False),
        ("instructor", "owner", False, False),
        ("learner", "learner", False, False),
        ("learner", "learner", True, False),
    ],
)
def test_who_may_invite_whom(
    store: Store, maker: Role, role: Role, in_class: bool, may: bool
) -> None:
    asks = store.people.add("Somebody", maker)
    course = store.classes.add("English", asks.id).id if in_class else None
    if may:
        token = store.invitations.make(course, role, NEVER, maker_id=asks.id)
        assert store.invitations.accept(token, "New").role == role
    else:
        with pytest.raises(NotAllowed):
            store.invitations.make(course, role, NEVER, maker_id=asks.id)


def test_nobody_invites_to_a_class_that_is_not_there_or_not_theirs(store: Store) -> None:
    ines, olu = store.people.add("Ines", "instructor"), store.people.add("Olu", "owner")
    course = store.classes.add("English", ines.id)
    for class_id, maker_id in ((course.id, olu.id), ("none", olu.id), ("none", None)):
        with pytest.raises(NotFound):
            store.invitations.make(class_id, "learner", NEVER, maker_id=maker_id)


def test_whoever_is_signed_in_joins_as_themselves_and_never_loses_rights(store: Store) -> None:
    def accept(person: Person, role: Role) -> Person:
        token = store.invitations.make(None, role, NEVER, maker_id=None)
        return store.invitations.accept(token, person_id=person.id)

    ana = store.people.add("Ana")
    raised = accept(ana, "instructor")
    assert (raised.id, raised.role, raised.name) == (ana.id, "instructor", "Ana")
    assert accept(ana, "learner") == raised


def test_a_link_to_oneself_lets_the_same_person_in_once(store: Store) -> None:
    ana = store.people.add("Ana")
    token = store.invitations.make_own(ana.id, NEVER)
    assert store.invitations.accept(token) == ana
    with pytest.raises(NotFound):
        store.invitations.accept(token)


def test_a_session_lasts_while_it_is_used(place: str) -> None:
    clock = Clock()
    with Store.open(place, clock=clock) as store:
        ana = store.people.add("Ana")
        secret = store.sessions.begin(ana.id)
        for _ in range(4):
            clock.now += LASTS_S / 2
            assert store.sessions.person_of(secret) == ana
        clock.now += LASTS_S
        with pytest.raises(NotFound):
            store.sessions.person_of(secret)
        store.sessions.begin(ana.id)
        assert len(store.people.export(ana.id)["sessions"]) == 1  # the ended one is forgotten


def test_a_session_that_was_left_opens_nothing(store: Store) -> None:
    ana = store.people.add("Ana")
    here, there = store.sessions.begin(ana.id), store.sessions.begin(ana.id)
    store.sessions.end(here)
    store.sessions.end("never begun")
    assert store.sessions.person_of(there) == ana
    with pytest.raises(NotFound):
        store.sessions.person_of(here)


def test_a_key_stands_for_its_person_until_it_is_revoked(place: str) -> None:
    clock = Clock()
    with Store.open(place, clock=clock) as store:
        ana = store.people.add("Ana")
        secret = store.keys.make(ana.id, "laptop")
        (key,) = store.keys.of(ana.id)
        assert (key.name, key.used, secret.startswith(key.start)) == ("laptop", None, True)
        clock.now += 5
        assert store.keys.person_of(secret) == ana
        assert store.keys.of(ana.id)[0].used == clock.now
        store.keys.revoke(ana.id, key.id)
        with pytest.raises(NotFound):
            store.keys.person_of(secret)
        with pytest.raises(NotFound):
            store.keys.revoke(ana.id, key.id)


def test_no_secret_is_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with Store.open(file) as store:
        ana = store.people.add("Ana")
        secrets = [
            store.keys.make(ana.id, "laptop"),
            store.sessions.begin(ana.id),
            store.invitations.make_own(ana.id, NEVER),
        ]
        assert len({*secrets}) == 3
        assert min(map(len, secrets)) >= 43  # 256 bits
    for secret in secrets:
        assert secret.encode() not in file.read_bytes()


def test_an_instructor_ends_a_class_and_takes_learners_out(store: Store) -> None:
    ines, ana = store.people.add("Ines", "instructor"), store.people.add("Ana")
    first, second = (store.classes.add(name, ines.id) for name in ("English", "English 2"))
    for course in (first, second):
        store.classes.join(course.id, ana.id)
        store.classes.join(course.id, ana.id)  # twice is once
    store.classes.rename(ines.id, first.id, "English 1")
    assert [one.name for one in store.classes.of(ines.id)] == ["English 1", "English 2"]
    assert store.classes.named("English 1")[0].id == first.id
    store.classes.remove(ines.id, first.id, ana.id)
    assert store.classes.members(ines.id, first.id) == []
    store.classes.delete(ines.id, second.id)
    assert store.classes.joined(ana.id) == []
    assert store.people.person(ana.id) == ana
    store.classes.join(first.id, ana.id)
    store.classes.leave(first.id, ana.id)
    assert store.classes.members(ines.id, first.id) == []
    with pytest.raises(NotFound):
        store.classes.join("none", ana.id)


def test_transcripts_are_read_with_consent_only_and_never_unseen(store: Store) -> None:
    ines, ana = store.people.add("Ines", "instructor"), store.people.add("Ana")
    course = store.classes.add("English", ines.id)
    talk = store.conversations.begin(ana.id, "tutor")
    store.conversations.add_turn(ana.id, talk.id, "user", "Hello")
    with pytest.raises(NotFound):
        store.transcripts.of(ines.id, ana.id)
    store.classes.join(course.id, ana.id)
    for ask in (
        lambda: store.transcripts.of(ines.id, ana.id),
        lambda: store.transcripts.read(ines.id, ana.id, talk.id),
    ):
        with pytest.raises(NotAllowed, match="not agreed"):
            ask()
    assert store.transcripts.readings(ana.id) == []
    store.people.change(ana.id, consent=True)
    assert [one.id for one in store.transcripts.of(ines.id, ana.id)] == [talk.id]
    assert [turn.text for turn in store.transcripts.read(ines.id, ana.id, talk.id)] == ["Hello"]
    (reading,) = store.transcripts.readings(ana.id)
    assert (reading.reader, reading.conversation_id) == ("Ines", talk.id)
    store.people.change(ana.id, consent=False)
    with pytest.raises(NotAllowed):
        store.transcripts.read(ines.id, ana.id, talk.id)
    store.conversations.delete(ana.id, talk.id)
    store.people.delete(ines.id)
    (reading,) = store.transcripts.readings(ana.id)
    assert (reading.reader, reading.conversation_id) == ("", None)
