"""Asking learner turns and keeping every answer as it comes, so that nothing is asked twice."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, replace
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
            self.turn,
            self.move,
            self.chat(),
            astuple(self.sampling(first)),
        )
        return hashlib.blake2b(msgspec.json.encode(parts), digest_size=16).hexdigest()

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
    for sample in sorted({question.sample for question in questions}):
        open_ = [
            question
            for question in questions
            if question.sample == sample and log.record(question.key(sampling)) is None
        ]

        def keep(
            index: int, outcome: Reply | QuimbotError, asked: Sequence[Question] = open_
        ) -> None:
            key = asked[index].key(sampling)
            if isinstance(outcome, Reply):
                log.append(Answer(key=key, record=asked[index].record(outcome.text)))
            else:
                log.append(Answer(key=key, fault=str(outcome)))
            done()

        chats = [question.chat() for question in open_]
        drawn = replace(sampling, seed=sampling.seed + sample)
        asyncio.run(ask_all(runtime, chats, drawn, at_once=at_once, done=keep))


def _drop_half_line(path: Path) -> None:
    """A kill can leave half a line at the end: take it off, its request is asked again."""
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        with path.open("r+b") as file:
            file.truncate(len(whole))
