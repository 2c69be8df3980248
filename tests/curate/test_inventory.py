"""The inventory counts any chat file, names bad lines and finds repeats in and across files."""

import json
from pathlib import Path

import pytest

from quimbot.curate.inventory import (
    Fault,
    InventorySettings,
    Spread,
    inventory,
    table,
    take_inventory,
)
from quimbot.exceptions import DataError
from quimbot.records.jsonl import write_rows
from quimbot.records.record import Lesson, Message, Move, Provenance, Record
from quimbot.runs.watch import Silent, aligned


class Notes(Silent):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


def pair(learner: str, reply: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": learner}, {"role": "assistant", "content": reply}]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    hello = {"messages": pair("I is here.", "Oh, you are here?")}
    lines = [hello, hello, {"messages": pair("I is here.", "Where are you now?")}, {"text": "x"}]
    write_rows(tmp_path / "a.jsonl", lines)
    with (tmp_path / "a.jsonl").open("ab") as file:
        file.write(b'\n{"messages":\n{"text":"y"}\n\xff\n')
    record = Record(
        messages=tuple(Message(**turn) for turn in pair("I is here.", "Oh, you are here?")),  # type: ignore[arg-type] # roles are right
        lessons=(
            Lesson(
                turn=1, move=Move.RECAST, corrections=("I am here.",), error_types=("R:VERB:SVA",)
            ),
        ),
        provenance=Provenance(source="test", licence="MIT"),
    )
    (tmp_path / "deep").mkdir()
    write_rows(tmp_path / "deep" / "b.jsonl", [record])
    write_rows(tmp_path / "deep" / "b.rejected.jsonl", [{"reason": "x"}])
    return tmp_path


def test_chats_repeats_and_faults_are_counted(folder: Path) -> None:
    found = take_inventory(folder, Silent())
    first, second = found.files
    assert (found.rows, found.distinct, found.bad) == (4, 2, 4)
    assert (first.rows, first.repeats, first.repeats_elsewhere) == (3, 1, 0)
    assert (second.rows, second.repeats, second.repeats_elsewhere) == (1, 0, 1)
    assert first.first_turns == 1
    assert first.commonest_turns == {"I is here.": 3}
    assert first.roles == {"user": 3, "assistant": 3}
    assert first.learner_words == Spread(median=3, p95=3, most=3)
    assert first.shapes == {"openai": 3}
    assert second.shapes == {"record": 1}
    assert second.moves == {"recast": 1}
    assert second.error_types == {"R:VERB:SVA": 1}
    assert second.licences == {"MIT": 1}
    assert isinstance(first.faults[0], Fault)
    assert first.faults[0].lines == (4, 7)
    assert "columns text" in first.faults[0].text
    assert {fault.lines for fault in first.faults} == {(4, 7), (6,), (8,)}


def test_the_table_is_said_and_the_counts_are_written(folder: Path) -> None:
    notes = Notes()
    summary = inventory(InventorySettings(folder=folder, output=folder / "inventory.json"), notes)
    assert summary == "4 chats in 2 files, 2 of them distinct; 4 bad lines"
    assert notes.lines[0].split()[:3] == ["file", "chats", "bad"]
    assert any("a.jsonl:4: no known chat shape" in line for line in notes.lines)
    assert json.loads((folder / "inventory.json").read_text())["rows"] == 4


def test_columns_stand_under_each_other(folder: Path) -> None:
    lines = list(aligned(table(take_inventory(folder, Silent()))))
    assert (
        len({line.index(word) for line, word in zip(lines, ("chats", "3 ", "1 "), strict=True)})
        == 1
    )


def test_a_folder_without_chats_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no .jsonl file"):
        take_inventory(tmp_path, Silent())
    with pytest.raises(DataError, match="gone: no such folder"):
        take_inventory(tmp_path / "gone", Silent())
