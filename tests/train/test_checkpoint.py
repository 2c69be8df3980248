"""A checkpoint is whole or it is not there."""

import os
from pathlib import Path

import pytest

from quimbot.exceptions import ModelError, OutputError
from quimbot.train.checkpoint import damage, latest, read_state, writing


def write(folder: Path, text: str = "weights") -> None:
    with writing(folder) as aside:
        (aside / "adapter_config.json").write_text("{}")
        (aside / "adapter_model.safetensors").write_text(text)


def test_the_newest_whole_checkpoint_is_found(tmp_path: Path) -> None:
    assert latest(tmp_path / "none") == (None, [])
    for step in (2, 10):
        write(tmp_path / f"step-{step:06d}")
    assert latest(tmp_path) == (tmp_path / "step-000010", [])


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors", "COMPLETE"])
@pytest.mark.parametrize("how", ["cut", "lost"])
def test_a_damaged_checkpoint_is_not_taken(tmp_path: Path, name: str, how: str) -> None:
    write(tmp_path / "step-000001")
    write(tmp_path / "step-000002")
    path = tmp_path / "step-000002" / name
    path.write_bytes(path.read_bytes()[:-1]) if how == "cut" else path.unlink()
    assert damage(tmp_path / "step-000002")
    assert latest(tmp_path)[0] == tmp_path / "step-000001"


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_the_last_one(tmp_path: Path, fault: BaseException) -> None:
    write(tmp_path / "step-000001", "old")
    expected = OutputError if isinstance(fault, OSError) else KeyboardInterrupt

    def fail() -> None:
        with writing(tmp_path / "step-000001") as aside:
            (aside / "adapter_config.json").write_text("{}")
            raise fault

    with pytest.raises(expected):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == ["step-000001"]
    assert damage(tmp_path / "step-000001") is None
    assert (tmp_path / "step-000001" / "adapter_model.safetensors").read_text() == "old"


def test_a_full_disk_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"step-000001: cannot write .No space left on device"):
        write(tmp_path / "step-000001")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_no_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not a training checkpoint"):
        read_state(tmp_path)
