"""The files of one command appear together: whatever kills it, old ones or new ones are there."""

import subprocess
import sys
from pathlib import Path

import pytest

from quimbot.records.jsonl import once_there, replacing, together, write_json

NAMES = ("a", "b", "c")


def test_files_wait_for_each_other_and_the_seal_is_last(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in NAMES]
    seal = tmp_path / "seal"
    seal.write_text("old")
    happened: list[list[bool]] = []
    with together(paths, seal=seal):
        for path in (seal, *paths):
            write_json(path, "new")
            once_there(lambda: happened.append([path.exists() for path in paths]))
        write_json(tmp_path / "other", "new")
        assert [path.exists() for path in paths] == [False] * 3
        assert (tmp_path / "other").exists()
        assert (seal.read_text(), happened) == ("old", [])
    assert happened == [[True] * 3] * 4
    assert seal.read_text() == '"new"\n'
    assert {path.name for path in tmp_path.iterdir()} == {*NAMES, "other", "seal"}


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in NAMES]
    for path in paths:
        path.write_text("old")
    with pytest.raises(KeyError), together(paths, seal=tmp_path / "seal"):  # noqa: PT012 - what came before is the point
        write_json(paths[0], "new")
        once_there(lambda: pytest.fail("nothing has appeared"))
        raise KeyError
    assert [path.read_text() for path in paths] == ["old"] * 3
    assert {path.name for path in tmp_path.iterdir()} == set(NAMES)
    write_json(paths[0], "new")  # nobody waits any more
    assert paths[0].read_text() == '"new"\n'


def test_what_a_dead_process_left_is_swept_and_a_living_one_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x[1].jsonl"
    (tmp_path / ".x[1].jsonl.1.part").write_text("half")
    (tmp_path / ".y.jsonl.1.part").write_text("of another file")
    with replacing(path) as outer:
        outer.write(b"outer")
        outer.flush()
        write = (
            "import pathlib, sys; from quimbot.records.jsonl import write_rows; "
            "write_rows(pathlib.Path(sys.argv[1]), [1])"
        )
        subprocess.run([sys.executable, "-c", write, str(path)], check=True)
        assert path.read_text() == "1\n"
    assert path.read_bytes() == b"outer"
    assert {left.name for left in tmp_path.iterdir()} == {path.name, ".y.jsonl.1.part"}


def test_a_pull_killed_anywhere_leaves_old_files_or_new_ones(tmp_path: Path) -> None:
    script = Path(__file__).with_name("kill_trial.py")
    done = subprocess.run(
        [sys.executable, script, tmp_path], check=True, capture_output=True, text=True, timeout=300
    )
    seen = set(done.stdout.split())
    # Each was met: nothing yet, the old files, a mixture that no seal covers, and the new files.
    assert {"none:none", "none:between", "old:old", "old:between", "old:new"} <= seen
    assert "old:none" not in seen


def test_a_disk_that_fills_leaves_the_old_files(tmp_path: Path) -> None:
    script = Path(__file__).with_name("kill_trial.py")
    done = subprocess.run(
        [sys.executable, script, tmp_path, "full"], check=True, capture_output=True, text=True
    )
    what = "here/x.jsonl: cannot write (File too large); free some space or name another path"
    assert done.stdout == f"{what}\nold"
