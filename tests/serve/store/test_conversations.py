"""Conversations and their turns, each found only by the person whose it is."""

import pytest

from quimbot.exceptions import NotFound
from quimbot.serve.store.store import Store


def test_turns_come_back_in_order_and_change_while_they_are_said(store: Store) -> None:
    person = store.people.add("Ana")
    talk = store.conversations.begin(person.id, "tutor", "food")
    store.conversations.add_turn(person.id, talk.id, "user", "I goed home.")
    reply = store.conversations.add_turn(person.id, talk.id, "assistant", "Oh,", "partial")
    store.conversations.change_turn(person.id, reply.id, "Oh, you went home?", "whole")
    turns = store.conversations.turns(person.id, talk.id)
    assert [(turn.role, turn.text, turn.state) for turn in turns] == [
        ("user", "I goed home.", "whole"),
        ("assistant", "Oh, you went home?", "whole"),
    ]


def test_somebody_elses_conversation_is_as_none(store: Store) -> None:
    ana, bo = store.people.add("Ana"), store.people.add("Bo")
    talk = store.conversations.begin(ana.id, "tutor")
    with pytest.raises(NotFound, match="no such conversation"):
        store.conversations.get(bo.id, talk.id)
