"""Whether a run can be taken up exactly is checked on the run itself."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_models import tiny_model

from quimbot.exceptions import OutputError, TrainingFault
from quimbot.records.jsonl import write_rows
from quimbot.records.record import Message, Provenance, Record
from quimbot.runs.watch import Silent
from quimbot.train import replay as replaying
from quimbot.train.loop import train
from quimbot.train.metrics import read_metrics
from quimbot.train.settings import TrainSettings


def record(index: int) -> Record:
    turns = [
        Message(role="user", content=f"Yesterday I go to the store {index}."),
        Message(role="assistant", content=("Oh, you went there?", "You did? Why?")[index % 2]),
    ]
    return Record(messages=tuple(turns), provenance=Provenance(source="test", licence="MIT"))


@pytest.fixture
def settings(tmp_path: Path) -> TrainSettings:
    write_rows(tmp_path / "data.jsonl", [record(i) for i in range(12)])
    return TrainSettings(
        data=tmp_path / "data.jsonl",
        output=tmp_path / "run",
        model=str(tiny_model(tmp_path / "model")),
        rank=4,
        steps=6,
        batch_size=4,
        checkpoints=3,
        sample_tokens=0,
    )


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_steps_after_a_checkpoint_come_out_the_same(settings: TrainSettings) -> None:
    train(settings, Silent())
    before = contents(settings.output)
    told = train(replace(settings, verify_resume=True), Silent())
    loss = read_metrics(settings.output)[5].loss
    assert "step-000004: taken up, step 5 (loss " in told
    assert f"step 6 (loss {loss!r}) as before, bit for bit" in told
    assert before == {
        path: path.read_bytes() for path in settings.output.rglob("*") if path.is_file()
    }


@pytest.mark.parametrize("what", ["adapter", "optimizer"])
def test_a_state_that_is_not_the_same_is_noticed(
    settings: TrainSettings, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    train(settings, Silent())
    name = {"adapter": "adapter_model", "optimizer": "optimizer"}[what]
    path = settings.output / "step-000004" / f"{name}.safetensors"
    tensors = load_file(path)
    first = max(tensors, key=lambda each: float(tensors[each].abs().max()))
    tensors[first] = tensors[first] * (1 + 2**-6)
    save_file(tensors, path, metadata={"format": "pt"})
    monkeypatch.setattr(replaying, "damage", lambda _: None)  # else the sums tell it first
    with pytest.raises(TrainingFault, match=r"step [56] does not come out as it did"):
        train(replace(settings, verify_resume=True), Silent())


def test_without_a_step_to_compare_it_says_so(settings: TrainSettings) -> None:
    with pytest.raises(OutputError, match="no step after a whole checkpoint"):
        train(replace(settings, verify_resume=True), Silent())


def test_another_number_of_threads_is_named(settings: TrainSettings) -> None:
    train(settings, Silent())
    before = torch.get_num_threads()
    torch.set_num_threads(before + 1)
    try:
        with pytest.raises(OutputError, match=f"set OMP_NUM_THREADS={before}"):
            train(replace(settings, verify_resume=True), Silent())
    finally:
        torch.set_num_threads(before)


def test_another_run_is_refused(settings: TrainSettings) -> None:
    train(settings, Silent())
    with pytest.raises(OutputError, match=r"begun otherwise \(learning_rate was"):
        train(replace(settings, learning_rate=0.1, verify_resume=True), Silent())


def test_half_a_row_of_metrics_is_no_row(settings: TrainSettings) -> None:
    train(settings, Silent())
    rows = read_metrics(settings.output)
    with (settings.output / "metrics.jsonl").open("ab") as file:
        file.write(b'{"step":7,"lo')
    assert read_metrics(settings.output) == rows
