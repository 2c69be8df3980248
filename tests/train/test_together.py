"""Two processes that train together do what one does, and leave what one leaves."""

import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tiny_models import tiny_model

from quimbot.exceptions import RecipeError, TrainingFault
from quimbot.records.jsonl import write_rows
from quimbot.records.record import Message, Provenance, Record
from quimbot.runs.checkpoints import complete_checkpoints
from quimbot.runtimes.models import find_model
from quimbot.runtimes.packing import packs
from quimbot.train.checkpoint import read_state
from quimbot.train.lora import Lora
from quimbot.train.metrics import Row, read_metrics
from quimbot.train.team_backend import Team, gathering
from quimbot.train.torch_backend import TorchTrainer
from quimbot.train.trainer import Example

REPLIES = ("Oh, you went to the store?", "You went? What did you buy?", "The store!")

_MEMBER = """
import os, signal, sys
from safetensors.torch import save_file
from torch.distributed.tensor import DTensor
from quimbot.cli import launch
from quimbot.train.torch_backend import TorchTrainer
own_step = TorchTrainer.step
def step(self, *arguments):
    if self._steps == int(os.environ.get("SWITCHED_OFF_AT", "-1")):
        os.kill(os.getpid(), signal.SIGKILL)
    done = own_step(self, *arguments)
    adapter = {name: value.detach().clone() for name, value in self._named.items()}
    rank = os.environ.get("RANK", "alone")
    save_file(adapter, f"rank-{rank}.safetensors")
    held = [value.to_local() if isinstance(value, DTensor) else value
            for value in self._model.parameters() if not value.requires_grad]
    open(f"held-{rank}", "w").write(str(sum(value.nbytes for value in held)))
    return done
TorchTrainer.step = step
sys.exit(launch(sys.argv[1:]))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return filled(tmp_path)


def filled(folder: Path) -> Path:
    """The folder, with a model, data and the program of a process."""
    tiny_model(folder / "model")
    for name, rows in (("data", range(12)), ("valid", range(20, 23))):
        write_rows(folder / f"{name}.jsonl", [record(row) for row in rows])
    (folder / "member.py").write_text(_MEMBER, encoding="utf-8")
    return folder


def record(index: int) -> Record:
    turns = (
        Message(role="system", content="You are a tutor."),
        Message(role="user", content=f"Yesterday I go to the store {index}."),
        Message(role="assistant", content=REPLIES[index % 3]),
    )
    source = "test" if index < 22 else "other"
    return Record(messages=turns, provenance=Provenance(source=source, licence="MIT"))


def start(
    folder: Path, output: str, *more: str, count: int = 2, **env: str
) -> "subprocess.Popen[str]":
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"]
    options = (
        "--data data.jsonl --valid valid.jsonl --model model --rank 4 --alpha 8 --batch-size 4 "
        "--pack-tokens 200 --learning-rate 1e-2 --sample-tokens 3"
    )
    train = ["member.py", "train", *options.split(), *more, "--output", output]
    return subprocess.Popen(
        [sys.executable, *launcher, *train],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", **env},
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder: Path, output: str, count: int, *more: str, **env: str) -> tuple[list[Row], str]:
    """A whole run; gives its metrics and what it said."""
    process = start(folder, output, "--epochs=4", "--checkpoints=3", *more, count=count, **env)
    said = process.communicate(timeout=200)[1]
    assert (process.returncode == 0) == ("SWITCHED_OFF_AT" not in env), said
    return read_metrics(folder / output), said


@dataclass(frozen=True)
class Whole:
    """A run that nothing stopped."""

    folder: Path
    rows: list[Row]
    said: str
    held: list[int]
    """Bytes of the base in each process."""

    @property
    def output(self) -> Path:
        return self.folder / "run"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Whole, Whole]:
    """The run of one process, and the same of two."""

    def made(count: int) -> Whole:
        folder = filled(tmp_path_factory.mktemp("whole"))
        rows, said = run(folder, "run", count)
        held = [int((folder / f"held-{rank}").read_text()) for rank in range(count)]
        return Whole(folder, rows, said, held)

    return made(1), made(2)


def bytes_of(run: Path) -> dict[str, bytes]:
    return {str(path.relative_to(run)): path.read_bytes() for path in run.rglob("*.safetensors")}


@pytest.mark.slow
def test_two_processes_train_as_one_and_continue_bit_for_bit(
    whole: tuple[Whole, Whole], folder: Path
) -> None:
    one, two = whole
    assert [row.loss for row in two.rows] == pytest.approx([row.loss for row in one.rows], rel=1e-6)
    held_out = [[row.valid_loss for row in run.rows if row.valid_loss] for run in whole]
    assert held_out[1] == pytest.approx(held_out[0], rel=1e-6)
    alone, ours = (
        load_file(run.output / "step-000012" / "adapter_model.safetensors") for run in whole
    )
    for name, value in alone.items():
        torch.testing.assert_close(ours[name], value, rtol=1e-3, atol=1e-4)
    ranks = [(two.folder / f"rank-{rank}.safetensors").read_bytes() for rank in range(2)]
    assert ranks[0] == ranks[1]

    names = [sorted(str(path.relative_to(run.output)) for path in run.output.rglob("*"))
             for run in whole]  # fmt: skip
    assert names[0] == names[1]
    assert two.said.count("step 12:") == two.said.count("12 dialogues, 12 steps") == 1
    assert read_state(two.output / "step-000012").processes == 2

    off, _ = run(folder, "again", 2, SWITCHED_OFF_AT="6")
    assert len(off) == 6
    again, said = run(folder, "again", 2)
    assert [(row.loss, row.grad_norm, row.valid_loss) for row in again] == [
        (row.loss, row.grad_norm, row.valid_loss) for row in two.rows
    ]
    assert bytes_of(folder / "again") == bytes_of(two.output)
    assert "last bits may differ" not in said

    run(folder, "other", 2, SWITCHED_OFF_AT="6")
    _, said = run(folder, "other", 1)
    assert "made with another number of processes" in said
    _, said = run(folder, "again", 2)
    assert said.count("already done") == 1


@pytest.mark.slow
def test_processes_that_share_the_base_out_leave_the_same_bytes(
    whole: tuple[Whole, Whole], folder: Path
) -> None:
    one, two = whole
    assert two.held == one.held * 2

    # An accelerate that was told of FSDP, too, starts the processes and is asked for nothing else.
    launcher = {"ACCELERATE_USE_FSDP": "true", "FSDP_CPU_RAM_EFFICIENT_LOADING": "true"}
    run(folder, "shared", 2, "--shard", SWITCHED_OFF_AT="6", **launcher)
    run(folder, "shared", 2, SWITCHED_OFF_AT="10")  # a run may change to whole weights, and back
    shared, _ = run(folder, "shared", 2, "--shard", **launcher)
    assert [row.loss for row in shared] == pytest.approx([row.loss for row in one.rows], rel=1e-6)
    assert [(row.loss, row.grad_norm, row.valid_sources) for row in shared] == [
        (row.loss, row.grad_norm, row.valid_sources) for row in two.rows
    ]
    assert bytes_of(folder / "shared") == bytes_of(two.output)
    base = load_file(folder / "model" / "model.safetensors")
    layers = sum(value.nbytes for name, value in base.items() if ".layers." in name)
    for rank in range(2):
        assert int((folder / f"held-{rank}").read_text()) == two.held[rank] - layers / 2


_MEASURED_FIRST = """
import sys
from quimbot.train.together_backend import opened, together
from test_together import BATCH, adapting
def work():
    trainer = opened(adapting(sys.argv[1], shard=True))
    print(trainer.loss(BATCH[:1]), *trainer.step(BATCH, 1e-2), *trainer.reply([1, 4], 2, 3))
together(work)
"""
BATCH = [
    Example(id="", tokens=(1, *range(row, row + 19)), weights=(0.0,) * 5 + (1.0,) * 15)
    for row in range(2, 60, 11)
]


def adapting(folder: str, *, shard: bool) -> "partial[TorchTrainer]":
    lora = Lora(rank=4, alpha=8, use_dora=True)
    model = find_model(f"{folder}/qwen3")
    return partial(
        TorchTrainer, model, Path(folder), lora=lora, seed=1, pack_tokens=60, shard=shard
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
def test_a_process_with_nothing_to_measure_gathers_what_the_other_needs(tmp_path: Path) -> None:
    tiny_model(tmp_path / "qwen3", "qwen3", layers=3)
    (tmp_path / "first.py").write_text(_MEASURED_FIRST, encoding="utf-8")
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    paths = [str(Path(__file__).parent), *sys.path]
    told = subprocess.run(
        [sys.executable, *launcher, str(tmp_path / "first.py"), str(tmp_path)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=200,
        check=True,
    )
    alone = adapting(str(tmp_path), shard=False)()
    ours = [alone.loss(BATCH[:1]), *alone.step(BATCH, 1e-2), *alone.reply([1, 4], 2, 3)]
    assert [float(word) for word in told.stdout.split()] == pytest.approx(ours, rel=1e-6)


def test_one_process_shares_nothing_out(folder: Path) -> None:
    with pytest.raises(RecipeError, match="this is the only one; start several"):
        TorchTrainer(
            find_model(str(folder / "model")),
            folder,
            lora=Lora(),
            seed=1,
            pack_tokens=60,
            shard=True,
        )


@pytest.mark.slow
def test_ctrl_c_ends_all_processes_after_the_same_step(folder: Path) -> None:
    process = start(folder, "run", "--steps=100000")
    metrics = folder / "run" / "metrics.jsonl"
    while not (metrics.exists() and metrics.stat().st_size > 500):
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert said.count("interrupted; the same command continues") == 1
    ((checkpoint,), rows) = complete_checkpoints(folder / "run"), read_metrics(folder / "run")
    assert read_state(checkpoint).step == rows[-1].step
    ranks = [(folder / f"rank-{rank}.safetensors").read_bytes() for rank in range(2)]
    assert ranks[0] == ranks[1]


def test_shares_of_a_batch_are_its_packs() -> None:
    batch = [
        Example(id="", tokens=(1, *range(row, row + 9)), weights=(0.0,) * 5 + (1.0,) * 5)
        for row in range(2, 90, 11)
    ]
    whole = packs(batch, 20, 4)
    parts = [packs(batch, 20, 4, Team(rank=rank, size=3, device="cpu").share) for rank in range(3)]
    assert len(whole) >= 4
    for index, pack in enumerate(whole):
        assert torch.equal(parts[index % 3][index // 3].tokens_N, pack.tokens_N)
    assert sum(map(len, parts)) == len(whole)


def test_one_process_adds_nothing_up() -> None:
    value = torch.ones(2, requires_grad=True)
    alone = Team(device="cpu")
    alone.total_gradients([value])
    assert value.grad is None
    assert alone.total(0.1) == 0.1


def test_a_process_that_has_ended_is_told_where_a_layer_is_gathered() -> None:
    gloo = "[third_party/gloo/gloo/transport/tcp/pair.cc:553] Connection closed by peer"
    with pytest.raises(TrainingFault, match="another process of this run has ended"), gathering():
        raise RuntimeError(gloo)
    with pytest.raises(RuntimeError, match="shapes differ"), gathering():
        raise RuntimeError("shapes differ")


def test_a_process_that_has_ended_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(_: torch.Tensor) -> None:
        raise RuntimeError("Connection closed by peer")

    monkeypatch.setattr(torch.distributed, "all_reduce", closed)
    with pytest.raises(TrainingFault, match="another process of this run has ended"):
        Team(size=2, device="cpu").total(1.0)


@pytest.mark.parametrize("name", ["smollm2-135m", "folder"])
def test_a_model_is_sent_to_another_process(folder: Path, name: str) -> None:
    files = find_model(str(folder / "model") if name == "folder" else name)
    sent = pickle.loads(pickle.dumps(files))
    assert sent == files
    assert sent.folder == files.folder


def test_python_m_quimbot_is_the_command() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "quimbot", "--version"], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip()
