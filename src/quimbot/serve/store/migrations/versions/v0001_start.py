"""The first tables. A migration keeps its own copy of them: schema.py moves on, this does not."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make them."""
    _make_people()
    _make_ways_in()
    _make_conversations()


def _of(place: str, *, gone: str = "CASCADE") -> sa.ForeignKey:
    return sa.ForeignKey(place, ondelete=gone)


def _make_people() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("profile", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("consent", sa.Boolean, nullable=False),
        sa.Column("outside_id", sa.Text, unique=True),
        sa.Column("made", sa.Double, nullable=False),
    )
    op.create_table(
        "classes",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("instructor_id", sa.Text, _of("people.id"), nullable=False, index=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("made", sa.Double, nullable=False),
    )
    op.create_table(
        "members",
        sa.Column("class_id", sa.Text, _of("classes.id"), primary_key=True),
        sa.Column("person_id", sa.Text, _of("people.id"), primary_key=True, index=True),
        sa.Column("joined", sa.Double, nullable=False),
    )


def _make_ways_in() -> None:
    op.create_table(
        "invitations",
        sa.Column("hash", sa.Text, primary_key=True),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("maker_id", sa.Text, _of("people.id"), index=True),
        sa.Column("class_id", sa.Text, _of("classes.id"), index=True),
        sa.Column("person_id", sa.Text, _of("people.id"), index=True),
        sa.Column("uses", sa.Integer, nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("hash", sa.Text, primary_key=True),
        sa.Column("person_id", sa.Text, _of("people.id"), nullable=False, index=True),
        sa.Column("made", sa.Double, nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
    )
    op.create_table(
        "keys",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("person_id", sa.Text, _of("people.id"), nullable=False, index=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("start", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False, unique=True),
        sa.Column("made", sa.Double, nullable=False),
        sa.Column("used", sa.Double),
    )


def _make_conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("person_id", sa.Text, _of("people.id"), nullable=False),
        sa.Column("tutor", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("outside_id", sa.Text),
        sa.Column("began", sa.Double, nullable=False),
        sa.Column("changed", sa.Double, nullable=False),
        sa.UniqueConstraint("person_id", "outside_id"),
        sa.Index("ix_conversations_person_id_changed", "person_id", "changed"),
    )
    op.create_table(
        "turns",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("conversation_id", sa.Text, _of("conversations.id"), nullable=False, index=True),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "events",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("person_id", sa.Text, _of("people.id"), nullable=False, index=True),
        sa.Column("conversation_id", sa.Text, _of("conversations.id"), nullable=False, index=True),
        sa.Column("turn_id", _NUMBER, _of("turns.id"), index=True),
        sa.Column("event", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "readings",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("person_id", sa.Text, _of("people.id"), nullable=False, index=True),
        sa.Column("reader_id", sa.Text, _of("people.id", gone="SET NULL"), index=True),
        sa.Column("conversation_id", sa.Text, _of("conversations.id", gone="SET NULL"), index=True),
        sa.Column("at", sa.Double, nullable=False),
        sqlite_autoincrement=True,
    )
