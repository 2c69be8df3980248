"""When the learners of a class were active."""

from quimbot.serve.store.store import Store


def test_the_turns_of_members_from_a_time_on_and_no_others(store: Store) -> None:
    ines = store.people.add("Ines", "instructor")
    course = store.classes.add("English", ines.id).id
    other = store.classes.add("Spanish", ines.id).id
    for name, where in (("Ana", course), ("Omar", other)):
        person = store.people.add(name)
        store.classes.join(where, person.id)
        talk = store.conversations.begin(person.id, "tutor").id
        for role in ("user", "assistant"):
            store.conversations.add_turn(person.id, talk, role, "Hi")
    found = store.activity.of(ines.id, course, 0.0)
    assert [turn.role for turn in found] == ["user", "assistant"]
    assert len({turn.person_id for turn in found}) == 1
    assert store.activity.of(ines.id, course, found[-1].at + 1) == []
