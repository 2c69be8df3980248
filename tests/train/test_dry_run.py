"""A run seen before it begins: what is shown is what would be learnt, and nothing is written."""

import json
import re
from pathlib import Path

import pytest
from safetensors.numpy import load_file
from tiny_models import qwen3_8b_shape, tiny_model

from quimbot.cli import launch
from quimbot.curate.mix import MixSettings, mix
from quimbot.records.jsonl import write_rows
from quimbot.records.record import Message, Provenance, Record
from quimbot.runs.watch import Silent
from quimbot.runtimes.gguf import Architecture
from quimbot.runtimes.models import find_model
from quimbot.train import cost_backend
from quimbot.train.cost_backend import Sizes
from quimbot.train.loop import train
from quimbot.train.lora import Lora
from quimbot.train.settings import TrainSettings
from quimbot.train.team_backend import Team
from quimbot.train.torch_backend import TorchTrainer

pytestmark = pytest.mark.filterwarnings(  # peft reads a name that transformers will drop
    "ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"
)


def record(index: int, source: str = "rules", reply: str = "Oh, you went there?") -> Record:
    turns = [
        Message(role="system", content="You are a tutor."),
        Message(role="user", content=f"Yesterday I go to the shop {index}."),
        Message(role="assistant", content=reply),
    ]
    return Record(messages=tuple(turns), provenance=Provenance(source=source, licence="MIT"))


@pytest.fixture
def settings(tmp_path: Path) -> TrainSettings:
    write_rows(tmp_path / "rules.jsonl", [record(i) for i in range(15)])
    write_rows(tmp_path / "chat.jsonl", [record(i, "chat") for i in range(20, 25)])
    parts = (
        f"{tmp_path}/rules.jsonl:0.75[source=rules]",
        f"{tmp_path}/chat.jsonl:0.25[source=chat]",
    )
    mix(MixSettings(part=parts, output=tmp_path / "data.jsonl"), Silent())
    return TrainSettings(
        data=tmp_path / "data.jsonl",
        output=tmp_path / "run",
        model=str(tiny_model(tmp_path / "model")),
        batch_size=4,
        dry_run=True,
    )


def test_it_shows_all_that_a_run_would_learn_and_writes_nothing(settings: TrainSettings) -> None:
    told = train(settings, Silent())
    assert not settings.output.exists()
    rows = {line.split()[0]: line.split()[1:] for line in told.splitlines() if line.strip()}
    assert rows["rank"] == ["16"]
    assert rows["rules"][:3] == ["15", "75.0%", "75.0%"]
    assert rows["chat"][:3] == ["5", "25.0%", "25.0%"]
    assert {rows["rules"][-1], rows["chat"][-1]} == {"1.00"}
    assert told.count("\x1b[32m⟦Oh, you went there?<|im_end|>⟧\x1b[0m") == 3
    assert "steps: 5 of 4 dialogues" in told
    assert "time: about 0:00:0" in told


def test_records_set_aside_are_told(settings: TrainSettings, tmp_path: Path) -> None:
    long = record(99, reply="word " * 40)
    turns = (*long.messages[:2], Message(role="user", content="and " * 400), long.messages[2])
    lost = Record(messages=turns, provenance=long.provenance)
    path = tmp_path / "more.jsonl"
    write_rows(path, [*(record(i) for i in range(5)), lost])
    told = train(
        TrainSettings(data=path, output=settings.output, model=settings.model, dry_run=True,
                      max_tokens=200),
        Silent(),
    )  # fmt: skip
    assert "records set aside: 1 no-trainable-token" in told
    assert "rules" in told
    assert not settings.output.exists()


@pytest.mark.parametrize("architecture", ["llama", "qwen3"])
def test_sizes_are_those_of_the_weights(tmp_path: Path, architecture: Architecture) -> None:
    folder = tiny_model(tmp_path, architecture)
    sizes = Sizes.of(json.loads((folder / "config.json").read_text()))
    weights = load_file(folder / "model.safetensors")
    matrices = {name: value for name, value in weights.items() if value.ndim > 1}
    assert sizes.weights == sum(value.size for value in matrices.values())
    assert sizes.linear == sum(value.size for name, value in matrices.items() if "_proj" in name)


@pytest.mark.parametrize("architecture", ["llama", "qwen3"])
@pytest.mark.parametrize(
    "lora",
    [
        Lora(rank=3),
        Lora(rank=2, target_modules=("q_proj", "down_proj")),
        Lora(rank=2, target_modules=("v_proj", "o_proj"), use_dora=True),
    ],
    ids=str,
)
def test_an_adapter_has_as_many_weights_as_told(
    tmp_path: Path, architecture: Architecture, lora: Lora
) -> None:
    folder = tiny_model(tmp_path / "model", architecture)
    made = TorchTrainer(find_model(str(folder)), tmp_path, lora=lora, seed=0, pack_tokens=100)
    sizes = Sizes.of(json.loads((folder / "config.json").read_text()))
    assert sizes.adapter(lora) == sum(value.numel() for value in made._named.values())


def test_the_production_plan_is_seen_without_its_weights(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_rows(tmp_path / "data.jsonl", [record(i) for i in range(100)])
    model, data = str(qwen3_8b_shape(tmp_path / "shape")), str(tmp_path / "data.jsonl")
    command = ["train", "--recipe", "stage1_qwen3_8b", "--model", model, "--data", data]
    assert launch([*command, "--valid", data, "--dry-run"]) == 0
    told = capsys.readouterr().out
    every_fifty = ", ".join(str(step) for step in range(50, 671, 50))
    assert f"steps: 671 of 64 dialogues, checkpoints after {every_fifty}, 671" in told
    assert "adapter: 43,646,976 weights on 8,190,427,136 frozen ones" in told
    assert "<|im_start|>assistant\n  <think>\n  \n  </think>\n  \n  ⟦Oh, you went there?" in told


def test_a_base_that_is_shared_out_takes_less_memory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_rows(tmp_path / "data.jsonl", [record(0)])
    model, data = str(qwen3_8b_shape(tmp_path / "shape")), str(tmp_path / "data.jsonl")
    command = ["train", "--recipe", "stage1_qwen3_8b", "--model", model, "--data", data]
    monkeypatch.setattr(cost_backend, "team", lambda: Team(size=4, device="cpu"))
    megabytes = []
    for shard in ("--no-shard", "--shard"):
        assert launch([*command, "--valid", data, "--dry-run", shard]) == 0
        (told,) = re.findall(r"memory about ([\d,]+) MB", capsys.readouterr().out)
        megabytes.append(int(told.replace(",", "")))
    layers_mb = 2 * 6_945_767_424 / 1e6  # in bfloat16; a quarter stays, and two of the 36 are whole
    assert megabytes[0] - megabytes[1] == pytest.approx(layers_mb * (3 / 4 - 2 / 36), abs=2)
