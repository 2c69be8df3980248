"""What the machine is said to have is what it has."""

import os

import pytest
import torch

from quimbot.cli import launch
from quimbot.runs.machine import cores, memory_mb, peak_memory_mb
from quimbot.train import machine_backend
from quimbot.train.machine_backend import Machine


def lines(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    assert launch(["doctor"]) == 0
    rows = (line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    return {name: rest.strip() for name, rest in rows}


def test_it_tells_versions_processors_and_memory(capsys: pytest.CaptureFixture[str]) -> None:
    told = lines(capsys)
    assert told["torch"] == torch.__version__
    assert told["memory"].startswith(f"{memory_mb():,} MB")
    assert told["threads"].startswith(f"{torch.get_num_threads()} of {cores()} cores")
    assert float(told["float32"].split()[0].replace(",", "")) > 1


def test_it_says_what_can_be_done(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    small = Machine(device="cpu", threads=0, memory_mb=900, bfloat16=False)
    monkeypatch.setattr(machine_backend, "machine", lambda: small)
    monkeypatch.setenv("OMP_NUM_THREADS", "0")
    told = lines(capsys)
    assert "smaller pack_tokens" in told["memory"]
    assert told["bfloat16"] == "not in hardware  float32 is faster, and what is used"
    assert told["threads"].endswith("OMP_NUM_THREADS is 0")


def test_the_peak_of_memory_grows_with_what_is_taken() -> None:
    before = peak_memory_mb()
    taken = bytearray(os.urandom(1024)) * 400_000
    assert peak_memory_mb() >= before
    assert peak_memory_mb() >= len(taken) / 1e6
