"""Files of every kind give the same rows, each with its line; what is malformed is named."""

import csv
import gzip
import json
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quimbot.exceptions import DataError
from quimbot.records.files import FileSource
from quimbot.records.jsonl import LONGEST
from quimbot.records.raw import RawRow

values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
rows = st.lists(st.dictionaries(st.text(max_size=5), values, max_size=3), max_size=5)


def read(path: Path) -> list[tuple[str, Any]]:
    """Line and row, or line and what is wrong with it."""
    return [
        (raw.origin.rpartition(":")[2], raw.row if isinstance(raw, RawRow) else raw)
        for raw in FileSource(path).rows()
    ]


@given(rows, st.sampled_from([None, 0, 2]))
def test_json_lines_and_arrays_give_the_same_rows(
    tmp_path_factory: pytest.TempPathFactory, content: list[dict[str, Any]], indent: int | None
) -> None:
    folder = tmp_path_factory.mktemp("files")
    lines = "".join(json.dumps(row) + "\n" for row in content)
    (folder / "x.jsonl").write_text(lines, "utf-8")
    (folder / "x.json").write_text(json.dumps(content, indent=indent), "utf-8")
    from_lines = read(folder / "x.jsonl")
    assert [row for _, row in from_lines] == content
    assert [row for _, row in read(folder / "x.json")] == content
    assert [number for number, _ in from_lines] == [str(n + 1) for n in range(len(content))]


def test_objects_of_an_array_know_their_line(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('[\n  {"a": 1},\n  {\n    "a": 2\n  }, {"a": 3}\n]\n')
    assert [number for number, _ in read(tmp_path / "x.json")] == ["2", "3", "5"]


@given(
    st.lists(st.lists(st.text("ab ,\"'é\n\u2028", max_size=5), min_size=2, max_size=2), max_size=4)
)
def test_csv_cells_come_back(
    tmp_path_factory: pytest.TempPathFactory, cells: list[list[str]]
) -> None:
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["instruction", "output"], *cells])
    assert [list(row.values()) for _, row in read(path)] == cells


def test_csv_rows_know_their_line_and_read_lists(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text('messages,note\n"[{""role"": 1}]","two\nlines"\n[oops,b\n')
    assert read(tmp_path / "x.csv") == [
        ("2", {"messages": [{"role": 1}], "note": "two\nlines"}),
        ("4", {"messages": "[oops", "note": "b"}),
    ]


def test_a_byte_order_mark_and_crlf_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(b'\xef\xbb\xbf{"a":1}\r\n\r\n{"a":2}\r\n')
    assert read(tmp_path / "x.jsonl") == [("1", {"a": 1}), ("3", {"a": 2})]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("x.jsonl", '{"a":1}'.encode("utf-16"), r"x.jsonl: is UTF-16; save the file as UTF-8"),
        ("x.jsonl", '{"a":1}'.encode("utf-16-be"), r"x.jsonl: is UTF-16; save the file as UTF-8"),
        ("x.json", '[{"a":1}]'.encode("utf-16"), r"x.json: is UTF-16; save the file as UTF-8"),
        ("x.json", b"7", r"x.json:1: must be an array of objects, or hold one object a line"),
        ("x.json", b'[{"a":1},\n{"a":}]', r"x.json:2: Expecting value; the array is broken from"),
        ("x.json", b'\n[{"a":1}\n', r"x.json:3: Expecting value"),
        ("x.json", b"[" + b"9" * 5000, r"x.json:1: Exceeds the limit"),
        ("x.json", b"[" * 100_000, r"x.json:1: .*recursion"),
        ("x.json", b"\xff", r"x.json:1: must be an array of objects"),
        ("x.csv", b'a,b\n1,"2\n', r"x.csv:2: .*unexpected end"),
        ("x.csv", b"a,b\n1,\xff\n", r"x.csv:2: not UTF-8 at byte 2 of the line"),
        ("x.csv", b"a\n" + b"y" * (LONGEST + 1), r"x.csv:2: field larger than field limit"),
        ("x.txt", b"", r"unknown ending '.txt'; allowed: .jsonl, .json, .csv, .parquet, .arrow"),
        ("x.jsonl.gz", b"{}", r"x.jsonl.gz: is cut off or no .gz file"),
        ("x.jsonl.gz", gzip.compress(b'{"a":1}\n' * 99, mtime=0)[:-9], r"x.jsonl.gz: is cut off"),
        ("x.jsonl.zst", b"{}", r"x.jsonl.zst: cannot be read"),
        ("x.parquet", b"PAR1", r"x.parquet: not readable as Parquet"),
        ("x.arrow", b"ARROW1", r"x.arrow: not readable as Arrow"),
    ],
)
def test_what_is_broken_for_good_is_named(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=says) as caught:
        read(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_of_a_key_that_stands_twice_the_last_counts(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(b'{"a":1,"a":2}\n')
    (tmp_path / "y.json").write_bytes(b'[{"a":1,"a":2}]')
    assert read(tmp_path / "x.jsonl") == [("1", {"a": 2})]
    assert read(tmp_path / "y.json") == [("1", {"a": 2})]


@pytest.mark.parametrize(
    ("line", "reason", "says"),
    [
        (b'{"a":', "malformed", "truncated"),
        (b"[1]", "malformed", "Expected `object`, got `array`"),
        (b'{"a":"\xff"}', "malformed", "not UTF-8 (byte 0xff)"),
        (b'{"a":"\\ud800"}', "malformed", "truncated"),
        (b'{"a":NaN}', "malformed", "invalid character"),
        (b'{"a":Infinity}', "malformed", "invalid character"),
        (b'{"a":' + b"9" * 5000 + b"}", "malformed", "out of range"),
        (b'{"a":1}\0', "malformed", "trailing characters"),
        (b'{"a":' + b"[" * 100_000, "malformed", "recursion"),
        (b'{"a":"' + b"x" * LONGEST + b'"}', "too-long", "longer than 32 MB"),
    ],
)
def test_what_is_broken_in_one_line_stays_in_that_line(
    tmp_path: Path, line: bytes, reason: str, says: str
) -> None:
    (tmp_path / "x.jsonl").write_bytes(b'{"a":1}\n' + line + b'\n{"a":2}')
    first, (number, bad), last = read(tmp_path / "x.jsonl")
    assert (first, number, last) == (("1", {"a": 1}), "2", ("3", {"a": 2}))
    assert bad.reason == reason
    assert says in bad.fault
    assert bad.text.encode().startswith(line[:9] if b"\xff" not in line else b'{"a":"\\xff"}')
    assert len(bad.text) < 2100


def test_a_row_of_an_array_or_a_table_may_be_broken_alone(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('[{"a":1},\n\n7,\n{"a":2}]')
    (tmp_path / "y.json").write_text('[{"a":1},\n{"a":"\\ud800"},\n{"a":NaN}, {"é":2}]')
    (tmp_path / "x.csv").write_text("a,b\n1,2\n3\n\n4,5,6\n7,8\n")
    rows = read(tmp_path / "x.json")
    assert [number for number, _ in rows] == ["1", "3", "4"]
    assert rows[1][1].fault == "Expected `object`, got `int`"
    rows = read(tmp_path / "y.json")
    assert [number for number, _ in rows] == ["1", "2", "3", "3"]
    assert [getattr(row, "text", row) for _, row in rows] == [
        {"a": 1},
        '{"a":"\\ud800"}',
        '{"a":NaN}',
        {"é": 2},
    ]
    rows = read(tmp_path / "x.csv")
    assert [number for number, _ in rows] == ["2", "3", "5", "6"]
    assert rows[2][1].reason == "other-columns"
    assert rows[2][1].text == "4,5,6"
    assert rows[3][1] == {"a": "7", "b": "8"}


def test_one_object_a_line_may_be_called_json(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('\n{"a":1}\n{"a":2}\n')
    assert read(tmp_path / "x.json") == [("2", {"a": 1}), ("3", {"a": 2})]


def test_what_cannot_be_read_at_all_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").symlink_to("/proc/self/mem")  # its first page belongs to nobody
    with pytest.raises(DataError, match=r"x.jsonl: cannot be read \(Input/output error\)"):
        read(tmp_path / "x.jsonl")


def test_a_folder_is_read_in_order_without_what_we_wrote_beside_it(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a/c.json", ".hidden.jsonl", "b.rejected.jsonl", "b.manifest.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("[]" if name.endswith("json") else "")
    found = FileSource(tmp_path).files()
    assert [str(path.relative_to(tmp_path)) for path in found] == ["a/c.json", "b.jsonl"]


def test_nothing_to_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no data file below it"):
        FileSource(tmp_path).files()
    with pytest.raises(DataError, match="no such file or folder"):
        FileSource(tmp_path / "gone.jsonl").files()


ROWS = [
    {"messages": [{"role": "user", "content": "é \u2028 x"}], "n": number} for number in range(5)
]


def packed(path: Path) -> None:
    """Write the rows in the form that the path's endings name."""
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)
    text = json.dumps(ROWS) if ".json" in path.suffixes else lines
    table = pa.Table.from_pylist(ROWS)
    match path.suffix:
        case ".gz":
            path.write_bytes(gzip.compress(text.encode()))
        case ".zst":
            with pa.output_stream(str(path), compression="zstd") as file:
                file.write(text.encode())
        case ".parquet":
            pq.write_table(table, path, row_group_size=2)
        case ".arrow":
            form = pa.ipc.new_stream if "stream" in path.name else pa.ipc.new_file
            with pa.OSFile(str(path), "wb") as file, form(file, table.schema) as writer:
                writer.write_table(table, max_chunksize=2)


@pytest.mark.parametrize(
    "name", ["x.jsonl.gz", "x.jsonl.zst", "x.json.gz", "x.parquet", "x.arrow", "x-stream.arrow"]
)
def test_packed_files_and_tables_give_the_same_rows(tmp_path: Path, name: str) -> None:
    packed(tmp_path / name)
    assert [row for _, row in read(tmp_path / name)] == ROWS
    assert FileSource(tmp_path / name).name in {"x", "x-stream"}
    (found,) = FileSource(tmp_path).files()
    assert found.name == name


def test_parquet_without_its_library_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    (tmp_path / "x.parquet").write_bytes(b"")
    with pytest.raises(DataError, match=r"pip install 'quimbot\[hub\]'"):
        read(tmp_path / "x.parquet")
