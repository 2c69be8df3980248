"""A learner's talk in the terminal: the same tutoring and the same store as on the page."""

import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import msgspec

from quimbot.exceptions import DataError, RecipeError
from quimbot.pedagogy.events import Moved
from quimbot.pedagogy.learner import Learner, Profile, learner_of
from quimbot.pedagogy.levels import Level
from quimbot.runs.recipe import suggestion
from quimbot.runtimes.runtime import Sampling
from quimbot.serve.gate import Gate
from quimbot.serve.roster import open_roster
from quimbot.serve.store.person import Person
from quimbot.serve.store.store import Store
from quimbot.serve.summary import summary
from quimbot.serve.told import progress_told, summary_told
from quimbot.serve.tutor_shelf import FILE, Shelf, folder_of
from quimbot.serve.tutoring import Outcome, Tutoring
from quimbot.serve.tutors import Tutor
from quimbot.serve.wire import HOTTEST

_NOTHING_YET = "Nothing was said in this conversation yet."


@dataclass(frozen=True, kw_only=True)
class ChatSettings:
    """Settings of `quimbot chat`."""

    address: str = field(kw_only=False)
    """Whom to talk to: a run folder, a checkpoint, a model name or the URL of a server."""
    tutor: str = ""
    """Whom to talk to among the tutors there; empty: the one of the file that is given, else the
    one that was picked."""
    tutors: str = ""
    """Folder of tutor files, or one such file, beside the tutors of the run; empty: `tutors` in the
    run folder, if it is one."""
    max_tokens: int = 160
    """The longest reply, in tokens; thoughts count."""
    temperature: float = 0.3
    """How freely replies are drawn; 0 always takes the most probable word."""
    seed: int = 0
    """Start of the random draws."""
    store: str = ""
    """Database of people and conversations: a file (SQLite) or a postgresql:// address; empty: a
    file in the user's data folder."""
    l1: Literal["", "es", "zh", "ar", "ko"] = ""
    """Your first language; kept for the next time."""
    level: Literal["", "A2", "B1", "B2", "C1"] = ""
    """Your level of English; kept for the next time."""
    cap: Literal["", "pass", "recast", "focused", "prompt", "clue"] = ""
    """The most open help that you want during a talk; kept for the next time."""

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if self.max_tokens < 1:
            raise RecipeError(f"chat: max_tokens is {self.max_tokens}; give 1 or more")
        if not 0 <= self.temperature <= HOTTEST:
            raise RecipeError(
                f"chat: temperature is {self.temperature}; give a number from 0 to {HOTTEST}"
            )

    def inputs(self) -> tuple[Path, ...]:
        """What is read."""
        paths = [Path(path) for path in (self.address, self.tutors) if path]
        return tuple(path for path in paths if path.exists())

    def outputs(self) -> tuple[Path, ...]:
        """What is written: nothing that a stamp could know."""
        return ()

    def profile(self, before: Profile) -> Profile:
        """What the learner told before, with what these settings tell."""
        given = {"l1": self.l1, "level": self.level, "cap": self.cap and Level[self.cap.upper()]}
        return msgspec.structs.replace(before, **{k: v for k, v in given.items() if v != ""})


class Chat:
    """What a learner can do in the terminal: talk, and look at what came of it."""

    def __init__(self, store: Store, tutor: Tutor, sampling: Sampling, person: Person) -> None:
        self._store = store
        self._tutor = tutor
        self._sampling = sampling
        self._person = person
        self._tutoring = Tutoring(store, Gate(at_once=1, waiting=0))
        self._conversation = ""

    async def say(self, text: str) -> AsyncGenerator[str, None]:
        """The tutor's reply in pieces; leaving it early keeps what was said so far.

        Raises:
            ApiError: the turn is too long, or no reply could be had.
        """
        if not self._conversation:
            begun = self._store.conversations.begin(self._person.id, self._tutor.name)
            self._conversation = begun.id
        turns = len(self._store.conversations.turns(self._person.id, self._conversation))
        sampling = replace(self._sampling, seed=self._sampling.seed + turns)
        asked = (self._person, self._conversation, self._tutor, text, sampling)
        async with aclosing(self._tutoring.answer(*asked)) as pieces:
            async for piece in pieces:
                if not isinstance(piece, Outcome):
                    yield piece

    def begin_again(self) -> None:
        """Begin a new conversation with the next word; the old one is kept."""
        self._conversation = ""

    def review(self) -> str:
        """What was said in this conversation, how it can be said, and what returns."""
        if not self._conversation:
            return _NOTHING_YET
        here = self._store.events.with_turns(self._person.id, self._conversation)
        return summary_told(summary([one.event for one in here], self._learner()), time.time())

    def why(self) -> str:
        """Why the tutor answered the last turn as it did."""
        if not self._conversation:
            return _NOTHING_YET
        here = self._store.events.with_turns(self._person.id, self._conversation)
        moves = [one.event for one in here if isinstance(one.event, Moved)]
        if not moves:
            return _NOTHING_YET
        spoken = " Words from a template were said." if moves[-1].fell_back else ""
        return f"{moves[-1].reason}{spoken}"

    def progress(self) -> str:
        """How each kind of error went in all conversations."""
        return progress_told(self._learner(), time.time())

    def _learner(self) -> Learner:
        return learner_of(self._person.profile, self._store.events.of(self._person.id))


def _shelf(settings: ChatSettings) -> Shelf:
    """The tutors in files, as `quimbot serve` offers them, or one of a file alone."""
    if not settings.tutors:
        return Shelf(folder_of(settings.address))
    place = Path(settings.tutors)
    if not (place.is_dir() or (place.is_file() and place.suffix == FILE)):
        raise DataError(
            f"{place}: no folder of tutor files and no tutor file; give a folder or a {FILE} file "
            "with --tutors"
        )
    return Shelf(place)


@contextmanager
def open_chat(settings: ChatSettings) -> Iterator[Chat]:
    """A new conversation of this machine's learner with the chosen tutor.

    Raises:
        DataError: the database, the list of tutors or a tutor's file is not what it must be.
        OutputError: the database cannot be used.
        RecipeError: there is no tutor of that name; those there are are listed.
        ModelError: the tutor's model cannot be found, reached or used.
    """
    shelf = _shelf(settings)
    with Store.open(settings.store) as store, open_roster(settings.address, shelf) as tutors:
        alone = Path(settings.tutors).stem if settings.tutors.endswith(FILE) else ""
        name = settings.tutor or alone or next(iter(tutors))
        if name not in tutors:
            known = f"{', '.join(tutors)}{suggestion(name, tutors)}"
            raise RecipeError(f"chat: no tutor {name!r}; choose one of {known}")
        local = store.people.local()
        person = store.people.change(local.id, profile=settings.profile(local.profile))
        sampling = Sampling(
            max_tokens=settings.max_tokens, temperature=settings.temperature, seed=settings.seed
        )
        Tutoring.warm_up()
        yield Chat(store, tutors[name], sampling, person)
