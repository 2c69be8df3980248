"""The texts by which chats are compared."""

import hashlib

from quimbot.records.record import Record


def dialogue_text(record: Record) -> str:
    """What is said, by learner and tutor; a system prompt is shared by many and left out."""
    return "\n".join(message.content for message in record.messages if message.role != "system")


def first_turn(record: Record) -> str:
    """What the learner says first."""
    return next((message.content for message in record.messages if message.role == "user"), "")


def fingerprint(text: str) -> int:
    """Eight bytes that stand for a text, where very many are remembered."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
