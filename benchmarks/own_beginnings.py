"""Dialogues that begin each in its own way, for measuring without what common beginnings save."""

from random import Random

import msgspec

from quimbot.records.record import Record


def own_beginning(record: Record) -> Record:
    """The record with the words of its system prompt in an order of their own."""
    system, *others = record.messages
    words = system.content.split()
    Random(record.id).shuffle(words)
    system = msgspec.structs.replace(system, content=" ".join(words))
    return msgspec.structs.replace(record, messages=(system, *others), id="")
