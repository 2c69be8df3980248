"""An exported tutor answers as the checkpoint did, in every form."""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import xllamacpp
from safetensors.numpy import load_file
from tiny_adapters import CHATS, write_lora
from tiny_models import tiny_model
from transformers import AutoModelForCausalLM

from quimbot.exceptions import ModelError, OutputError, RecipeError
from quimbot.export.export import ExportSettings, Form, export
from quimbot.export.merge import merge
from quimbot.records.jsonl import write_json
from quimbot.records.manifest import write_dataset
from quimbot.records.record import Message, Move, Provenance, Record
from quimbot.runs.checkpoints import MARKER, adapter_hash
from quimbot.runs.scorecard import Rate, Score, Scorecard
from quimbot.runs.stamp import Stamp, write_stamp
from quimbot.runs.watch import Silent
from quimbot.runtimes.adapter import Pair
from quimbot.runtimes.connect import connect
from quimbot.runtimes.gguf import Architecture
from quimbot.runtimes.runtime import Sampling, reply
from quimbot.runtimes.weights import Floats


@pytest.fixture(scope="module", params=["llama", "qwen3"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A run with a base, data with its manifest, two kinds of checkpoint and the first's scores."""
    architecture: Architecture = request.param
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUIMBOT_CACHE", str(folder / "cache"))
        base = tiny_model(folder / "base", architecture)
        checkpoint = write_lora(folder / "stage1" / "step-7", base, use_rslora=True)
        (checkpoint / MARKER).touch()
        write_lora(folder / "dora" / "step-7", base, use_dora=True)
        (folder / "dora" / "step-7" / MARKER).touch()
        leave_traces(folder, checkpoint)
        yield folder


def leave_traces(folder: Path, checkpoint: Path) -> None:
    record = Record(
        messages=(Message(role="user", content="Hi"), Message(role="assistant", content="Hello")),
        provenance=Provenance(source="rules", licence="CC0-1.0", author="rules"),
    )
    write_dataset(folder / "mix.jsonl", [record])
    stamp = Stamp(
        step="train",
        summary="",
        settings={"data": str(folder / "mix.jsonl"), "learning_rate": 0.002, "epochs": 1.0},
        inputs={},
        environment={},
        seconds=1.0,
        finished="",
    )
    write_stamp(folder / "stage1", stamp)
    for name, turns, recast in (("scores", 60, 20), ("scores-final", 233, 40)):
        write_json(folder / name / "scores.json", scorecard(turns, recast, checkpoint))


def scorecard(turns: int, recast: int, checkpoint: Path) -> Scorecard:
    def score(adapter: str, passed: int) -> Score:
        rate = Rate(passed=passed, n=100, low=0.0, high=1.0)
        return Score(
            address="x",
            adapter=adapter,
            step=None,
            move=Move.RECAST,
            asked=turns,
            failed=0,
            verified=rate,
            recast=rate,
            recast_any=rate,
            form_only=rate,
            repeats=rate,
            red_pen=rate,
            question=rate,
            median_words=9.0,
            by_type={},
            by_kind={},
            by_l1={},
        )

    return Scorecard(
        suite="scaffolding",
        suite_sha256="",
        turns=turns,
        of=233,
        max_tokens=64,
        temperature=0.0,
        seed=0,
        quimbot="0",
        scores=(score("", 1), score(adapter_hash(checkpoint), recast), score("other", 99)),
    )


def exported(run: Path, output: Path, form: Form, stage: str = "stage1", **more: str) -> str:
    settings = ExportSettings(checkpoint=str(run / stage), output=output, form=form, **more)  # type: ignore[arg-type]  # kind and licence are text
    assert settings.inputs() == (run / stage / "step-7",)
    assert settings.outputs() == (output,)
    return export(settings, Silent())


stages = pytest.mark.parametrize("stage", ["stage1", "dora"])


def said(address: str) -> str:
    with connect(address) as runtime:
        return asyncio.run(reply(runtime, CHATS[0], Sampling(max_tokens=16))).text


def test_adapter_alone(run: Path, tmp_path: Path) -> None:
    exported(run, tmp_path / "out", "peft")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "README.md",
        "adapter_config.json",
        "adapter_model.safetensors",
    }
    assert adapter_hash(tmp_path / "out") == adapter_hash(run / "stage1" / "step-7")


@stages
def test_merged_folder_answers_as_the_adapter(run: Path, tmp_path: Path, stage: str) -> None:
    summary = exported(run, tmp_path / "out", "merged", stage)
    assert "logits within" in summary
    assert said(f"torch:{tmp_path / 'out'}") == said(f"torch:{run / stage}")
    assert said(f"torch:{tmp_path / 'out'}") != said(f"torch:{run / 'base'}")
    before = load_file(run / "base" / "model.safetensors")
    after = load_file(tmp_path / "out" / "model.safetensors")
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    assert all("proj" in name for name in changed)
    assert len(changed) == 14


@stages
def test_merged_gguf_answers_as_the_adapter(run: Path, tmp_path: Path, stage: str) -> None:
    exported(run, tmp_path / "out", "gguf", stage, kind="F32")
    exported(run, tmp_path / "merged", "merged", stage)
    params = xllamacpp.CommonParams()
    params.model.path = str(tmp_path / "out" / "quimbot-f32.gguf")
    params.verbosity = -1
    params.n_ctx = 256
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(params)
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "merged")
    compared = 0
    for last in range(70, 90):
        tokens = [1, 40, 50, 60, last]
        answer = server.handle_completions(
            {"prompt": tokens, "n_predict": 1, "temperature": 0, "logprobs": 5}
        )
        with torch.inference_mode():
            logits = model(torch.tensor([tokens])).logits[0, -1].log_softmax(-1)
        listed = answer["choices"][0]["logprobs"]  # none for a token that is half a character
        for token in listed["content"] if listed else []:
            for found in token["top_logprobs"]:
                assert found["logprob"] == pytest.approx(float(logits[found["id"]]), abs=2e-2)
                compared += 1
    assert compared > 20


def test_ollama_folder(run: Path, tmp_path: Path) -> None:
    exported(run, tmp_path / "out", "ollama")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"README.md", "Modelfile", "quimbot-q8_0.gguf"}
    text = (tmp_path / "out" / "Modelfile").read_text()
    assert text.startswith("FROM ./quimbot-q8_0.gguf\n")
    assert "friendly English tutor" in text


def test_card_tells_base_data_and_scores(run: Path, tmp_path: Path) -> None:
    exported(run, tmp_path / "out", "peft", licence="cc-by-4.0")
    card = (tmp_path / "out" / "README.md").read_text()
    assert '\nlicense: "cc-by-4.0"\n' in card
    assert f'\nbase_model: "{run / "base"}"\n' in card
    assert "| Licences | CC0-1.0 (1) |" in card
    assert "| Learning rate | 0.002 |" in card
    assert "233 of 233 learner turns of `scaffolding`" in card
    assert "| this tutor | recast | 40% (0% to 100%)" in card
    assert "| base model | recast | 1%" in card
    assert "99%" not in card


def test_card_tells_dora(run: Path, tmp_path: Path) -> None:
    exported(run, tmp_path / "out", "peft", "dora")
    card = (tmp_path / "out" / "README.md").read_text()
    assert "| Adapter | DoRA, rank 4, scaling 2 |" in card


def test_card_of_a_lone_adapter_admits_what_it_does_not_know(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run / "stage1" / "step-7", tmp_path / "a" / "lone")
    settings = ExportSettings(
        checkpoint=str(tmp_path / "a" / "lone"), output=tmp_path / "out", form="peft"
    )
    export(settings, Silent())
    card = (tmp_path / "out" / "README.md").read_text()
    assert "Unknown: the training run left no manifest" in card
    assert "None yet" in card


def test_wrong_merge_is_noticed(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights merged with another scaling must not leave the house."""

    def wrong(base: object, adapter: object, folder: Path) -> None:
        merge(base, replace(adapter, scaling=0.5), folder)  # type: ignore[arg-type,type-var]  # as given

    monkeypatch.setattr("quimbot.export.export.merge", wrong)
    with pytest.raises(ModelError, match="answer otherwise"):
        exported(run, tmp_path / "out", "merged")
    assert list(tmp_path.iterdir()) == []


def test_merge_without_the_lengths_is_noticed(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(pair: Pair, weight: Floats, scaling: float) -> Floats:
        return right(replace(pair, magnitude=None), weight, scaling)

    right = Pair.added_to
    monkeypatch.setattr(Pair, "added_to", wrong)
    with pytest.raises(ModelError, match="answer otherwise"):
        exported(run, tmp_path / "out", "merged", "dora")
    assert list(tmp_path.iterdir()) == []


def test_full_disk_leaves_nothing(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("quimbot.export.export.folder_to_gguf", full)
    with pytest.raises(OutputError, match=r"cannot write \(No space left on device\)"):
        exported(run, tmp_path / "out", "gguf")
    assert list(tmp_path.iterdir()) == []


def test_whole_models_and_unknown_forms_are_refused(run: Path, tmp_path: Path) -> None:
    settings = ExportSettings(checkpoint=str(run / "base"), output=tmp_path / "out")
    with pytest.raises(ModelError, match="not an adapter"):
        export(settings, Silent())
    with pytest.raises(RecipeError, match="expected one of peft, merged, gguf, ollama"):
        ExportSettings(checkpoint="x", output=tmp_path, form="onnx")  # type: ignore[arg-type]  # on purpose
    assert not (tmp_path / "out").exists()
