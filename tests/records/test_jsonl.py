"""Files are read line by line with the place of a fault, and appear whole or not at all."""

import errno
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import records

from quimbot.exceptions import DataError, OutputError
from quimbot.records.jsonl import (
    LONGEST,
    numbered,
    read_lines,
    read_records,
    read_rows,
    replacing,
    write_json,
    write_rows,
)
from quimbot.records.record import Record


@given(rows=st.lists(records(), max_size=5))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Record]
) -> None:
    path = tmp_path_factory.mktemp("jsonl") / "new" / "x.jsonl"
    assert write_rows(path, rows) == len(rows)
    assert list(read_records(path)) == rows


@given(rows=st.lists(records(), max_size=5))
def test_a_line_comes_with_its_record(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Record]
) -> None:
    path = tmp_path_factory.mktemp("jsonl") / "x.jsonl"
    write_rows(path, rows)
    pairs = list(read_lines(path))
    assert [line for line, _ in pairs] == path.read_bytes().splitlines()
    assert [record for _, record in pairs] == list(read_records(path))


def test_a_line_that_is_not_wanted_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    bare = b'{"messages":[],"provenance":{"source":"s","licence":"l"}}'
    path.write_bytes(b"no JSON\n" + bare)
    assert [line for line, _ in read_lines(path, wanted=lambda line: line != b"no JSON")] == [bare]


def test_a_line_comes_without_the_space_around_it(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    bare = b'{"messages":[],"provenance":{"source":"s","licence":"l"}}'
    path.write_bytes(b"\r\n  " + bare + b" \r\n\n" + bare)
    assert [line for line, _ in read_lines(path)] == [bare, bare]
    path.write_bytes(bare + b"\n{}\n")
    with pytest.raises(DataError, match=r"x.jsonl:2: .*messages"):
        list(read_lines(path))


def test_blank_lines_and_crlf_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"a":1}\r\n\r\n  \n{"a":2}')
    assert list(read_rows(path, dict[str, int])) == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b'{"messages":', "truncated; a line must hold one JSON object and nothing else"),
        (b'{"messages":[]}', "`provenance`; `quimbot pull` makes records of other chats"),
        (b'{"messages":[],"provenance":{"source":"s"}}', "licence"),
        (b'{"messages":[],"provenance":{"source":"s","licence":"l"},"x":1}', "unknown field `x`"),
        (b"\xff\xfe{", "malformed"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: bytes, says: str) -> None:
    path = tmp_path / "x.jsonl"
    good = b'{"messages":[],"provenance":{"source":"s","licence":"l"}}'
    path.write_bytes(good + b"\n\n" + line + b"\n")
    with pytest.raises(DataError, match=f"x.jsonl:3: .*({says})"):
        list(read_records(path))


def test_nesting_without_end_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"a":' + b"[" * 100_000)
    with pytest.raises(DataError, match=r"x.jsonl:1: .*recursion"):
        list(read_rows(path, dict[str, object]))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_named(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes('{"a":1}\n'.encode(encoding))
    with pytest.raises(DataError, match=r"x.jsonl: is UTF-16; save the file as UTF-8"):
        list(read_rows(path, dict[str, int]))


def test_a_mark_of_utf_8_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a":1}\n')
    assert list(read_rows(path, dict[str, int])) == [{"a": 1}]


def test_a_line_without_end_is_named_and_fills_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    with path.open("wb") as file:
        file.write(b'{"a":1}' + b" " * LONGEST)  # a row, were it cut here
        file.seek(6 * LONGEST)
        file.write(b'}\n{"a":2}\n')
    tracemalloc.start()
    rows = read_rows(path, dict[str, int])
    with pytest.raises(DataError, match=r"x.jsonl:1: is longer than 32 MB"):
        next(rows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5 * LONGEST
    with path.open("rb") as file:
        assert [line for _, line in numbered(file)][1:] == [b'{"a":2}']


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone.jsonl: no such file"):
        list(read_records(tmp_path / "gone.jsonl"))
    with pytest.raises(DataError, match="is a folder"):
        list(read_records(tmp_path))
    (tmp_path / "x.jsonl").symlink_to("/proc/self/mem")  # its first page belongs to nobody
    with pytest.raises(DataError, match=r"x.jsonl: cannot be read \(Input/output error\)"):
        list(read_records(tmp_path / "x.jsonl"))


def test_a_file_that_fails_half_way_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    write_rows(path, [1, 2])

    def broken() -> Iterator[int]:
        yield 3
        raise KeyError("teacher")

    with pytest.raises(KeyError):
        write_rows(path, broken())
    assert path.read_bytes() == b"1\n2\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"

    def full() -> Iterator[int]:
        yield 1
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match=r"x.jsonl: cannot write \(No space left on device\)"):
        write_rows(path, full())
    assert not list(tmp_path.iterdir())


def test_an_existing_output_is_kept_without_force(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    write_rows(path, [1])
    with pytest.raises(OutputError, match="already there; give --force"):
        write_rows(path, [2], force=False)
    assert path.read_bytes() == b"1\n"


def test_a_file_in_place_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"), replacing(tmp_path / "file" / "x.json"):
        pass


def test_json_is_indented(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"a": [1]})
    assert (tmp_path / "x.json").read_text() == '{\n  "a": [\n    1\n  ]\n}\n'
