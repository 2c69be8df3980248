"""Pull turns every known shape into the same records, each with licence and origin."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hub_corpora import es_ultrachat, lmsys, magpie, parquet, prosocial
from hypothesis import given, settings
from hypothesis import strategies as st

from quimbot.exceptions import DataError, QuimbotError, RecipeError
from quimbot.records.jsonl import read_records, read_rows, write_rows
from quimbot.records.manifest import read_manifest
from quimbot.records.record import Message, Record
from quimbot.records.rejected import Rejected, rejected_path
from quimbot.runs.watch import Silent
from quimbot.sources.pull import SHIPPED, PullSettings, pull

CORPORA = Path(__file__).parents[1] / "golden" / "corpora"
FIRST = (
    Message(role="user", content="I forgot my umbrella again."),
    Message(role="assistant", content="Oh no! Did you get very wet?"),
)


@pytest.mark.parametrize(
    ("file", "shape", "line"),
    [
        ("openai.jsonl", "openai", 1),
        ("openai.csv", "openai", 2),
        ("sharegpt.json", "sharegpt", 2),
        ("alpaca.json", "alpaca", 2),
        ("alpaca.csv", "alpaca", 2),
        ("lmsys.jsonl", "lmsys", 1),
        ("magpie.jsonl", "magpie", 1),
        ("prosocial.jsonl", "prosocial", 1),
    ],
)
def test_every_shape_becomes_the_same_records(
    tmp_path: Path, file: str, shape: str, line: int
) -> None:
    asked = PullSettings(
        source=str(CORPORA / file), output=tmp_path / "x.jsonl", licence="CC-BY-4.0"
    )
    summary = pull(asked, Silent())
    assert summary == f"2 records from {Path(file).stem} ({shape} shape)"
    first, second = read_records(asked.output)
    assert first.messages == FIRST
    assert second.messages[0].content == "What is a good name for a cat?"
    assert first.provenance.origin == f"{CORPORA / file}:{line}"
    assert first.provenance.licence == "CC-BY-4.0"
    assert read_manifest(asked.output).parents[0].path == str(CORPORA / file)


def test_a_folder_is_pulled_whole_and_every_shape_said(tmp_path: Path) -> None:
    summary = pull(PullSettings(source=str(CORPORA), output=tmp_path / "x.jsonl"), Silent())
    assert summary == (
        "16 records from corpora (openai, sharegpt, alpaca, lmsys, magpie, prosocial shape); "
        "licence unknown, give --licence"
    )


def test_records_keep_their_history_when_pulled_again(tmp_path: Path) -> None:
    one = PullSettings(source="general", output=tmp_path / "one.jsonl")
    two = PullSettings(source=str(one.output), output=tmp_path / "two.jsonl", licence="MIT")
    for asked in (one, two):
        assert "records from" in pull(asked, Silent())
    assert one.output.read_bytes() == two.output.read_bytes() == SHIPPED["general"].read_bytes()


def test_a_limit_stops_early(tmp_path: Path) -> None:
    asked = PullSettings(source="general", output=tmp_path / "x.jsonl", limit=3, name="chat")
    pull(asked, Silent())
    assert len(list(read_records(asked.output))) == 3


def test_a_row_that_is_no_chat_stops_the_pull_with_its_line(tmp_path: Path) -> None:
    write_rows(tmp_path / "raw.jsonl", [{"messages": []}])
    asked = PullSettings(source=str(tmp_path / "raw.jsonl"), output=tmp_path / "x.jsonl")
    with pytest.raises(DataError, match=r"raw.jsonl:1: 'messages' must be a list of turns"):
        pull(asked, Silent())
    assert {path.name for path in tmp_path.iterdir()} == {"raw.jsonl"}


def test_or_goes_to_the_rejected_rows_when_asked(tmp_path: Path) -> None:
    bad = {"messages": [{"role": "tool", "content": "x"}]}
    good = {"messages": [{"role": "user", "content": "Hi"}]}
    write_rows(tmp_path / "raw.jsonl", [bad, good])
    asked = PullSettings(
        source=str(tmp_path / "raw.jsonl"), output=tmp_path / "x.jsonl", bad_rows="reject"
    )
    assert "1 records" in pull(asked, Silent())
    (fallen,) = read_rows(rejected_path(asked.output), Rejected)
    assert fallen.reason == "tool-call"
    assert fallen.record == bad
    assert "raw.jsonl:1: messages[0]: role 'tool' is a tool's turn" in fallen.detail


def test_a_line_that_is_no_json_is_rejected_as_it_was(tmp_path: Path) -> None:
    good = b'{"messages":[{"role":"user","content":"Hi"}]}'
    (tmp_path / "raw.jsonl").write_bytes(good + b'\n{"messages": "\xff\n\n[1]\n' + good)
    asked = PullSettings(
        source=str(tmp_path / "raw.jsonl"), output=tmp_path / "x.jsonl", bad_rows="reject"
    )
    assert pull(asked, Silent()) == (
        "2 records from raw (openai shape); rejected 2 malformed, "
        f"see {rejected_path(asked.output)}; licence unknown, give --licence"
    )
    fallen = list(read_rows(rejected_path(asked.output), Rejected))
    assert [row.record for row in fallen] == ['{"messages": "\\xff', "[1]"]
    assert [row.detail.partition(": ")[0] for row in fallen] == [
        f"{asked.source}:2",
        f"{asked.source}:4",
    ]
    assert read_manifest(asked.output).facts == {
        "rows": 4,
        "joined": 0,
        "shapes": {"openai": 2},
        "rejected": {"malformed": 2},
    }
    stopped = PullSettings(source=asked.source, output=tmp_path / "y.jsonl")
    with pytest.raises(DataError, match=r"raw.jsonl:2: .*; --bad-rows reject sets such rows aside"):
        pull(stopped, Silent())


def test_a_file_without_a_chat_tells_the_first_fault(tmp_path: Path) -> None:
    write_rows(tmp_path / "raw.jsonl", [{"learner": "I am agree.", "correction": "I agree."}] * 3)
    asked = PullSettings(
        source=str(tmp_path / "raw.jsonl"), output=tmp_path / "x.jsonl", bad_rows="reject"
    )
    with pytest.raises(DataError, match=r"none of 3 rows is a chat; .*raw.jsonl:1: is a learner's"):
        pull(asked, Silent())
    assert [path.name for path in tmp_path.iterdir()] == ["raw.jsonl"]


def pulled(
    folder: Path, name: str, rows: list[dict[str, Any]], *, join: bool = False, limit: int = 0
) -> list[Record]:
    """The records of rows that lie in a Parquet file, as the hub keeps them."""
    path, output = folder / f"{name}.parquet", folder / "x.jsonl"
    path.write_bytes(parquet(rows))
    pull(PullSettings(source=str(path), output=output, join=join, limit=limit), Silent())
    return list(read_records(output))


@pytest.mark.parametrize(
    ("make", "tags", "author"),
    [
        (lmsys, {"language": "English", "redacted": "False"}, "vicuna-13b"),
        (
            magpie,
            {"language": "EN", "quality": "good", "difficulty": "easy"}
            | {"category": "Advice seeking"},
            "meta-llama/Meta-Llama-3.1-70B-Instruct",
        ),
        (prosocial, {"safety": "__casual__", "family": "1"}, ""),
        (es_ultrachat, {"language": "es"}, ""),
    ],
)
def test_rows_with_all_the_hubs_columns_are_read(
    tmp_path: Path, make: Callable[[int], dict[str, Any]], tags: dict[str, str], author: str
) -> None:
    _, record = pulled(tmp_path, make.__name__, [make(0), make(1)])
    assert record.messages == FIRST
    assert record.tags == tags
    assert record.provenance.author == author
    assert record.provenance.source == make.__name__


def test_rows_of_one_dialogue_are_joined_when_asked(tmp_path: Path) -> None:
    rows = [
        prosocial(0, 0, label="__needs_caution__"),
        prosocial(0, 1, label="__needs_intervention__"),
        prosocial(0, 2),
        prosocial(1, 0),
        prosocial(2, 0),
        prosocial(2, 2),  # its second exchange is missing
    ]
    records = pulled(tmp_path, "prosocial", rows, join=True)
    assert [len(record.messages) for record in records] == [6, 2, 2, 2]
    assert records[0].messages[2].content == "And then, 1."
    assert records[0].tags == {"safety": "__needs_intervention__", "family": "0"}
    assert records[0].provenance.origin.endswith("prosocial.parquet:1")
    facts = read_manifest(tmp_path / "x.jsonl").facts
    assert (facts["rows"], facts["joined"]) == (6, 2)
    assert len(pulled(tmp_path, "prosocial", rows)) == 6
    cut = pulled(tmp_path, "prosocial", rows, join=True, limit=1)
    assert [len(record.messages) for record in cut] == [6]


TEXT = (b'{"messages":', b'[{"role":"user","content":"', b'"}]', b"}", b"[", b"]", b",", b'"')
ODD = (b"\n", b"\\ud800", b"\xff", b"\0", b"\xef\xbb\xbf", b"a,b", b"\r\n", b"9" * 5000, b"NaN")
pieces = st.sampled_from(TEXT + ODD)


@given(st.lists(pieces, max_size=12).map(b"".join), st.sampled_from([".jsonl", ".json", ".csv"]))
@settings(max_examples=300)
def test_broken_bytes_are_records_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / f"raw{suffix}").write_bytes(content)
    asked = PullSettings(source=str(folder / f"raw{suffix}"), output=folder / "x.jsonl")
    said = ""
    try:
        pull(asked, Silent())
    except QuimbotError as fault:
        said = str(fault)
    assert asked.output.exists() == (not said)
    assert not said or f"raw{suffix}" in said
    assert "\n" not in said
    assert said or list(read_records(asked.output))


def test_a_shape_can_be_forced(tmp_path: Path) -> None:
    asked = PullSettings(
        source=str(CORPORA / "magpie.jsonl"), output=tmp_path / "x.jsonl", format="sharegpt"
    )
    assert "(sharegpt shape)" in pull(asked, Silent())
    wrong = PullSettings(
        source=str(CORPORA / "magpie.jsonl"), output=tmp_path / "x.jsonl", format="lmsys"
    )
    with pytest.raises(DataError, match="the lmsys shape needs the column 'conversation'"):
        pull(wrong, Silent())


def test_unknown_sources_empty_files_and_bad_settings_are_one_line(tmp_path: Path) -> None:
    output = tmp_path / "x.jsonl"
    with pytest.raises(DataError, match=r"nope: no such file or folder; or name one of general"):
        pull(PullSettings(source="nope", output=output), Silent())
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(DataError, match="holds no chat"):
        pull(PullSettings(source=str(tmp_path / "empty.jsonl"), output=output), Silent())
    with pytest.raises(RecipeError, match="source is empty"):
        PullSettings(source="", output=output)
    with pytest.raises(RecipeError, match="limit -1 is negative"):
        PullSettings(source="general", output=output, limit=-1)
    with pytest.raises(RecipeError, match="format 'chatml' is unknown; allowed: auto, record"):
        PullSettings(source="general", output=output, format="chatml")  # type: ignore[arg-type] # wrong on purpose
