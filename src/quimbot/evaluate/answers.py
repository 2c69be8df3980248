"""Asking learner turns and keeping every answer as it comes, so that nothing is asked twice."""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Protocol

import msgspec

from quimbot.evaluate.entrants import Entrant
from quimbot.exceptions import OutOfCredit, OutputError, QuimbotError, RuntimeFault, Unusable
from quimbot.pedagogy.moves import tutor_prompt
from quimbot.records.jsonl import read_rows
from quimbot.records.record import Lesson, Message, Move, Provenance, Record, Strict
from quimbot.runtimes.runtime import Reply, Runtime, Sampling, ask_all
from quimbot.verify.suite import LearnerTurn

_PATIENCE = 4
"""Failures in a row, at least, before whoever is asked is taken for dead."""


class Answer(Strict, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the log: what one request came to."""

    key: str
    record: Record | None = None
    fault: str = ""
    """Why there is no reply."""


class Asked(Protocol):
    """Anything that is asked once and whose answer is kept."""

    def chat(self) -> tuple[Message, ...]:
        """What is sent."""
        ...

    def sampling(self, first: Sampling) -> Sampling:
        """How the reply is drawn, where `first` is how the first of several is."""
        ...

    def key(self, first: Sampling) -> str:
        """Hash of everything that the answer depends on."""
        ...

    def record(self, text: str) -> Record:
        """The chat with the answer in it."""
        ...


def request_key(parts: object) -> str:
    """Hash of everything that an answer depends on, as one JSON value."""
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=16).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Question:
    """One learner turn put to one entrant, with one move where that is what is checked."""

    entrant: Entrant
    turn: LearnerTurn
    move: Move | None
    suite: str
    sample: int = 0
    """Which of several replies; each is drawn with a seed of its own."""

    def chat(self) -> tuple[Message, ...]:
        """What is sent."""
        said = (*self.turn.history, Message(role="user", content=self.turn.learner))
        tutor = tutor_prompt(self.move or Move.RECAST, self.turn.l1)
        return (tutor, *said) if self.turn.tutored else said

    def sampling(self, first: Sampling) -> Sampling:
        """How the reply is drawn, where `first` is how the first of several is."""
        return replace(first, seed=first.seed + self.sample)

    def key(self, first: Sampling) -> str:
        """Hash of everything that the answer depends on."""
        parts = (
            self.entrant.address,
            self.entrant.adapter,
            self.entrant.files,
            self.chat(),
            astuple(self.sampling(first)),
        )
        return request_key(parts)

    def record(self, text: str) -> Record:
        """The chat with the answer in it, ready for the verifier."""
        chat = self.chat()
        lesson = Lesson(
            turn=len(chat),
            move=self.move or Move.RECAST,
            corrections=self.turn.corrections,
            error_types=self.turn.error_types,
        )
        return Record(
            messages=(*chat, Message(role="assistant", content=text)),
            lessons=(lesson,) if self.turn.corrections else (),
            provenance=Provenance(
                source=self.suite,
                licence=self.turn.licence,
                origin=self.turn.id,
                author=self.entrant.address,
            ),
        )


class AnswerLog:
    """The answers kept in a file, by key; a request that failed before is open again."""

    def __init__(self, path: Path) -> None:
        """Read what is there, leaving out a line cut short by a kill."""
        self._path = path
        self._answers: dict[str, Answer] = {}
        if path.exists():
            _drop_half_line(path)
            self._answers = {answer.key: answer for answer in read_rows(path, Answer)}

    def said(self, key: str) -> str | None:
        """The answer to a request, if it came."""
        answer = self._answers.get(key)
        return answer.record.messages[-1].content if answer and answer.record else None

    def fault(self, key: str) -> str:
        """Why there is none, if it was asked for."""
        answer = self._answers.get(key)
        return answer.fault if answer else ""

    def append(self, answer: Answer) -> None:
        """Keep one more answer."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                file.write(msgspec.json.encode(answer) + b"\n")
        except OSError as fault:
            raise OutputError(
                f"{self._path}: cannot write ({fault.strerror}); free some space, then run again"
            ) from fault
        self._answers[answer.key] = answer


def kept_of(kept: int, asked: int) -> str:
    """What is told when the asking ends early."""
    return f"{kept:,} of {asked:,} answers are kept, and the same command continues"


def ask(
    runtime: Runtime,
    questions: Sequence[Asked],
    sampling: Sampling,
    log: AnswerLog,
    *,
    at_once: int,
    most: int = 0,
    done: Callable[[Reply | QuimbotError], None],
) -> None:
    """Ask what the log does not answer yet, and log each outcome as it comes.

    What is asked in the same words is asked once, and at most `most` requests are made; 0 makes
    all. `done` is told each outcome.

    Raises:
        RuntimeFault: it answers nothing more, for good or many times in a row; what it said is
            kept.
    """
    asked = {question.key(sampling): question for question in questions}
    open_: dict[Sampling, list[tuple[str, Asked]]] = defaultdict(list)
    unanswered = [each for each in asked.items() if log.said(each[0]) is None]
    for key, question in unanswered[: most or None]:
        open_[question.sampling(sampling)].append((key, question))
    failures = 0

    def keep(key: str, question: Asked, outcome: Reply | QuimbotError) -> None:
        nonlocal failures
        if isinstance(outcome, Reply):
            failures = 0
            log.append(Answer(key=key, record=question.record(outcome.text)))
        else:
            failures += 1
            log.append(Answer(key=key, fault=str(outcome)))
        done(outcome)
        lasting = failures >= max(_PATIENCE, at_once) or failures == len(asked)
        if isinstance(outcome, Unusable) or lasting:
            kept = sum(log.said(key) is not None for key in asked)
            kind = OutOfCredit if isinstance(outcome, OutOfCredit) else RuntimeFault
            raise kind(f"{outcome}; {kept_of(kept, len(asked))}")

    for drawn, some in open_.items():
        chats = [question.chat() for _, question in some]

        def ended(
            index: int,
            outcome: Reply | QuimbotError,
            some: Sequence[tuple[str, Asked]] = some,
        ) -> None:
            keep(*some[index], outcome)

        try:
            asyncio.run(ask_all(runtime, chats, drawn, at_once=at_once, done=ended))
        except ExceptionGroup as group:
            raise group.exceptions[0] from None


def _drop_half_line(path: Path) -> None:
    """A kill can leave half a line at the end: take it off, its request is asked again."""
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        with path.open("r+b") as file:
            file.truncate(len(whole))
