"""The numbered steps from one version of the tables to the next, done when a database is opened."""

import threading

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect

from quimbot.exceptions import DataError

_STEPS = "quimbot.serve.store:migrations"
_ONE_AT_A_TIME = threading.Lock()  # Alembic keeps what it is working on in globals
_LOCK = 0x71_75_69_6D
"""Any number that others do not lock; two servers may open one database at once."""


def migrate(engine: Engine, place: str) -> None:
    """Bring the tables to the newest version, wholly or not at all.

    Raises:
        DataError: the database is of a newer version, or holds something else.
    """
    config = Config()
    config.set_main_option("script_location", _STEPS)
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    sqlite = engine.dialect.name == "sqlite"
    with _ONE_AT_A_TIME, engine.execution_options(writes=True).connect() as connection:
        if sqlite:  # a table that is made anew must not take along what refers to it
            connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
        with connection.begin():
            if not sqlite:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            _check(connection, known, place)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        if sqlite:
            connection.connection.cursor().execute("PRAGMA foreign_keys=ON")


def _check(connection: Connection, known: set[str], place: str) -> None:
    version = MigrationContext.configure(connection).get_current_revision()
    if version is None and inspect(connection).get_table_names():
        raise DataError(f"{place}: holds tables of something else; give an empty database")
    if version is not None and version not in known:
        raise DataError(
            f"{place}: is of a newer version ({version}, the newest known here is {max(known)}); "
            "update quimbot, or give another with --store"
        )
