"""`quimbot invite` and the keys of `quimbot key`, beside a store that a server may have open."""

from pathlib import Path

import pytest

from quimbot.exceptions import NotFound, RecipeError
from quimbot.runs.watch import Silent
from quimbot.serve.invite import InviteSettings, invite, owner_link
from quimbot.serve.keys import (
    KeyListSettings,
    KeyMakeSettings,
    KeyRevokeSettings,
    key_list,
    key_make,
    key_revoke,
)
from quimbot.serve.store.store import Store


def token(link: str) -> str:
    return link.partition("#join=")[2]


def test_a_link_lets_somebody_in(store: Store, place: str) -> None:
    settings = InviteSettings(role="instructor", url="https://tutor.example/", store=place)
    link = invite(settings, Silent())
    assert link.startswith("https://tutor.example/#join=")
    assert store.invitations.accept(token(link), "Ines").role == "instructor"


def test_a_link_leads_into_a_class_by_its_name_or_id(store: Store, place: str) -> None:
    ines = store.people.add("Ines", "instructor")
    course = store.classes.add("English", ines.id)
    for given in ("English", course.id):
        settings = InviteSettings(role="learner", class_=given, uses=2, store=place)
        link = invite(settings, Silent())
        for name in ("Ana", "Bo"):
            store.invitations.accept(token(link), f"{name} by {given}")
    assert len(store.classes.members(ines.id, course.id)) == 4


def test_a_class_that_is_not_one_is_told(store: Store, place: str) -> None:
    ines = store.people.add("Ines", "instructor")
    ids = [store.classes.add("English", ines.id).id for _ in range(2)]
    with pytest.raises(RecipeError, match="2 classes are called 'English'") as caught:
        invite(InviteSettings(role="learner", class_="English", store=place), Silent())
    assert all(one in str(caught.value) for one in ids)
    with pytest.raises(NotFound, match="no such class"):
        invite(InviteSettings(role="learner", class_="Latin", store=place), Silent())


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        ({"role": "learner", "uses": 0}, "uses"),
        ({"role": "learner", "days": 0}, "days"),
        ({"role": "learner", "days": float("nan")}, "days"),
        ({"role": "owner", "class_": "English"}, "--class"),
    ],
)
def test_an_invitation_that_makes_no_sense_is_refused(bad: dict[str, object], named: str) -> None:
    with pytest.raises(RecipeError, match=named):
        InviteSettings(**bad)  # type: ignore[arg-type] # wrong on purpose


def test_the_first_owner_comes_in_by_a_link(store: Store) -> None:
    link = owner_link(store, "http://127.0.0.1:8000")
    assert store.invitations.accept(token(link), "Olu").role == "owner"
    assert store.people.owned()


def test_a_key_is_made_listed_and_revoked(tmp_path: Path) -> None:
    place = str(tmp_path / "store.db")
    secret = key_make(KeyMakeSettings(name="Open WebUI", store=place), Silent())
    with Store.open(place) as store:
        assert store.keys.person_of(secret).role == "learner"
        (key,) = store.keys.all()
    listed = key_list(KeyListSettings(store=place), Silent())
    assert secret not in listed
    assert key.id in listed
    assert secret[:7] in listed
    assert "Open WebUI (learner)" in listed
    key_revoke(KeyRevokeSettings(key=key.id, store=place), Silent())
    assert key_list(KeyListSettings(store=place), Silent()) == "no keys"
    with pytest.raises(NotFound, match="no key"):
        key_revoke(KeyRevokeSettings(key=key.id, store=place), Silent())


def test_a_key_for_somebody_is_theirs(store: Store, place: str) -> None:
    ana = store.people.add("Ana")
    for given in ("Ana", ana.id):
        secret = key_make(KeyMakeSettings(name="laptop", person=given, store=place), Silent())
        assert store.keys.person_of(secret) == ana
    store.people.add("Ana")
    with pytest.raises(RecipeError, match=f"2 people are called 'Ana'.*{ana.id}"):
        key_make(KeyMakeSettings(name="laptop", person="Ana", store=place), Silent())
    with pytest.raises(NotFound, match="nobody is called 'Bo'"):
        key_make(KeyMakeSettings(name="laptop", person="Bo", store=place), Silent())
    with pytest.raises(RecipeError, match="name is empty"):
        KeyMakeSettings(name=" ")
