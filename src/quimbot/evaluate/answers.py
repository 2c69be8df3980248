"""Asking learner turns and keeping every answer as it comes, so that nothing is asked twice."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import msgspec

from quimbot.evaluate.entrants import Entrant
from quimbot.evaluate.suite import LearnerTurn
from quimbot.exceptions import OutputError, QuimbotError
from quimbot.pedagogy.moves import tutor_prompt
from quimbot.records.jsonl import read_rows
from quimbot.records.record import Lesson, Message, Move, Provenance, Record, Strict
from quimbot.runtimes.runtime import Reply, Runtime, Sampling, ask_all


class Answer(Strict, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the log: what one request came to."""

    key: str
    record: Record | None = None
    fault: str = ""
    """Why there is no reply."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One learner turn put to one entrant with one move."""

    entrant: Entrant
    turn: LearnerTurn
    move: Move
    suite: str

    def chat(self) -> tuple[Message, ...]:
        """What is sent."""
        learner = Message(role="user", content=self.turn.learner)
        return (tutor_prompt(self.move, self.turn.l1), learner)

    def key(self, sampling: Sampling) -> str:
        """Hash of everything that the answer depends on."""
        parts = (
            self.entrant.address,
            self.entrant.adapter,
            self.turn,
            self.move,
            self.chat(),
            astuple(sampling),
        )
        return hashlib.blake2b(msgspec.json.encode(parts), digest_size=16).hexdigest()

    def record(self, text: str) -> Record:
        """The chat with the answer in it, ready for the verifier."""
        return Record(
            messages=(*self.chat(), Message(role="assistant", content=text)),
            lessons=(
                Lesson(
                    turn=2,
                    move=self.move,
                    corrections=self.turn.corrections,
                    error_types=self.turn.error_types,
                ),
            ),
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

    def record(self, key: str) -> Record | None:
        """The answer to a request, if it came."""
        answer = self._answers.get(key)
        return answer.record if answer else None

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


def ask(
    runtime: Runtime,
    questions: Sequence[Question],
    sampling: Sampling,
    log: AnswerLog,
    *,
    at_once: int,
    done: Callable[[], None],
) -> None:
    """Ask what the log does not answer yet, and log each outcome as it comes."""
    open_ = [question for question in questions if log.record(question.key(sampling)) is None]

    def keep(index: int, outcome: Reply | QuimbotError) -> None:
        key = open_[index].key(sampling)
        if isinstance(outcome, Reply):
            log.append(Answer(key=key, record=open_[index].record(outcome.text)))
        else:
            log.append(Answer(key=key, fault=str(outcome)))
        done()

    chats = [question.chat() for question in open_]
    asyncio.run(ask_all(runtime, chats, sampling, at_once=at_once, done=keep))


def _drop_half_line(path: Path) -> None:
    """A kill can leave half a line at the end: take it off, its request is asked again."""
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        with path.open("r+b") as file:
            file.truncate(len(whole))
