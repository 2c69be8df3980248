"""A manifest describes the very bytes beside it, and is refused when they changed."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import records

from quimbot.exceptions import DataError
from quimbot.records.jsonl import read_lines, read_records, write_rows
from quimbot.records.manifest import (
    manifest_path,
    read_manifest,
    write_dataset,
    write_lines,
    write_manifest,
)
from quimbot.records.record import Record


@dataclass(frozen=True)
class Settings:
    input: Path
    checks: tuple[str, ...] = ("structure",)
    workers: int = field(default=1, compare=False)
    """Cannot change the data, so it is not told."""


@given(rows=st.lists(records(), max_size=5))
def test_counts_and_hash_are_those_of_the_file(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Record]
) -> None:
    path = tmp_path_factory.mktemp("manifest") / "x.jsonl"
    manifest = write_dataset(path, rows)
    content = path.read_bytes()
    assert manifest.rows == len(rows) == sum(manifest.licences.values())
    assert manifest.sha256 == hashlib.sha256(content).hexdigest()
    assert manifest.bytes == len(content)
    assert sum(manifest.moves.values()) == sum(len(row.lessons) for row in rows)
    assert read_manifest(path) == manifest == write_manifest(path)


@given(rows=st.lists(records(), max_size=5))
def test_lines_are_written_as_they_were_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Record]
) -> None:
    path = tmp_path_factory.mktemp("manifest") / "x.jsonl"
    manifest = write_dataset(path, rows)
    copy = path.with_name("copy.jsonl")
    assert write_lines(copy, read_lines(path)) == manifest == read_manifest(copy)
    assert copy.read_bytes() == path.read_bytes()


def test_a_line_gets_the_id_that_it_lacks_and_keeps_what_others_spelled(tmp_path: Path) -> None:
    path, copy = tmp_path / "x.jsonl", tmp_path / "copy.jsonl"
    bare = b'{"messages": [], "provenance": {"source": "s", "licence": "l"}}'
    path.write_bytes(bare)
    (record,) = read_records(path)
    spaced = bare[:-1] + b', "id": "%s"}' % record.id.encode()
    path.write_bytes(bare + b"\r\n" + spaced + b"\n")
    write_lines(copy, read_lines(path))
    first, second = copy.read_bytes().splitlines()
    assert b'"id":"%s"' % record.id.encode() in first
    assert second == spaced
    assert list(read_records(copy)) == [record, record]
    assert read_manifest(copy).rows == 2


def test_parents_settings_and_facts_are_told(tmp_path: Path) -> None:
    parent = tmp_path / "raw.jsonl"
    parent.write_bytes(b"raw\n")
    facts: dict[str, object] = {}

    def counting() -> Iterator[Record]:
        facts["read"] = 7
        yield from ()

    manifest = write_dataset(
        tmp_path / "x.jsonl", counting(), parents=[parent], settings=Settings(parent), facts=facts
    )
    assert manifest.parents[0].path == str(parent)
    assert manifest.parents[0].sha256 == hashlib.sha256(b"raw\n").hexdigest()
    assert manifest.settings == {"input": str(parent), "checks": ["structure"]}
    assert manifest.facts == {"read": 7}


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    write_dataset(path, [])
    write_rows(path, [{}])
    with pytest.raises(DataError, match=r"changed since x.manifest.json was written"):
        read_manifest(path)


def test_no_manifest_stands_beside_a_failed_file(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"

    def broken() -> Iterator[Record]:
        raise KeyError
        yield

    with pytest.raises(KeyError):
        write_dataset(path, broken())
    assert not list(tmp_path.iterdir())


def test_a_missing_or_spoilt_manifest_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    with pytest.raises(DataError, match=r"x.manifest.json: no such file"):
        read_manifest(path)
    manifest_path(path).write_text("{}")
    with pytest.raises(DataError, match=r"x.manifest.json: .*missing required field"):
        read_manifest(path)
