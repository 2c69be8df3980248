"""The inventory counts any chat file, names bad lines, finds repeats and tells what has changed."""

import gzip
import json
from collections import Counter
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from quimbot.curate.changes import FileChange, Inventory, changes, read_before
from quimbot.curate.counts import Bar, Fault, Spread, Turn, count_folder
from quimbot.curate.inventory import InventorySettings, inventory, told
from quimbot.curate.tally import Entry, Faults, Tally
from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import write_rows
from quimbot.records.record import Lesson, Message, Move, Provenance, Record
from quimbot.runs.watch import Silent


class Notes(Silent):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


def pair(learner: str, reply: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": learner}, {"role": "assistant", "content": reply}]


def rows(*turns: tuple[str, str]) -> list[dict[str, object]]:
    return [{"messages": pair(*turn)} for turn in turns]


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
    found = count_folder(folder, Silent())
    first, second = found.files
    assert (found.rows, found.distinct, found.bad, found.unlike) == (4, 2, 4, 2)
    assert (first.file, first.rows, first.distinct, first.repeats_elsewhere) == ("a.jsonl", 3, 2, 0)
    assert (second.file, second.rows, second.repeats_elsewhere) == ("deep/b.jsonl", 1, 1)
    assert first.first_turns == 1
    assert first.commonest_turns == (Turn(text="I is here.", count=3),)
    assert found.commonest_turns == (Turn(text="I is here.", count=4),)
    assert first.roles == {"user": 3, "assistant": 3}
    assert first.learner_words == Spread(median=3, p95=3, most=3)
    assert found.learner_lengths[-1] == Bar(least=3, most=3, count=4)
    assert (first.shapes, second.shapes) == ({"openai": 3}, {"record": 1})
    assert second.moves == {"recast": 1}
    assert second.error_types == {"R:VERB:SVA": 1}
    assert second.licences == {"MIT": 1}
    assert isinstance(first.faults[0], Fault)
    assert first.faults[0].lines == (4, 7)
    assert "columns text" in first.faults[0].text
    assert {fault.lines for fault in first.faults} == {(4, 7), (6,), (8,)}


def test_what_is_found_is_said_and_written(folder: Path) -> None:
    notes = Notes()
    output = folder / "out" / "inventory.json"
    summary = inventory(InventorySettings(folder=folder, output=output), notes)
    assert summary == "4 chats in 2 files, 2 of them distinct; 4 bad lines"
    assert notes.lines[0].split()[:3] == ["file", "chats", "bad"]
    assert any("a.jsonl:4: no known chat shape" in line for line in notes.lines)
    assert "repeats: 2 of 4 chats (50.0%); 0 more say nearly the same as another, 2 are left" in (
        notes.lines
    )
    assert json.loads(output.read_text())["counts"]["rows"] == 4
    assert "I is here." in output.with_suffix(".html").read_text()


def test_columns_stand_under_each_other(folder: Path) -> None:
    lines = list(told(Inventory(counts=count_folder(folder, Silent()), changes=None)))
    heads = ("chats", "3 ", "1 ")
    assert len({line.index(word) for line, word in zip(lines, heads, strict=False)}) == 1


def test_near_repeats_are_left_uncounted_when_asked(folder: Path) -> None:
    assert count_folder(folder, Silent(), near=False).unlike is None


def test_near_repeats_are_those_that_dedup_would_drop(tmp_path: Path) -> None:
    said = (
        "I cook a big dinner for my aunt yesterday.",
        "Oh, you cooked dinner? What was it?",
    )
    other = ("My cat is afraid from the rain.", "She is afraid of the rain? Where does she hide?")
    write_rows(tmp_path / "a.jsonl", rows(said, (said[0], said[1] + " Tell me!"), other))
    found = count_folder(tmp_path, Silent())
    assert (found.distinct, found.unlike) == (3, 2)


def test_changes_since_the_inventory_that_lies_there(folder: Path) -> None:
    output = folder / "inventory.json"
    write_rows(folder / "old.jsonl", rows(("Hi", "Hello!")))
    inventory(InventorySettings(folder=folder, output=output), Silent())
    before = read_before(output)
    assert before is not None
    (folder / "old.jsonl").unlink()
    write_rows(folder / "new.jsonl", rows(("Hi", "Hello!"), ("Ho", "Hello!")))
    with (folder / "deep" / "b.jsonl").open("ab") as file:
        file.write(b"{}\n")
    notes = Notes()
    inventory(InventorySettings(folder=folder, output=output), notes)
    now = read_before(output)
    assert now is not None
    found = changes(before, now)
    assert (found.added, found.removed) == (("new.jsonl",), ("old.jsonl",))
    assert (found.rows, found.distinct, found.bad) == (1, 1, 1)
    (change,) = found.changed
    assert (change.file, change.rows_before, change.rows) == ("deep/b.jsonl", 1, 1)
    assert (change.bad_before, change.bad, len(change.new_faults)) == (0, 1, 1)
    assert isinstance(change, FileChange)
    assert "  added new.jsonl" in notes.lines
    assert "  removed old.jsonl" in notes.lines
    again = Notes()
    inventory(InventorySettings(folder=folder, output=output), again)
    assert again.lines[-1] == f"since {now.taken}: nothing has changed"


def test_an_inventory_of_another_form_is_no_inventory_before(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text('{"folder": "x", "rows": 1}')
    assert read_before(tmp_path / "old.json") is None
    assert read_before(tmp_path / "none.json") is None


def test_a_folder_without_chats_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no data file below it; allowed: .jsonl"):
        count_folder(tmp_path, Silent())
    with pytest.raises(DataError, match="gone: no such folder"):
        count_folder(tmp_path / "gone", Silent())
    with pytest.raises(RecipeError, match=r"page.html must end in .json"):
        InventorySettings(folder=tmp_path, output=Path("page.html"))


def test_a_file_of_bad_lines_alone_has_a_page_too(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("<b>\n")
    output = tmp_path / "out.json"
    summary = inventory(InventorySettings(folder=tmp_path, output=output), Silent())
    assert summary == "0 chats in 1 files, 0 of them distinct; 1 bad lines"
    assert "JSON is malformed" in output.with_suffix(".html").read_text()


def test_very_many_kinds_of_faults_stay_few() -> None:
    faults = Faults()
    for line in range(1, 1001):
        faults.add(f"fault {line}", f"a:b.jsonl:{line}")
    assert len(faults.counts) == 51
    assert faults.counts.total() == 1000
    assert max(map(len, faults.lines.values())) == 20


words = st.lists(st.sampled_from(["a", "bb", "c"]), max_size=4).map(" ".join)
chats = st.lists(
    st.lists(st.tuples(st.sampled_from(["user", "assistant"]), words), min_size=1, max_size=3),
    max_size=12,
)


@given(st.lists(chats, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_counts_are_those_of_a_plain_count(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[list[tuple[str, str]]]]
) -> None:
    folder = tmp_path_factory.mktemp("chats")
    for number, chats in enumerate(files):
        lines = [
            {"messages": [{"role": role, "content": text} for role, text in chat]} for chat in chats
        ]
        write_rows(folder / f"{number}.jsonl", lines)
    found = count_folder(folder, Silent(), near=False)
    everything = [tuple(chat) for chats in files for chat in chats]
    firsts = [
        next(text for role, text in chat if role == "user")
        for chat in everything
        if any(role == "user" for role, _ in chat)
    ]
    assert found.rows == len(everything) == sum(file.rows for file in found.files)
    assert found.distinct == len(set(everything))
    assert found.distinct == sum(file.distinct - file.repeats_elsewhere for file in found.files)
    assert found.first_turns == len(set(firsts))
    ranked = sorted(Counter(firsts).values(), reverse=True)[:10]
    assert [turn.count for turn in found.commonest_turns] == ranked
    assert all(firsts.count(turn.text) == turn.count for turn in found.commonest_turns)
    turns = [text for chat in everything for role, text in chat if role == "user"]
    lengths = sorted(len(text.split()) for text in turns)
    assert sum(bar.count for bar in found.learner_lengths) == len(lengths)
    for bar in found.learner_lengths:
        assert bar.count == sum(bar.least <= length <= bar.most for length in lengths)
    if lengths:
        assert found.learner_words == Spread(
            median=lengths[len(lengths) // 2],
            p95=lengths[int(0.95 * (len(lengths) - 1))],
            most=lengths[-1],
        )


def test_a_turn_that_comes_once_in_each_of_many_files_is_among_the_commonest() -> None:
    tally = Tally()
    for number in range(50):
        tally.add(Entry.read({"messages": pair(f"turn {number}", "x")}))
    for number in range(3):
        tally.add(Entry.read({"messages": pair("turn 40", f"reply {number}")}))
    assert tally.commonest_turns()[0] == ("turn 40", 4)


def test_every_kind_of_file_that_a_pull_reads_is_counted(tmp_path: Path) -> None:
    lines = rows(("Hi", "Hello!"), ("Ho", "Hello!"))
    text = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(text))
    (tmp_path / "b.json").write_bytes(msgspec.json.encode(lines))
    (tmp_path / "c.csv").write_text('instruction,output\nHi,Hello!\n"a",b,c\n')
    parquet.write_table(pa.Table.from_pylist(lines), tmp_path / "d.parquet")
    (tmp_path / "e.json").write_text('{\n  "steps": {}\n}\n')
    (tmp_path / "f.json").write_bytes(text)
    (tmp_path / "g.jsonl.gz").write_bytes(gzip.compress(text)[:-9])
    found = count_folder(tmp_path, Silent())
    counted = {file.file: (file.rows, file.bad) for file in found.files}
    broken = counted.pop("g.jsonl.gz")
    assert counted == {
        "a.jsonl.gz": (2, 0),
        "b.json": (2, 0),
        "c.csv": (1, 1),
        "d.parquet": (2, 0),
        "f.json": (2, 0),
    }
    assert broken[1] == 1
    assert found.distinct == 2
    assert found.left_out == ("e.json",)
    faults = {file.file: fault for file in found.files for fault in file.faults}
    assert faults["c.csv"].lines == (3,)
    assert "cut off" in faults["g.jsonl.gz"].text
    assert "e.json" in "\n".join(told(Inventory(counts=found, changes=None)))


def test_an_array_that_breaks_off_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[\n{"instruction": "Hi", "output": "Ho"},\n{"instr')
    (file,) = count_folder(tmp_path, Silent()).files
    assert file.rows == 1
    assert file.faults[0].lines == (3,)
    assert str(tmp_path) not in file.faults[0].text


def test_a_turn_that_comes_once_in_each_file_is_among_the_commonest(tmp_path: Path) -> None:
    for number in range(3):
        others = [(f"turn {number} {other}", "x") for other in range(20)]
        write_rows(tmp_path / f"{number}.jsonl", rows(*others, ("the same", f"reply {number}")))
    found = count_folder(tmp_path, Silent(), near=False)
    assert found.commonest_turns[0] == Turn(text="the same", count=3)
    assert found.first_turns == 61
