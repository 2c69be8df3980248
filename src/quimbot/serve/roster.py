"""The tutors there are now: those of the run, and beside them those that instructors wrote.

Those of files are made anew whenever they are asked for: a change is there with the next message,
and a reply under way keeps the tutor that it began with.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from quimbot.exceptions import QuimbotError
from quimbot.pedagogy.levels import Level
from quimbot.records.record import Message, Move
from quimbot.runs.recipe import suggestion
from quimbot.runtimes.connect import find_local, is_local, open_runtimes
from quimbot.runtimes.mixing import refuse_mixing
from quimbot.runtimes.runtime import Runtime
from quimbot.serve.budget import Budget, budget
from quimbot.serve.tutor_file import Fault, TutorError, TutorFile
from quimbot.serve.tutor_shelf import Shelf
from quimbot.serve.tutors import Tutor, told, tutor_entries, within

_MOVES = {
    Level.PASS: Move.EXPANSION,
    Level.RECAST: Move.RECAST,
    Level.FOCUSED: Move.RECAST,
    Level.PROMPT: Move.ELICITATION,
    Level.CLUE: Move.HINT,
}
"""What is asked of the model for a level, where nothing else chooses."""


class Roster(Mapping[str, Tutor]):
    """Tutors by name: those of the run, the default first, then those written in files."""

    def __init__(
        self,
        run: Mapping[str, Tutor],
        shelf: Shelf | None = None,
        opened: Mapping[str, Runtime] = {},
    ) -> None:
        """`opened` are the runtimes that files of the shelf name by an address."""
        self.run = run
        self.opened = opened
        self.shelf = shelf or Shelf(None)

    def tutor(self, name: str, file: TutorFile) -> Tutor:
        """The tutor of a file, whether it is offered or only tried.

        Raises:
            TutorError: nobody speaks for it.
        """
        levels = file.allowed()
        return Tutor(
            name=name,
            title=file.title or name,
            prompt=_prompt(file),
            runtime=self._speaker(file.base),
            role=file.prompt,
            knowledge=file.knowledge,
            levels=levels,
            cap=file.highest(),
            topics=file.topics,
            starters=file.starters,
            l1=file.l1,
            level=file.level,
        )

    def budget(self, file: TutorFile) -> Budget:
        """What the instructor's words take of a talk.

        Raises:
            TutorError: nobody speaks for it.
        """
        return budget(_prompt(file), self._speaker(file.base))

    def check_name(self, name: str) -> None:
        """Refuse a name that a tutor of the run has.

        Raises:
            TutorError: it has.
        """
        if name in self.run:
            text = f"the name {name!r} is taken by a tutor of the run; choose another"
            raise TutorError(Fault(field="name", text=text))

    def check(self, file: TutorFile) -> None:
        """Refuse a tutor that could not talk.

        Raises:
            TutorError: nobody speaks for it, or its words leave no room.
        """
        share = self.budget(file)
        if not share.kept:
            long = len("".join(file.knowledge)) > len(file.prompt)
            text = (
                f"prompt and knowledge take {share.taken:,} tokens; {share.room:,} at most, half "
                "of what a talk may have: shorten them, or serve with a lower --at-once"
            )
            raise TutorError(Fault(field="knowledge" if long else "prompt", text=text))

    def __getitem__(self, name: str) -> Tutor:
        if name in self.run:
            return self.run[name]
        try:
            return self.tutor(name, self.shelf.files[name])
        except TutorError:  # its base is not open here
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        yield from self.run
        yield from (
            name
            for name, file in self.shelf.files.items()
            if name not in self.run and self._speaks(file.base)
        )

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _speaks(self, base: str) -> bool:
        return not base or base in self.run or base in self.opened

    def _speaker(self, base: str) -> Runtime:
        if not self._speaks(base):
            text = f"unknown base {base!r}; allowed: {', '.join(self.run)}"
            raise TutorError(Fault(field="base", text=text + suggestion(base, self.run)))
        tutor = self.run.get(base or next(iter(self.run)))
        return self.opened[base] if tutor is None else tutor.runtime


@contextmanager
def open_roster(address: str, shelf: Shelf, *, at_once: int = 1) -> Iterator[Roster]:
    """The tutors at an address, see `open_tutors`, and those of a shelf.

    Raises:
        DataError: the run folder's list of tutors, or a tutor's file, is not what it must be.
        ModelError: a tutor's model cannot be found, reached or used.
    """
    entries = tutor_entries(address)
    names = {entry.name: entry.address for entry in entries}
    files = shelf.read()
    addresses = {file.base: within(shelf.folder, file.base) for file in files.values()}
    elsewhere = {base: at for base, at in addresses.items() if base and base not in names}
    for name, file in files.items():
        if file.base in elsewhere and is_local(elsewhere[file.base]):
            _find(shelf, name, file.base, elsewhere[file.base], names)
    everybody = [*names.values(), *elsewhere.values()]
    with open_runtimes(everybody, at_once=at_once) as runtimes:
        refuse_mixing(runtimes.values())
        run = {entry.name: entry.tutor(runtimes[entry.address]) for entry in entries}
        opened = {base: runtimes[at] for base, at in elsewhere.items()}
        roster = Roster(run, shelf, opened)
        for name, file in files.items():
            try:
                roster.check_name(name)
                roster.check(file)
            except TutorError as fault:
                raise shelf.told(name, fault) from None
        shelf.refresh()
        yield roster


def _find(shelf: Shelf, name: str, base: str, address: str, names: Mapping[str, str]) -> None:
    """Refuse a file whose base is not there, before anything is loaded."""
    try:
        find_local(address)
    except QuimbotError as fault:
        text = (
            f"unknown base {base!r}; allowed: {', '.join(names)}, a model, an adapter's folder or "
            f"a URL ({fault}){suggestion(base, names)}"
        )
        raise shelf.told(name, TutorError(Fault(field="base", text=text, found=base))) from None


def _prompt(file: TutorFile) -> Message:
    """What the tutor is told where nothing chooses a move."""
    help_ = [level for level in file.allowed() if level is not Level.PASS]
    return told(file.prompt, file.knowledge, _MOVES[min(help_, default=Level.PASS)], file.l1)
