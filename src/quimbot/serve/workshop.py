"""Where instructors make tutors: what a form sent is checked, tried, kept and offered."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from quimbot.exceptions import DataError, NotFound
from quimbot.serve.budget import Budget
from quimbot.serve.roster import Roster
from quimbot.serve.store.person import Person
from quimbot.serve.tutor_file import Fault, TutorError, TutorFile, check_name, checked
from quimbot.serve.tutor_shelf import Shelf
from quimbot.serve.tutors import Tutor

Tree = Mapping[str, object]
"""A tutor as a form sends it: the keys of its file."""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What is to be said about a tutor before it is kept."""

    faults: tuple[Fault, ...] = ()
    budget: Budget | None = None


class Workshop:
    """The tutors that people may change: an owner every one, an instructor their own."""

    def __init__(self, roster: Callable[[], Roster]) -> None:
        """`roster` gives the tutors there are now."""
        self._roster = roster

    @property
    def roster(self) -> Roster:
        """The tutors there are now."""
        return self._roster()

    @property
    def shelf(self) -> Shelf:
        """Where their files are."""
        return self.roster.shelf

    def mine(self, person: Person) -> dict[str, TutorFile]:
        """The tutors that somebody may change, by name; a file that was broken by hand is not."""
        found = {}
        for path in sorted(self.shelf.folder.glob("*.toml")) if self.shelf.there else ():
            try:
                found[path.stem] = self.open(person, path.stem)
            except (DataError, NotFound):
                continue
        return found

    def open(self, person: Person, name: str) -> TutorFile:
        """One of their tutors.

        Raises:
            DataError: its file is not what it must be.
            NotFound: there is none, or it is somebody else's.
        """
        file = self.shelf.tutor(name)
        if file is None or not _may(person, file):
            raise NotFound("there is no such tutor")
        return file

    def earlier(self, person: Person, name: str, number: int) -> TutorFile:
        """One of their tutors as it was before.

        Raises:
            DataError: it was not what it must be now.
            NotFound: there was none, or it was somebody else's.
        """
        self.open(person, name)
        path = self.shelf.history(name).get(number)
        file = None if path is None else checked(tomllib.loads(path.read_text("utf-8")))
        if file is None or not _may(person, file):
            raise NotFound("there is no such version")
        return file

    def check(self, person: Person, name: str, tree: Tree) -> Checked:
        """Everything that is wrong with a tutor, and what its words take of a talk."""
        faults: list[Fault] = []
        share = None
        try:
            self._check_name(person, name)
        except TutorError as fault:
            faults += fault.faults
        try:
            file = self._file(person, name, tree)
            share = self.roster.budget(file)
            self.roster.check(file)
        except TutorError as fault:
            faults += [each for each in fault.faults if each not in faults]
        return Checked(faults=tuple(faults), budget=share)

    def draft(self, person: Person, tree: Tree) -> Tutor:
        """A tutor to try, offered to nobody.

        Raises:
            TutorError: it is not what it must be.
        """
        file = self._file(person, "", tree)
        self.roster.check(file)
        return self.roster.tutor("preview", file)

    def save(self, person: Person, name: str, tree: Tree, version: str) -> str:
        """Keep a tutor over the version that was opened, and offer it; gives the new version.

        Raises:
            Changed: it is not that version any more.
            NotFound: it is somebody else's.
            OutputError: its file cannot be written.
            TutorError: it is not what it must be.
        """
        self._check_name(person, name)
        file = self._file(person, name, tree)
        self.roster.check(file)
        return self.shelf.save(name, file, version)

    def remove(self, person: Person, name: str, version: str) -> None:
        """Offer a tutor no more; its file goes into the history.

        Raises:
            Changed: it is not that version any more.
            NotFound: there is none, or it is somebody else's.
            OutputError: its history cannot be written.
        """
        self.open(person, name)
        self.shelf.remove(name, version)

    def _check_name(self, person: Person, name: str) -> None:
        """Refuse a name that is none, or whose tutor somebody else made."""
        check_name(name)
        self.roster.check_name(name)
        file = self.shelf.tutor(name)
        if file is not None and not _may(person, file):
            text = f"the name {name!r} is taken; choose another"
            raise TutorError(Fault(field="name", text=text))

    def _file(self, person: Person, name: str, tree: Tree) -> TutorFile:
        """The tutor that a form sent; who made it is not the form's to say."""
        sent = {key: value for key, value in tree.items() if key != "author"}
        file = checked(sent)
        if file.base and file.base not in self.roster.run and person.role != "owner":
            text = f"unknown base {file.base!r}; allowed: {', '.join(self.roster.run)}"
            raise TutorError(Fault(field="base", text=text))
        before = self.shelf.tutor(name) if name else None
        author = before.author if before else person.id
        return msgspec.structs.replace(file, author=author)


def _may(person: Person, file: TutorFile) -> bool:
    """Whether somebody may see and change a tutor; one written by hand is the owner's."""
    return person.role == "owner" or file.author == person.id
