"""A stamp holds as long as settings and the content of inputs are the same."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from quimbot.exceptions import DataError
from quimbot.runs.stamp import (
    content_hash,
    environment,
    make_stamp,
    read_stamp,
    stamp_path,
    write_stamp,
)


@dataclass(frozen=True, kw_only=True)
class Copy:
    source: Path
    target: Path
    times: int = 1
    at_once: int = field(default=1, compare=False)

    def inputs(self) -> tuple[Path, ...]:
        return (self.source,)

    def outputs(self) -> tuple[Path, ...]:
        return (self.target,)


def test_a_stamp_survives_the_disk_and_tells_changes(tmp_path: Path) -> None:
    source = tmp_path / "a"
    source.write_text("one")
    settings = Copy(source=source, target=tmp_path / "b")
    stamp = make_stamp("copy", settings, summary="copied", seconds=1.5)
    write_stamp(settings.target, stamp)
    kept = read_stamp(settings.target)
    assert kept == stamp
    assert kept is not None
    assert kept.holds(make_stamp("copy", settings))
    assert not kept.holds(make_stamp("copy", Copy(source=source, target=tmp_path / "b", times=2)))
    elsewhere = Copy(source=source, target=tmp_path / "b", at_once=4)
    assert kept.holds(make_stamp("copy", elsewhere))  # what cannot change the result
    source.write_text("two")
    assert not kept.holds(make_stamp("copy", settings))


def test_a_machine_without_git_leaves_stamps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "revision" not in environment()
    assert "spacy" in environment()


def test_a_missing_input_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone: no such file"):
        make_stamp("copy", Copy(source=tmp_path / "gone", target=tmp_path / "b"))


def test_a_torn_stamp_counts_as_none(tmp_path: Path) -> None:
    stamp_path(tmp_path / "b").write_text('{"step": "co')
    assert read_stamp(tmp_path / "b") is None


def test_a_folder_hash_sees_content_and_names_but_not_hidden_files(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "x").write_text("1")
    first = content_hash(folder)
    (folder / ".hidden").write_text("2")
    assert content_hash(folder) == first
    (folder / "x").rename(folder / "y")
    assert content_hash(folder) != first
