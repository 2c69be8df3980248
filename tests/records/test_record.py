"""Records survive a round trip, know their id, and say what is wrong with a bad line."""

import msgspec
import pytest
from hypothesis import given
from strategies import records

from quimbot.records.record import Message, Provenance, Record, messages_id

PROVENANCE = Provenance(source="s", licence="MIT")


@given(records())
def test_a_record_read_back_is_the_same(record: Record) -> None:
    line = msgspec.json.encode(record)
    assert msgspec.json.decode(line, type=Record) == record


@given(records())
def test_the_id_is_the_hash_of_the_messages_alone(record: Record) -> None:
    assert record.id == messages_id(record.messages)
    bare = Record(messages=record.messages, provenance=PROVENANCE)
    assert bare.id == record.id


@given(records())
def test_an_id_of_other_messages_is_refused(record: Record) -> None:
    edited = (*record.messages[:-1], Message(role="assistant", content="edited by hand ✎"))
    with pytest.raises(ValueError, match="remove the id of a row edited by hand"):
        msgspec.structs.replace(record, messages=edited)


def test_the_id_tells_apart_where_one_message_ends() -> None:
    one = (Message(role="user", content="ab"), Message(role="assistant", content="c"))
    two = (Message(role="user", content="a"), Message(role="assistant", content="bc"))
    assert messages_id(one) != messages_id(two)


def test_an_unknown_field_is_an_error() -> None:
    line = b'{"messages":[],"provenance":{"source":"s","licence":"MIT"},"label":1}'
    with pytest.raises(msgspec.ValidationError, match="label"):
        msgspec.json.decode(line, type=Record)


def test_an_unknown_role_is_an_error() -> None:
    with pytest.raises(msgspec.ValidationError, match="tool"):
        msgspec.json.decode(b'{"role":"tool","content":""}', type=Message)
