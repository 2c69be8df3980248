"""The tables: all that is kept about people, and what goes when one of them goes."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

metadata = MetaData()

Number = BigInteger().with_variant(Integer, "sqlite")
"""A row's number; SQLite counts up only in a plain INTEGER."""


class Words(TypeDecorator[str]):
    """Text of people and models; what PostgreSQL cannot hold becomes a replacement character."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - the signature is given
        """The text as it can be kept."""
        return None if value is None else clean(value)


def clean(text: str) -> str:
    """The text without NUL and lone surrogates."""
    whole = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return whole.replace("\0", "\ufffd")


def _of(place: str, *, gone: str = "CASCADE") -> ForeignKey:
    """A reference whose row goes with what it refers to, or, with SET NULL, forgets it."""
    return ForeignKey(place, ondelete=gone)


people = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Words, nullable=False),
    Column("role", Text, nullable=False),
    Column("profile", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("consent", Boolean, nullable=False),
    Column("outside_id", Words, unique=True),
    Column("made", Double, nullable=False),
)

classes = Table(
    "classes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("instructor_id", Text, _of("people.id"), nullable=False, index=True),
    Column("name", Words, nullable=False),
    Column("made", Double, nullable=False),
)

members = Table(
    "members",
    metadata,
    Column("class_id", Text, _of("classes.id"), primary_key=True),
    Column("person_id", Text, _of("people.id"), primary_key=True, index=True),
    Column("joined", Double, nullable=False),
)

invitations = Table(
    "invitations",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("maker_id", Text, _of("people.id"), index=True),
    Column("class_id", Text, _of("classes.id"), index=True),
    Column("person_id", Text, _of("people.id"), index=True),
    Column("uses", Integer, nullable=False),
    Column("expires", Double, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("person_id", Text, _of("people.id"), nullable=False, index=True),
    Column("made", Double, nullable=False),
    Column("expires", Double, nullable=False),
)

keys = Table(
    "keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person_id", Text, _of("people.id"), nullable=False, index=True),
    Column("name", Words, nullable=False),
    Column("start", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),
    Column("made", Double, nullable=False),
    Column("used", Double),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person_id", Text, _of("people.id"), nullable=False),
    Column("tutor", Words, nullable=False),
    Column("topic", Words, nullable=False),
    Column("title", Words, nullable=False),
    Column("outside_id", Words),
    Column("began", Double, nullable=False),
    Column("changed", Double, nullable=False),
    UniqueConstraint("person_id", "outside_id"),
    Index("ix_conversations_person_id_changed", "person_id", "changed"),
)

turns = Table(
    "turns",
    metadata,
    Column("id", Number, primary_key=True),
    Column("conversation_id", Text, _of("conversations.id"), nullable=False, index=True),
    Column("role", Text, nullable=False),
    Column("text", Words, nullable=False),
    Column("state", Text, nullable=False),
    Column("at", Double, nullable=False),
    sqlite_autoincrement=True,  # a number is never given twice
)

events = Table(
    "events",
    metadata,
    Column("id", Number, primary_key=True),
    Column("person_id", Text, _of("people.id"), nullable=False, index=True),
    Column("conversation_id", Text, _of("conversations.id"), nullable=False, index=True),
    Column("turn_id", Number, _of("turns.id"), index=True),
    Column("event", Text, nullable=False),
    sqlite_autoincrement=True,
)

readings = Table(
    "readings",
    metadata,
    Column("id", Number, primary_key=True),
    Column("person_id", Text, _of("people.id"), nullable=False, index=True),
    Column("reader_id", Text, _of("people.id", gone="SET NULL"), index=True),
    Column("conversation_id", Text, _of("conversations.id", gone="SET NULL"), index=True),
    Column("at", Double, nullable=False),
    sqlite_autoincrement=True,
)
"""Who read whose conversation, and when."""
