"""Which checkpoints count as finished."""

from pathlib import Path

import pytest

from quimbot.runs.checkpoints import MARKER, adapter_hash, complete_checkpoints, step_of


def _checkpoint(folder: Path, *, complete: bool = True) -> Path:
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text("{}")
    (folder / "adapter_model.safetensors").write_bytes(folder.name.encode())
    if complete:
        (folder / MARKER).touch()
    return folder


def test_finished_checkpoints_come_by_step_and_half_ones_not_at_all(tmp_path: Path) -> None:
    late = _checkpoint(tmp_path / "checkpoints" / "step-100")
    early = _checkpoint(tmp_path / "checkpoints" / "step-20")
    _checkpoint(tmp_path / "checkpoints" / "step-200", complete=False)
    assert complete_checkpoints(tmp_path) == [early, late]
    assert complete_checkpoints(early) == [early]


@pytest.mark.parametrize(
    ("address", "step"),
    [
        ("runs/demo/step-000120", 120),
        ("x/step_7", 7),
        ("40", 40),
        ("smollm2-135", None),
        ("m", None),
    ],
)
def test_step_is_read_from_the_last_part_of_an_address(address: str, step: int | None) -> None:
    assert step_of(address) == step


def test_hash_tells_adapters_apart(tmp_path: Path) -> None:
    one, two = _checkpoint(tmp_path / "1"), _checkpoint(tmp_path / "2")
    assert adapter_hash(one) != adapter_hash(two)
    assert adapter_hash(tmp_path) == ""
