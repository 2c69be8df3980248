"""All that is kept about one person, as they may take it along."""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, select

from quimbot.serve.store.schema import (
    classes,
    conversations,
    events,
    invitations,
    keys,
    members,
    people,
    readings,
    sessions,
    turns,
)

Rows = list[dict[str, Any]]


def export(connection: Connection, person_id: str) -> dict[str, Any]:
    """Everything about a person as plain data; secrets are hashed, and left out."""

    def mine(table: Table, column: str = "person_id") -> Rows:
        return _rows(connection, table, table.c[column] == person_id)

    (person,) = mine(people, "id")
    talks = mine(conversations)
    for talk in talks:
        talk["turns"] = _rows(connection, turns, turns.c.conversation_id == talk["id"])
        talk["events"] = _rows(connection, events, events.c.conversation_id == talk["id"])
    return {
        "person": person,
        "conversations": talks,
        "classes": mine(members),
        "teaches": mine(classes, "instructor_id"),
        "invited": mine(invitations, "maker_id"),
        "sessions": mine(sessions),
        "keys": mine(keys),
        "read_by": mine(readings),
        "has_read": mine(readings, "reader_id"),
    }


def _rows(connection: Connection, table: Table, which: ColumnElement[bool]) -> Rows:
    found = select(table).where(which).order_by(*table.primary_key)
    return [_plain(dict(row)) for row in connection.execute(found).mappings()]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    row.pop("hash", None)
    for field in ("profile", "event"):
        if field in row:
            row[field] = msgspec.json.decode(row[field])
    return row
