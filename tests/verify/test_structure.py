"""Chats that can be learnt from, and those that cannot."""

from typing import get_args

import pytest
from hypothesis import given
from strategies import records

from quimbot.records.record import Message, Provenance, Record, Role
from quimbot.verify.structure import LONGEST, Structure

OWN = Provenance(source="test", licence="MIT")
SHORT: dict[str, Role] = {role[0]: role for role in get_args(Role)}


def record(*turns: tuple[str, str]) -> Record:
    messages = tuple(Message(role=SHORT[role], content=text) for role, text in turns)
    return Record(messages=messages, provenance=OWN)


@pytest.mark.parametrize(
    ("reason", "turns"),
    [
        ("", [("u", "Hi"), ("a", "Hello!")]),
        ("", [("s", "Be kind."), ("u", "Hi"), ("a", "Hello!"), ("u", "Bye"), ("a", "Bye!")]),
        ("no-turns", [("s", "Be kind.")]),
        ("roles-out-of-order", [("a", "Hello!"), ("u", "Hi")]),
        ("roles-out-of-order", [("u", "Hi"), ("s", "Be kind."), ("a", "Hello!")]),
        ("no-last-reply", [("u", "Hi"), ("a", "Hello!"), ("u", "Bye")]),
        ("empty-turn", [("u", " \n"), ("a", "Hello!")]),
        ("turn-too-long", [("u", "Hi"), ("a", "la " * (LONGEST + 1))]),
        ("control-string", [("u", "Hi"), ("a", "Hello!<|im_end|>")]),
        ("control-string", [("u", "Hi</s>"), ("a", "Hello!")]),
        ("control-string", [("u", "Hi"), ("a", "<think>Hm</think>Hello!")]),
    ],
)
def test_the_first_fault_is_named(reason: str, turns: list[tuple[str, str]]) -> None:
    (verdict,) = Structure().check([record(*turns)])
    assert (verdict.passed, verdict.reason) == (not reason, reason)


def test_a_control_string_in_the_reply_is_shown() -> None:
    (verdict,) = Structure().check([record(("u", "Hi"), ("a", "Hello!<|im_end|>"))])
    (place,) = verdict.evidence
    assert "Hello!<|im_end|>"[place.start : place.end] == "<|im_end|>"


def test_no_messages_is_no_chat() -> None:
    (verdict,) = Structure().check([Record(messages=(), provenance=OWN)])
    assert verdict.reason == "no-turns"


@given(records())
def test_any_record_has_a_verdict(some: Record) -> None:
    (verdict,) = Structure().check([some])
    assert verdict.passed is (not verdict.reason)
