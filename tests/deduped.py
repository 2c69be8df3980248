"""Chats of one exchange, and what `dedup` makes of them."""

from pathlib import Path

from quimbot.curate.dedup import DedupSettings, dedup
from quimbot.records.jsonl import read_records, read_rows, write_rows
from quimbot.records.record import Lesson, Message, Move, Provenance, Record
from quimbot.records.rejected import Rejected, rejected_path
from quimbot.runs.watch import Silent


def chat(learner: str, reply: str, move: Move | None = None) -> Record:
    return Record(
        messages=(
            Message(role="user", content=learner),
            Message(role="assistant", content=reply),
        ),
        lessons=(Lesson(turn=1, move=move, corrections=(learner,)),) if move else (),
        provenance=Provenance(source="test", licence="MIT"),
    )


def run(folder: Path, rows: list[Record], **more: object) -> tuple[list[Record], list[Rejected]]:
    write_rows(folder / "in.jsonl", rows)
    output = folder / "out.jsonl"
    dedup(DedupSettings(input=(folder / "in.jsonl",), output=output, **more), Silent())  # type: ignore[arg-type] # settings by name
    return list(read_records(output)), list(read_rows(rejected_path(output), Rejected))
