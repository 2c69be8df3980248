"""A row is read where it stands, as the row that reading in order gives."""

import codecs
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import records

from quimbot.exceptions import DataError
from quimbot.records.jsonl import read_lines, write_rows
from quimbot.records.lines import Lines
from quimbot.records.record import Record


@given(st.lists(records(), max_size=6), st.lists(st.sampled_from(["", "  ", "\t", "\r"])))
def test_every_row_is_the_one_that_reading_in_order_gives(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Record], blanks: list[str]
) -> None:
    path = tmp_path_factory.mktemp("lines") / "a.jsonl"
    write_rows(path, rows)
    padded = [f"{blank}\n".encode() + b" " + line for blank, line in zip(
        blanks + [""] * len(rows), path.read_bytes().splitlines(keepends=True), strict=False
    )]  # fmt: skip
    path.write_bytes(b"".join(padded).removesuffix(b"\n"))
    with Lines(path) as lines:
        backwards = [lines.pair(row) for row in reversed(range(len(lines)))]
    assert repr(backwards[::-1]).replace("KnownRecord(", "Record(") == repr(list(read_lines(path)))


def test_a_file_that_changes_meanwhile_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"messages": [], "provenance": {"source": "s", "licence": "MIT"}}\n')
    with Lines(path) as lines:
        path.write_text('{"half": ')
        with pytest.raises(DataError, match=r"a.jsonl: changed while it was read"):
            lines.pair(0)


def test_a_mark_of_utf_8_is_no_part_of_the_first_row(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    row = b'{"messages":[],"provenance":{"source":"s","licence":"l"}}'
    path.write_bytes(codecs.BOM_UTF8 + row + b"\n" + row)
    with Lines(path) as lines:
        assert [lines.line(number) for number in range(len(lines))] == [row, row]
        assert [line for line, _ in read_lines(path)] == [row, row]
