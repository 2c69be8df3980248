"""Dialogues that a corpus spreads over rows, an exchange each, joined into one chat."""

from collections.abc import Iterable, Iterator

import msgspec

from quimbot.records.record import Record
from quimbot.sources.outcome import Outcome

_MILDEST_FIRST = (
    "__casual__",
    "__possibly_needs_caution__",
    "__probably_needs_caution__",
    "__needs_caution__",
    "__needs_intervention__",
)
"""Prosocial's labels; a dialogue has the gravest of its exchanges."""


def joined(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """Rows that continue the dialogue of the row before become part of its record.

    A row continues it when it has the same family and the next turn; all others stay as they are.
    """
    chat: Outcome | None = None
    for outcome in outcomes:
        if chat is not None and _continues(chat, outcome):
            chat = _with(chat, outcome)
            continue
        if chat is not None:
            yield chat
        chat = outcome
    if chat is not None:
        yield chat


def _continues(chat: Outcome, next_: Outcome) -> bool:
    before, after = chat.record, next_.record
    return (
        before is not None
        and after is not None
        and chat.turn is not None
        and next_.turn == chat.turn + 1
        and "family" in before.tags
        and before.tags["family"] == after.tags.get("family")
    )


def _with(chat: Outcome, next_: Outcome) -> Outcome:
    before, after = chat.record, next_.record
    assert before is not None
    assert after is not None
    labels = {before.tags.get("safety", ""), after.tags.get("safety", "")} - {""}
    tags = {**before.tags, "safety": max(labels, key=_gravity)} if labels else before.tags
    record = Record(
        messages=(*before.messages, *after.messages), provenance=before.provenance, tags=tags
    )
    return msgspec.structs.replace(
        chat, record=record, turn=next_.turn, rows=chat.rows + next_.rows
    )


def _gravity(label: str) -> int:
    return _MILDEST_FIRST.index(label) if label in _MILDEST_FIRST else -1
