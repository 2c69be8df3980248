"""How each row of a corpus ends: as a record, or rejected with its reason."""

import reprlib
from collections.abc import Callable
from typing import Literal

import msgspec

from quimbot.exceptions import DataError
from quimbot.records.raw import RawRow, Unreadable
from quimbot.records.record import Provenance, Record, Strict
from quimbot.records.rejected import Rejected
from quimbot.records.shapes import Shape, Unfit, detect_shape, read_chat, read_record

_ROOM = 200
"""Levels of nesting that whoever reads a rejected row may need besides its own."""


class Outcome(Strict, frozen=True, kw_only=True, omit_defaults=True, tag="row"):
    """One row, done: it has a record or is rejected."""

    shape: str = ""
    record: Record | None = None
    turn: int | None = None
    """Its place in its dialogue, where the corpus spreads dialogues over rows."""
    rejected: Rejected | None = None
    rows: int = 1
    """So many rows of the corpus are in it."""


def converter(
    *, form: Literal["auto"] | Shape, source: str, licence: str, reject: bool
) -> Callable[[RawRow | Unreadable], Outcome]:
    """What makes an outcome of a row.

    It raises DataError at a row that is no chat, unless those are to be rejected.
    """

    def convert(raw: RawRow | Unreadable) -> Outcome:
        try:
            return _taken(raw, form, source, licence)
        except Unfit as fault:
            if not reject:
                raise DataError(
                    f"{raw.origin}: {fault}; --bad-rows reject sets such rows aside"
                ) from None
            return Outcome(rejected=_rejected(raw, fault))

    return convert


def _taken(
    raw: RawRow | Unreadable, form: Literal["auto"] | Shape, source: str, licence: str
) -> Outcome:
    """The row as a record; one that is a record already keeps its own history.

    Raises:
        Unfit: the row cannot be read, or is not what its shape says.
    """
    if isinstance(raw, Unreadable):
        raise Unfit(raw.fault, raw.reason)
    shape = detect_shape(raw.row) if form == "auto" else form
    if shape == "record":
        return Outcome(shape=shape, record=read_record(raw.row))
    chat = read_chat(raw.row, shape)
    record = Record(
        messages=chat.messages,
        provenance=Provenance(
            source=source, licence=licence, origin=raw.origin, author=chat.author
        ),
        tags=chat.tags,
    )
    turn = raw.row.get("response_id") if shape == "prosocial" else None
    return Outcome(shape=shape, record=record, turn=turn if isinstance(turn, int) else None)


def _rejected(raw: RawRow | Unreadable, fault: Unfit) -> Rejected:
    row = raw.text if isinstance(raw, Unreadable) else _plain(raw.row)
    return Rejected(reason=fault.reason, check="pull", detail=f"{raw.origin}: {fault}", record=row)


def _plain(row: object) -> object:
    """The row as it can be written and read again; else the beginning of its spelling."""
    try:
        written = msgspec.json.encode(row, enc_hook=str)
        msgspec.json.decode(b"[" * _ROOM + written + b"]" * _ROOM)
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError, OverflowError):
        return reprlib.repr(row).encode("utf-8", "backslashreplace").decode()
    return msgspec.Raw(written)
