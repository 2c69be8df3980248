"""Files of every kind give the same rows, each with its line; what is malformed is named."""

import csv
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quimbot.exceptions import DataError
from quimbot.sources.files import FileSource

values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
rows = st.lists(st.dictionaries(st.text(max_size=5), values, max_size=3), max_size=5)


def read(path: Path) -> list[tuple[str, Any]]:
    return [(raw.origin.rpartition(":")[2], raw.row) for raw in FileSource(path).rows()]


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
        ("x.jsonl", b'{"a":1}\n{"a":\n', r"x.jsonl:2: .*truncated"),
        ("x.jsonl", b"[1]\n", r"x.jsonl:1: Expected `object`, got `array`"),
        ("x.jsonl", b'{"a":"\xff"}\n', r"x.jsonl:1: .*utf-8"),
        ("x.jsonl", b'{"a":' + b"[" * 100_000, r"x.jsonl:1: .*recursion"),
        ("x.jsonl", '{"a":1}'.encode("utf-16"), r"x.jsonl: is UTF-16; save it as UTF-8"),
        ("x.json", b'{"a":1}', r"x.json:1: must be an array of objects"),
        ("x.json", b'[{"a":1},\n{"a":}]', r"x.json:2: Expecting value"),
        ("x.json", b'[{"a":1},\n\n7]', r"x.json:3: must be an object; found int"),
        ("x.json", b'[{"a":1}', r"x.json:1: Expecting value"),
        ("x.json", b"[" * 100_000, r"x.json:1: .*recursion"),
        ("x.json", b"[" + b"9" * 5000, r"x.json:1: Exceeds the limit"),
        ("x.json", b"\xff", r"x.json: not UTF-8 at byte 0"),
        ("x.csv", b"a,b\n1,2\n3\n", r"x.csv:3: 2 columns in the header, another count here"),
        ("x.csv", b"a,b\n1,2,3\n", r"x.csv:2: 2 columns in the header, another count here"),
        ("x.csv", b'a,b\n1,"2\n', r"x.csv:2: .*unexpected end"),
        ("x.txt", b"", r"unknown ending '.txt'; allowed: .jsonl, .json, .csv, .parquet"),
    ],
)
def test_what_is_malformed_is_named(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=says):
        read(tmp_path / name)


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


def test_parquet_is_read_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batches = [[{"a": 1}, {"a": 2}], [{"a": 3}]]

    class ParquetFile:
        def __init__(self, path: Path) -> None:
            assert path.name == "x.parquet"

        def iter_batches(self) -> list[SimpleNamespace]:
            return [SimpleNamespace(to_pylist=lambda rows=rows: rows) for rows in batches]

    parquet = ModuleType("pyarrow.parquet")
    parquet.ParquetFile = ParquetFile  # type: ignore[attr-defined] # a stand-in
    monkeypatch.setitem(sys.modules, "pyarrow", ModuleType("pyarrow"))
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", parquet)
    (tmp_path / "x.parquet").write_bytes(b"")
    assert read(tmp_path / "x.parquet") == [("1", {"a": 1}), ("2", {"a": 2}), ("3", {"a": 3})]


def test_parquet_without_its_library_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    (tmp_path / "x.parquet").write_bytes(b"")
    with pytest.raises(DataError, match=r"pip install 'quimbot\[hub\]'"):
        read(tmp_path / "x.parquet")
