"""The tutors that one address offers: each a name, what it is told, and the runtime that speaks."""

import re
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from quimbot.exceptions import DataError
from quimbot.pedagogy.levels import Level
from quimbot.pedagogy.moves import tutor_prompt
from quimbot.records.record import Message, Move, Strict
from quimbot.runs.scorecard import read_picked
from quimbot.runtimes.connect import open_runtimes
from quimbot.runtimes.mixing import refuse_mixing
from quimbot.runtimes.runtime import Delta, Runtime, Sampling
from quimbot.runtimes.thinking import Thinking


class TutorEntry(Strict, frozen=True, kw_only=True):
    """One tutor in the `tutors.json` of a run folder; the first is the default."""

    name: str
    address: str
    """As a runtime takes it; a path may be relative to the run folder."""
    title: str = ""
    """What a learner reads when there is a choice; empty: the name."""
    move: Move = Move.RECAST
    l1: str = ""

    def tutor(self, runtime: Runtime) -> "Tutor":
        """The tutor, once its runtime is open."""
        return Tutor(
            name=self.name,
            title=self.title or self.name,
            prompt=tutor_prompt(self.move, self.l1),
            runtime=runtime,
            l1=self.l1,
        )


@dataclass(frozen=True, kw_only=True)
class Tutor:
    """Somebody to talk to."""

    name: str
    title: str
    prompt: Message
    """The system message for conversations that bring none."""
    runtime: Runtime
    role: str = ""
    """Who it is and how it acts, as an instructor wrote it; it then holds in every conversation."""
    knowledge: tuple[str, ...] = ()
    """Notes that it is given with every turn."""
    levels: frozenset[Level] = frozenset(Level)
    """How openly it may help."""
    cap: Level = Level.CLUE
    """The most open help; a learner may ask for less."""
    topics: tuple[str, ...] = ()
    """What a learner may choose to talk about."""
    starters: tuple[str, ...] = ()
    """Sentences to begin with; none: those of the page."""
    l1: str = ""
    """First language of its learners, where they say none."""
    level: str = ""
    """Level of its learners, where they say none."""

    def told(self, move: Move, l1: str = "") -> Message:
        """The system message that asks it for a move, for a learner of this first language."""
        return told(self.role, self.knowledge, move, l1 or self.l1)

    async def answer(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        prompt: Message | None = None,
    ) -> AsyncGenerator[Delta, None]:
        """The reply in pieces without hidden thinking; closing it stops the work behind it.

        A client's own system message replaces the tutor's, but never what an instructor wrote: it
        is then passed over. With `prompt`, a system message chosen here, every other is.

        Raises:
            RuntimeFault: no reply could be had.
        """
        given = [message for message in messages if message.role != "system"]
        if prompt or self.role or len(given) == len(messages):
            messages = (prompt or self.prompt, *given)
        thinking = Thinking()
        pieces = self.runtime.stream(messages, sampling)
        try:
            async for piece in pieces:
                heard = thinking.heard(piece)
                if heard.text or heard.finish is not None:
                    yield heard
        finally:
            if isinstance(pieces, AsyncGenerator):
                await pieces.aclose()


def told(role: str, knowledge: Sequence[str], move: Move, l1: str = "") -> Message:
    """The system message that asks for a move, with an instructor's words about role and facts.

    The words that the model was trained with come first and whole, so that it still does what it
    was trained to; what follows them is taken up better than what stands before.
    """
    asked = tutor_prompt(move, l1)
    notes = "".join(f"\n- {note}" for note in knowledge)
    known = f"What you know:{notes}" if notes else ""
    parts = [part for part in (asked.content, role, known) if part]
    return Message(role="system", content="\n\n".join(parts))


@contextmanager
def open_tutors(address: str, *, at_once: int = 1) -> Iterator[dict[str, Tutor]]:
    """The tutors at an address by name, the default first: of a run folder, or the one runtime.

    `at_once` conversations share the context of a model that runs here.

    Raises:
        DataError: the run folder's list of tutors is not what it must be.
        ModelError: a tutor's model cannot be found, reached or used, or its server mixes it up.
    """
    entries = tutor_entries(address)
    addresses = [entry.address for entry in entries]
    with open_runtimes(addresses, at_once=at_once) as runtimes:
        refuse_mixing(runtimes.values())
        yield {entry.name: entry.tutor(runtimes[entry.address]) for entry in entries}


def tutor_entries(address: str) -> list[TutorEntry]:
    """Who is there, before any model is loaded.

    Raises:
        DataError: the run folder's list of tutors is not what it must be.
    """
    folder = Path(address)
    listed = folder / "tutors.json"
    if listed.is_file():
        return [
            msgspec.structs.replace(entry, address=within(folder, entry.address))
            for entry in _listed(listed)
        ]
    if (folder / "picked.json").is_file():
        picked = read_picked(folder / "picked.json")
        chosen = {"tutor": picked.address, "base": picked.base}
        return [TutorEntry(name=name, address=within(folder, at)) for name, at in chosen.items()]
    return [TutorEntry(name=re.split(r"[/#]", address.rstrip("/"))[-1], address=address)]


def _listed(path: Path) -> list[TutorEntry]:
    try:
        entries = msgspec.json.decode(path.read_bytes(), type=list[TutorEntry])
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        raise DataError(f"{path}: {fault}; run the pipeline again to write it anew") from None
    names = [entry.name for entry in entries]
    if not names or len(set(names)) < len(names):
        raise DataError(f"{path}: found tutors {names}; give at least one, each its own name")
    return entries


def within(folder: Path, address: str) -> str:
    """The address, whose path may be relative to a folder."""
    inside = folder / address
    return str(inside) if inside.exists() else address
