"""A reply becomes a record with the proof that it performs its move, or the reason it does not."""

from collections.abc import Iterator, Sequence

import msgspec

from quimbot.generate.rules_teacher import AUTHOR
from quimbot.generate.teacher import Answer, Cell
from quimbot.pedagogy.correction import edits_all
from quimbot.records.record import (
    Lesson,
    Message,
    Provenance,
    Record,
    messages_id,
)
from quimbot.verify.scaffolding import Scaffolding, asks, red_pen


def record_of(cell: Cell, answer: Answer) -> Record:
    """The dialogue of a cell, its lesson still unproved."""
    seed = cell.seed
    rules = answer.author == AUTHOR
    lesson = Lesson(
        turn=2, move=cell.move, corrections=seed.corrections, error_types=seed.error_types
    )
    return Record(
        messages=(
            cell.prompt,
            Message(role="user", content=seed.learner),
            Message(role="assistant", content=answer.text),
        ),
        lessons=(lesson,) if seed.corrections else (),
        provenance=Provenance(
            source="quimbot-rules" if rules else "quimbot-model",
            licence="Apache-2.0" if rules else "unknown",
            origin=seed.origin,
            author=answer.author,
            prompt_hash=messages_id((cell.prompt,)),
        ),
        tags={
            "stage": "2" if cell.l1 else "1",
            "l1": seed.l1,
            "level": seed.level,
            "category": seed.category,
            "family": seed.family,
        }
        | ({"provider": answer.provider} if answer.provider else {}),
    )


def prove(records: Sequence[Record]) -> Iterator[tuple[Record, str]]:
    """Each record with the verdict in its lesson, and the reason to refuse it, if any.

    A turn without an error has no lesson: its reply must ask something and correct nothing.
    """
    pairs = [
        (record.messages[1].content, lesson.corrections[0])
        for record in records
        for lesson in record.lessons
    ]
    changes = dict(zip(pairs, edits_all(pairs), strict=True))
    for record, verdict in zip(records, Scaffolding().check(records), strict=True):
        learner, reply = record.messages[1].content, record.messages[2].content
        if not record.lessons:
            yield record, _fault_of_talk(reply)
            continue
        lesson = record.lessons[0]
        types = tuple(e.type for e in changes[learner, lesson.corrections[0]] if e.real)
        proved = msgspec.structs.replace(lesson, verdict=verdict, error_types=types)
        reason = verdict.reason if types else "no-error"
        yield msgspec.structs.replace(record, lessons=(proved,)), reason


def _fault_of_talk(reply: str) -> str:
    if not reply.strip():
        return "empty"
    if red_pen(reply):
        return "red-pen"
    return "" if asks(reply) else "no-question"
