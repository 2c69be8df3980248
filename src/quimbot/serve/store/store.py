"""All that is kept, behind one name."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from quimbot.serve.store.activity import Activity
from quimbot.serve.store.classes import Classes
from quimbot.serve.store.conversations import Conversations
from quimbot.serve.store.database import Database, open_database
from quimbot.serve.store.events import Events
from quimbot.serve.store.invitations import Invitations
from quimbot.serve.store.keys import Keys
from quimbot.serve.store.people import People
from quimbot.serve.store.sessions import Sessions
from quimbot.serve.store.transcripts import Transcripts


def _usual() -> Path:
    given = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(given) / "quimbot" / "quimbot.db"


class Store:
    """People and what they said, in one database; any thread may use it."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self.people = People(database, clock)
        self.conversations = Conversations(database, clock)
        self.events = Events(database)
        self.classes = Classes(database, clock)
        self.invitations = Invitations(database, clock)
        self.sessions = Sessions(database, clock)
        self.keys = Keys(database, clock)
        self.transcripts = Transcripts(database, clock)
        self.activity = Activity(database)
        self.check = database.check

    @staticmethod
    @contextmanager
    def open(place: str | Path, *, clock: Callable[[], float] = time.time) -> Iterator["Store"]:
        """The store at a path (SQLite) or a `postgresql://` address, made if it is not there.

        An empty place is a file where the user's programs keep their data.

        Raises:
            DataError: what is there is no database, not ours, or of a newer version.
            OutputError: it cannot be opened or written.
            RecipeError: the URL is not one, or its driver is not installed.
        """
        database = open_database(place or _usual())
        try:
            yield Store(database, clock)
        finally:
            database.close()
