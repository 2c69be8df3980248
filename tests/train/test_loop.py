"""Runs of a tiny random model: what they write, refuse and how they continue."""

import hashlib
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from msgspec import structs
from safetensors.torch import load_file
from tiny_models import tiny_model

from quimbot.exceptions import DataError, ModelError, OutputError, RecipeError, TrainingFault
from quimbot.records.jsonl import read_rows, write_rows
from quimbot.records.record import (
    Evidence,
    Lesson,
    Message,
    Move,
    Provenance,
    Record,
    Verdict,
)
from quimbot.runs.checkpoints import complete_checkpoints
from quimbot.runs.watch import Silent, Task
from quimbot.train.checkpoint import read_state
from quimbot.train.job import prepare
from quimbot.train.loop import train
from quimbot.train.metrics import Row
from quimbot.train.settings import TrainSettings
from quimbot.train.torch_backend import TorchTrainer
from quimbot.train.trainer import Example, Step

OTHER = Provenance(source="other", licence="MIT")
REPLIES = ("Oh, you went to the store?", "You went? What did you buy?", "The store!")


def record(index: int, *, learner: str | None = None) -> Record:
    turns = [
        Message(role="system", content="You are a tutor."),
        Message(role="user", content=learner or f"Yesterday I go to the store {index}."),
        Message(role="assistant", content=REPLIES[index % 3]),
    ]
    return Record(messages=tuple(turns), provenance=Provenance(source="test", licence="MIT"))


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture
def settings(tmp_path: Path, model: Path) -> TrainSettings:
    write_rows(tmp_path / "data.jsonl", [record(i) for i in range(12)])
    write_rows(tmp_path / "valid.jsonl", [record(i) for i in range(20, 23)])
    return TrainSettings(
        data=tmp_path / "data.jsonl",
        valid=tmp_path / "valid.jsonl",
        output=tmp_path / "run",
        model=str(model),
        rank=4,
        alpha=8,
        epochs=2,
        batch_size=4,
        pack_tokens=200,
        checkpoints=3,
        learning_rate=1e-2,
        sample_tokens=3,
    )


class Lines(Silent):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


class StopError(Exception):
    """The machine is switched off."""


class Dying(Silent):
    """Stops the run when so many steps are done."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    @contextmanager
    def task(self, name: str, total: int, *, done: int = 0) -> Iterator[Task]:  # noqa: ARG002 - nothing is drawn
        yield self

    def advance(self, by: int = 1, **facts: float | str) -> None:  # noqa: ARG002 - nothing is drawn
        self._left -= by
        if self._left == 0:
            raise StopError


def adapter(checkpoint: Path) -> bytes:
    return (checkpoint / "adapter_model.safetensors").read_bytes()


def test_weights_count_in_training_and_never_in_what_is_held_out(settings: TrainSettings) -> None:
    evidence = (
        Evidence(start=4, end=12, label="recast"),
        Evidence(start=0, end=26, label="question"),
    )
    verdict = Verdict(passed=True, level="recast", evidence=evidence)
    lesson = Lesson(turn=2, move=Move.RECAST, corrections=("I went.",), verdict=verdict)
    assert settings.valid
    for path in (settings.data, settings.valid):
        write_rows(
            path, [structs.replace(record(3 * i), lessons=(lesson,), id="") for i in range(4)]
        )
    plain = replace(settings, steps=1, output=settings.output.with_name("plain"))
    weighted = replace(settings, steps=1, recast_weight=8.0, question_weight=0.5)
    first = []
    for each in (plain, weighted):
        train(each, Silent())
        (row,) = read_rows(each.output / "metrics.jsonl", Row)
        first.append(row.loss)
    assert first[0] != pytest.approx(first[1], rel=1e-6)
    job = prepare(weighted)
    assert {w for d in job.dialogues for e in d.examples for w in e.weights} == {0.0, 0.5, 1.0, 8.0}
    assert {w for d in job.valid for e in d.examples for w in e.weights} == {0.0, 1.0}


@pytest.mark.parametrize("name", ["recast_weight", "question_weight"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_a_weight_that_is_no_weight_is_named(
    settings: TrainSettings, name: str, value: float
) -> None:
    changed: dict[str, Any] = {name: value}
    with pytest.raises(RecipeError, match=f"{name} is .* above 0"):
        replace(settings, **changed)


def test_a_run_learns_and_leaves_evenly_spaced_checkpoints(settings: TrainSettings) -> None:
    lines = Lines()
    summary = train(settings, lines)
    names = [path.name for path in complete_checkpoints(settings.output)]
    assert names == ["step-000002", "step-000004", "step-000006"]
    rows = list(read_rows(settings.output / "metrics.jsonl", Row))
    assert [row.step for row in rows] == [1, 2, 3, 4, 5, 6]
    assert rows[-1].loss < rows[0].loss - 0.5
    held_out = [row.valid_loss for row in rows if row.valid_loss is not None]
    assert len(held_out) == 3
    assert held_out[-1] < held_out[0]
    assert str(settings.output / "step-000006") in summary
    assert sum("→" in line for line in lines.said) == 3


@pytest.mark.parametrize("step", [1, 2, 3, 5])
def test_a_run_stopped_anywhere_continues_bit_for_bit(settings: TrainSettings, step: int) -> None:
    whole = replace(settings, output=settings.output.with_name("whole"))
    train(whole, Silent())
    with pytest.raises(StopError):
        train(settings, Dying(step))
    train(settings, Silent())
    for ours, theirs in zip(
        complete_checkpoints(settings.output), complete_checkpoints(whole.output), strict=True
    ):
        for name in ("adapter_model.safetensors", "optimizer.safetensors", "adapter_config.json"):
            assert (ours / name).read_bytes() == (theirs / name).read_bytes(), (ours, name)
    rows = list(read_rows(settings.output / "metrics.jsonl", Row))
    others = list(read_rows(whole.output / "metrics.jsonl", Row))
    assert [(row.step, row.loss, row.valid_loss) for row in rows] == [
        (row.step, row.loss, row.valid_loss) for row in others
    ]


_KILLS = """
import os, random, signal, sys, time
from pathlib import Path, PosixPath
import torch
torch.set_num_threads(1)
from quimbot.runs.watch import Silent
from quimbot.train import torch_backend  # loaded before the first fork
from quimbot.train.loop import train
from quimbot.train.settings import TrainSettings
chance = random.Random(7)
unfinished = 0
for _ in range(50):
    child = os.fork()
    if child == 0:
        train({settings!r}, Silent())
        os._exit(0)
    time.sleep(chance.uniform(0.0, 0.8))
    os.kill(child, signal.SIGKILL)
    unfinished += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
print(unfinished)
train({settings!r}, Silent())
"""


@pytest.mark.slow
def test_a_run_killed_fifty_times_ends_bit_for_bit_as_one_never_stopped(
    settings: TrainSettings,
) -> None:
    long = replace(settings, steps=1000, checkpoint_every=13, sample_tokens=0)
    killed = subprocess.run(
        [sys.executable, "-c", _KILLS.format(settings=long)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(killed.stdout) == 50
    whole = replace(long, output=settings.output.with_name("whole"))
    train(whole, Silent())
    names = [path.name for path in complete_checkpoints(whole.output)]
    assert [path.name for path in complete_checkpoints(long.output)] == names
    for step in names:
        for name in ("adapter_model.safetensors", "optimizer.safetensors"):
            ours, theirs = long.output / step / name, whole.output / step / name
            assert ours.read_bytes() == theirs.read_bytes()
    assert not list(long.output.glob(".*.part"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_asked_to_end_saves_first_and_leaves_no_trace_in_the_end(
    settings: TrainSettings, number: signal.Signals
) -> None:
    class Asking(Dying):
        def advance(self, by: int = 1, **facts: float | str) -> None:  # noqa: ARG002 - as it is
            self._left -= by
            if self._left == 0:
                signal.raise_signal(number)

    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt):
        train(settings, Asking(2))
    assert signal.getsignal(number) is before
    assert [path.name for path in complete_checkpoints(settings.output)] == [
        "step-000002", "step-000003",
    ]  # fmt: skip
    train(settings, Silent())
    whole = replace(settings, output=settings.output.with_name("whole"))
    train(whole, Silent())
    names = [path.name for path in complete_checkpoints(whole.output)]
    assert [path.name for path in complete_checkpoints(settings.output)] == names
    assert adapter(settings.output / names[-1]) == adapter(whole.output / names[-1])


def test_a_second_ctrl_c_ends_at_once(settings: TrainSettings) -> None:
    class Asking(Dying):
        def advance(self, by: int = 1, **facts: float | str) -> None:  # noqa: ARG002 - as it is
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    # as in a terminal: a job in the background is started with SIGINT ignored
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            train(settings, Asking(1))
    finally:
        signal.signal(signal.SIGINT, before)
    assert not complete_checkpoints(settings.output)


def test_a_held_out_loss_that_falls_no_more_ends_the_run(settings: TrainSettings) -> None:
    # what is held out is learnt by heart first and then forgotten at too high a rate
    wild = replace(settings, steps=60, learning_rate=0.3, warmup=0.0, evaluate_every=1, patience=3)
    summary = train(wild, Silent())
    rows = list(read_rows(wild.output / "metrics.jsonl", Row))
    losses = [row.valid_loss for row in rows if row.valid_loss is not None]
    assert len(losses) == len(rows) < 60
    assert min(losses) == losses[-4]
    assert f"{len(rows)} steps of 60" in summary
    assert (wild.output / f"step-{len(rows):06d}").is_dir()
    assert train(wild, Silent()) == summary  # and is not gone on with


def test_held_out_losses_are_told_by_source(settings: TrainSettings) -> None:
    assert settings.valid
    two = [record(3), structs.replace(record(4), provenance=OTHER), record(5)]
    write_rows(settings.valid, two)
    train(replace(settings, steps=1), Silent())
    (row,) = read_rows(settings.output / "metrics.jsonl", Row)
    assert row.valid_loss is not None
    assert row.valid_sources.keys() == {"test", "other"}
    assert min(row.valid_sources.values()) < row.valid_loss < max(row.valid_sources.values())
    assert row.grad_norm is not None
    assert row.grad_norm > 0


def test_a_loss_that_is_no_number_names_the_records_and_keeps_the_last_checkpoint(
    settings: TrainSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = TorchTrainer.step

    def broken(self: TorchTrainer, batch: Sequence[Example], rate: float) -> Step:
        step = known(self, batch, rate)
        return step if self._steps < 4 else step._replace(loss=float("nan"))

    monkeypatch.setattr(TorchTrainer, "step", broken)
    with pytest.raises(TrainingFault, match=r"step 4: loss nan.* records [0-9a-f]{16}, .*lower"):
        train(settings, Silent())
    assert [path.name for path in complete_checkpoints(settings.output)] == ["step-000002"]


def test_a_finished_run_does_nothing_again(settings: TrainSettings) -> None:
    first = train(settings, Silent())
    before = {path: path.stat().st_mtime_ns for path in settings.output.glob("step-*/*")}
    assert train(settings, Silent()) == first
    assert before == {path: path.stat().st_mtime_ns for path in settings.output.glob("step-*/*")}


def test_a_damaged_checkpoint_is_passed_over_and_named(settings: TrainSettings) -> None:
    train(settings, Silent())
    last = settings.output / "step-000006"
    good = adapter(last)
    (last / "adapter_model.safetensors").write_bytes(good[:-1] + b"\x00")
    lines = Lines()
    train(settings, lines)
    assert any("step-000006" in line and "adapter_model" in line for line in lines.said)
    assert adapter(last) == good


@pytest.mark.parametrize(
    ("change", "named"), [({"rank": 8}, "rank was 4, is 8"), ({"seed": 1}, "seed was 0, is 1")]
)
def test_a_run_is_not_continued_with_other_settings(
    settings: TrainSettings, change: dict[str, Any], named: str
) -> None:
    with pytest.raises(StopError):
        train(settings, Dying(3))
    with pytest.raises(OutputError, match=named):
        train(replace(settings, **change), Silent())


def test_a_run_is_not_continued_with_other_data(settings: TrainSettings) -> None:
    with pytest.raises(StopError):
        train(settings, Dying(3))
    write_rows(settings.data, [record(i) for i in range(1, 13)])
    with pytest.raises(OutputError, match="data is not the same"):
        train(settings, Silent())


def test_a_second_stage_continues_the_weights_of_the_first(settings: TrainSettings) -> None:
    train(settings, Silent())
    first = settings.output / "step-000006"
    second = replace(
        settings, start=str(first), output=settings.output.with_name("b"), learning_rate=1e-9
    )
    train(second, Silent())
    ours = load_file(first / "adapter_model.safetensors")
    theirs = load_file(second.output / "step-000006" / "adapter_model.safetensors")
    for name, value in ours.items():
        torch.testing.assert_close(theirs[name], value, atol=1e-6, rtol=0)
    assert adapter(first) != adapter(second.output / "step-000006")


@pytest.mark.parametrize("stage2", ["continue", "merge_then_new"])
def test_a_variant_knows_where_it_comes_from(
    settings: TrainSettings, stage2: Literal["continue", "merge_then_new"]
) -> None:
    train(settings, Silent())
    first = settings.output / "step-000006"
    variant = replace(settings, start=str(settings.output), stage2=stage2)
    variant = replace(variant, output=settings.output.with_name("b"))  # a run names its last one
    train(variant, Silent())
    again = replace(variant, start=str(variant.output), output=settings.output.with_name("c"))
    again = replace(again, rank=4 if stage2 == "continue" else 2)
    train(again, Silent())
    lineage = read_state(again.output / "step-000006").lineage
    assert [each.checkpoint for each in lineage] == [
        str(first), str(variant.output / "step-000006"),
    ]  # fmt: skip
    assert [each.adapter for each in lineage] == [
        hashlib.sha256(adapter(Path(each.checkpoint))).hexdigest() for each in lineage
    ]


def test_a_merged_stage_stopped_anywhere_continues_bit_for_bit(settings: TrainSettings) -> None:
    train(settings, Silent())
    second = replace(settings, start=str(settings.output), stage2="merge_then_new", rank=2)
    whole = replace(second, output=settings.output.with_name("whole"))
    train(whole, Silent())
    second = replace(second, output=settings.output.with_name("stopped"))
    with pytest.raises(StopError):
        train(second, Dying(3))
    train(second, Silent())
    last = "step-000006"
    assert adapter(second.output / last) == adapter(whole.output / last)


def test_an_adapter_of_another_rank_cannot_be_continued(settings: TrainSettings) -> None:
    train(replace(settings, steps=1, checkpoints=1), Silent())
    start = str(settings.output / "step-000001")
    other = replace(settings, start=start, rank=2, output=settings.output.with_name("b"))
    with pytest.raises(ModelError, match="its r is 4, this run's is 2"):
        train(other, Silent())


def test_records_with_nothing_to_learn_are_set_aside(settings: TrainSettings) -> None:
    mute = record(0)
    mute = Record(messages=mute.messages[:2], provenance=mute.provenance)
    endless = record(1, learner="go " * 400)
    write_rows(settings.data, [record(0), mute, endless, record(2)])
    summary = train(replace(settings, steps=1, max_tokens=300), Silent())
    rows = list(read_rows(settings.output / "data.rejected.jsonl", dict))
    assert [row["reason"] for row in rows] == ["no-trainable-token"] * 2
    assert "2 dialogues" in summary
    assert "2 no-trainable-token" in summary


def test_data_without_any_reply_is_refused(settings: TrainSettings) -> None:
    mute = record(0)
    write_rows(settings.data, [Record(messages=mute.messages[:2], provenance=mute.provenance)])
    with pytest.raises(DataError, match="no dialogue to learn from"):
        train(settings, Silent())


def test_an_empty_file_is_refused(settings: TrainSettings) -> None:
    settings.data.write_bytes(b"")
    with pytest.raises(DataError, match="no dialogue to learn from"):
        train(settings, Silent())


@pytest.mark.parametrize(
    "wrong",
    [
        {"rank": 0},
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
        {"loraplus_lr_ratio": 0.0},
        {"warmup": 1.5},
        {"schedule": "wavy"},
        {"batch_size": -1},
    ],
)
def test_wrong_settings_are_refused(settings: TrainSettings, wrong: dict[str, Any]) -> None:
    with pytest.raises(RecipeError, match=next(iter(wrong))):
        replace(settings, **wrong)
