"""The error bank: learner errors written with care, and thousands of turns drawn from them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random

from quimbot.exceptions import RecipeError
from quimbot.pedagogy.bank.check import undeclared
from quimbot.pedagogy.bank.compose import chat_turn
from quimbot.pedagogy.bank.entry import (
    Entry,
    Slots,
    Talk,
    entry_fault,
    read_entries,
    read_slots,
    read_talk,
)
from quimbot.pedagogy.bank.fill import fill_entry, fill_turn
from quimbot.pedagogy.seed import FIRST_LANGUAGES, LEVELS, Seed

_FOLDER = Path(__file__).parent
_FILES = ("tense.toml", "nouns.toml", "structure.toml", "words.toml")
_TRIES = 60
_TWO_ERRORS = 0.5  # share of long turns that hold two
_PERSON = re.compile(r"\bmy \w+")


@dataclass(frozen=True, kw_only=True)
class Bank:
    """Learner errors and correct talk, ready to be drawn from."""

    entries: tuple[Entry, ...]
    talk: Talk
    slots: Slots

    def with_own(self, paths: Sequence[Path]) -> "Bank":
        """This bank and the seeds of more files, which may use its slots and topics.

        Raises:
            DataError: a file or a seed is not what it must be, an id is taken, or a seed shows
                errors that it does not declare; file and line are named.
        """
        entries = self.entries
        for path in paths:
            own = read_entries(path, self.slots, self.talk.beside, {each.id for each in entries})
            for number, fault in undeclared(own, self.slots).items():
                raise entry_fault(path, number, own[number], fault)
            entries += own
        return replace(self, entries=entries)

    def only(
        self, *, category: str = "", l1: str = "", level: str = "", error_type: str = ""
    ) -> "Bank":
        """The part of the bank that is of a kind; empty texts leave nothing out.

        Raises:
            RecipeError: no seed is left; what was asked for and what there is are named.
        """
        left = tuple(
            entry
            for entry in self.entries
            if category in ("", entry.category)
            and (not l1 or not entry.l1 or l1 in entry.l1)
            and level in ("", entry.level)
            and (not error_type or any(error_type in shown.split() for shown in entry.types))
        )
        if not left:
            asked = {"category": category, "l1": l1, "level": level, "error_type": error_type}
            named = " and ".join(f"{name} {value!r}" for name, value in asked.items() if value)
            kinds = sorted({entry.category for entry in self.entries})
            raise RecipeError(
                f"no seed of the error bank has {named}; categories: {', '.join(kinds)}; "
                f"levels: {', '.join(LEVELS)}; l1: {', '.join(FIRST_LANGUAGES)}"
            )
        return replace(self, entries=left)

    def seed(self, entry: Entry, rng: Random, *, long: bool = False, l1: str = "") -> Seed:
        """A turn with the error of an entry; a long one has more sentences, perhaps more errors."""
        seeds = [fill_entry(entry, self.slots, rng, l1)]
        partners = [] if entry.question else self._partners(entry)
        beside: list[str] = []
        if long and partners and rng.random() < _TWO_ERRORS:
            seeds.append(self._second(seeds[0], rng.choice(partners), rng, l1))
        elif long:
            known = self.talk.beside[entry.topic]
            beside = rng.sample(known, min(len(known), rng.choice((1, 1, 2))))
        return chat_turn(seeds, beside, rng)

    def talk_turn(self, rng: Random, *, long: bool = False) -> Seed:
        """A turn without an error."""
        turn = rng.choice(self.talk.turn)
        beside = self.talk.beside[turn.topic]
        return chat_turn(
            [fill_turn(turn, self.slots, rng)], rng.sample(beside, 1) if long else [], rng
        )

    def draw(
        self, count: int, *, seed: int, l1: str = "", long: float = 0.0, no_error: float = 0.0
    ) -> Iterator[Seed]:
        """So many turns, no two alike, the same ones for the same arguments.

        Entries take turns in shuffled rounds, so each error is drawn equally often until its own
        turns are used up; `long` and `no_error` are shares; with `l1`, only what its speakers or
        any learner would write.

        Raises:
            RecipeError: the bank does not hold so many distinct turns.
        """
        rng = Random(f"bank:{seed}:{l1}")  # noqa: S311 - reproducible, nothing secret
        left = [entry for entry in self.entries if not l1 or not entry.l1 or l1 in entry.l1]
        round_: list[Entry] = []
        seen: set[str] = set()
        for number in range(count):
            clean, is_long = rng.random() < no_error, rng.random() < long
            if clean and (talk := self._fresh(None, rng, seen, long=is_long)):
                yield talk
                continue
            while left:
                round_ = round_ or rng.sample(left, len(left))
                entry = round_.pop()
                drawn = self._fresh(entry, rng, seen, long=is_long, l1=l1)
                drawn = drawn or self._fresh(entry, rng, seen, long=True, l1=l1)
                if drawn:
                    yield drawn
                    break
                left.remove(entry)
            else:
                raise RecipeError(
                    f"the error bank holds only {number} distinct turns of this kind; "
                    "ask for fewer dialogues"
                )

    def _fresh(
        self, entry: Entry | None, rng: Random, seen: set[str], *, long: bool, l1: str = ""
    ) -> Seed | None:
        """A turn not seen before, or nothing when many draws brought none."""
        for _ in range(_TRIES):
            drawn = (
                self.seed(entry, rng, long=long, l1=l1) if entry else self.talk_turn(rng, long=long)
            )
            key = " ".join(drawn.learner.lower().split()).rstrip(".!?")
            if key not in seen:
                seen.add(key)
                return drawn
        return None

    def _second(self, first: Seed, entry: Entry, rng: Random, l1: str) -> Seed:
        """Another error for the same turn, about another person where that can be had."""
        second = fill_entry(entry, self.slots, rng, l1)
        for _ in range(_TRIES):
            if not set(_PERSON.findall(first.learner)) & set(_PERSON.findall(second.learner)):
                break
            second = fill_entry(entry, self.slots, rng, l1)
        return second

    def _partners(self, entry: Entry) -> list[Entry]:
        """Other errors that may stand in the same turn: those of the same family."""
        if not entry.family:
            return []
        return [e for e in self.entries if e.family == entry.family and e.id != entry.id]


@cache
def shipped_bank() -> Bank:
    """The bank that comes with the package."""
    return read_bank(_FOLDER)


def read_bank(folder: Path) -> Bank:
    """A bank from a folder of TOML files.

    Raises:
        DataError: a file, an entry or a slot is not what it must be; file and line are named.
    """
    slots, talk = read_slots(folder / "slots.toml"), read_talk(folder / "talk.toml")
    entries: tuple[Entry, ...] = ()
    for name in _FILES:
        taken = {entry.id for entry in entries}
        entries += read_entries(folder / name, slots, talk.beside, taken)
    return Bank(entries=entries, talk=talk, slots=slots)
