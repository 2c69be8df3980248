"""Pull turns every known shape into the same records, each with licence and origin."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quimbot.exceptions import DataError, QuimbotError, RecipeError
from quimbot.records.jsonl import read_records, read_rows, write_rows
from quimbot.records.manifest import read_manifest
from quimbot.records.record import Message
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
    assert fallen.reason == "not-a-chat"
    assert fallen.record == bad
    assert "raw.jsonl:1: messages[0]: role 'tool' is none of" in fallen.detail


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


def test_half_a_surrogate_pair_is_named(tmp_path: Path) -> None:
    (tmp_path / "raw.json").write_text('[{"context":"\\ud800","response":"","safety_label":""}]')
    asked = PullSettings(source=str(tmp_path / "raw.json"), output=tmp_path / "x.jsonl")
    with pytest.raises(DataError, match=r"raw.json:1: message 0: half of a surrogate pair"):
        pull(asked, Silent())


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
