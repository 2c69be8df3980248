"""Addresses: what they open, what is shared, what is refused."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_adapters import CHATS, write_lora
from tiny_models import tiny_model

from quimbot.exceptions import DataError, ModelError
from quimbot.runs.checkpoints import MARKER
from quimbot.runtimes.connect import connect, find_local, open_runtimes, resolve
from quimbot.runtimes.endpoint import Endpoint
from quimbot.runtimes.llamacpp import LlamaRuntime
from quimbot.runtimes.runtime import Runtime, Sampling, reply
from quimbot.runtimes.scripted import ScriptedRuntime
from quimbot.runtimes.torch_local import TorchRuntime


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A base, two adapters on it, and what the run picked."""
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUIMBOT_CACHE", str(folder / "cache"))
        base = tiny_model(folder / "base")
        for seed in (1, 2):
            write_lora(folder / "checkpoints" / f"step-{seed}", base, seed=seed)
        (folder / "picked.json").write_text(json.dumps({"address": "checkpoints/step-2"}))
        yield folder


def said(runtime: Runtime) -> str:
    return asyncio.run(reply(runtime, CHATS[0], Sampling(max_tokens=12))).text


def test_one_base_is_shared(run: Path) -> None:
    base = str(run / "base")
    one, two = (str(run / "checkpoints" / name) for name in ("step-1", "step-2"))
    addresses = [base, one, two, str(run), f"torch:{one}", f"llamacpp:{base}", one]
    with open_runtimes(addresses) as runtimes:
        assert list(runtimes) == list(dict.fromkeys(addresses))
        assert [runtime.name for runtime in runtimes.values()] == list(runtimes)
        replies = {address: said(runtime) for address, runtime in runtimes.items()}
        assert isinstance(runtimes[base], LlamaRuntime)
        assert isinstance(runtimes[f"torch:{one}"], TorchRuntime)
        shared = [each for each in runtimes.values() if isinstance(each, LlamaRuntime)]
        assert len({id(each._engine) for each in shared}) == 1
    assert len({replies[base], replies[one], replies[two]}) == 3
    assert replies[str(run)] == replies[two]
    assert replies[f"llamacpp:{base}"] == replies[base]


def test_dora_has_weights_of_its_own_beside_the_others(run: Path, tmp_path: Path) -> None:
    dora = str(write_lora(tmp_path / "dora", run / "base", seed=3, use_dora=True))
    base, plain = str(run / "base"), str(run / "checkpoints" / "step-1")
    with open_runtimes([base, plain, dora]) as runtimes:
        replies = [said(runtime) for runtime in runtimes.values()]
        assert isinstance(runtimes[dora], LlamaRuntime)
        assert runtimes[dora].name == dora
    assert len(set(replies)) == 3
    with open_runtimes([base, plain]) as runtimes:
        assert [said(runtime) for runtime in runtimes.values()] == replies[:2]


def test_weights_with_dora_in_them_are_made_once(run: Path, tmp_path: Path) -> None:
    dora = write_lora(tmp_path / "dora", run / "base", seed=4, use_dora=True)
    with connect(str(dora)) as runtime:
        first = said(runtime)
    made = set((run / "cache").rglob("Q8_0-*.gguf"))
    times = {path: path.stat().st_mtime_ns for path in made}
    with connect(str(dora)) as runtime:
        assert said(runtime) == first
    assert {p: p.stat().st_mtime_ns for p in (run / "cache").rglob("Q8_0-*.gguf")} == times
    write_lora(dora, run / "base", seed=5, use_dora=True)
    with connect(str(dora)) as runtime:
        assert said(runtime) != first


def test_training_run_is_its_last_checkpoint(run: Path, tmp_path: Path) -> None:
    for step in (2, 10, 9):
        folder = write_lora(tmp_path / "stage1" / f"step-{step}", run / "base", seed=step)
        if step != 10:
            (folder / MARKER).touch()
    assert resolve(f"torch:{tmp_path / 'stage1'}") == ("torch", str(tmp_path / "stage1" / "step-9"))


def test_picked_engine_counts_unless_another_is_asked_for(run: Path, tmp_path: Path) -> None:
    picked = {"address": f"torch:{run / 'checkpoints' / 'step-1'}"}
    (tmp_path / "picked.json").write_text(json.dumps(picked))
    with connect(str(tmp_path)) as runtime:
        assert isinstance(runtime, TorchRuntime)
    with connect(f"llamacpp:{tmp_path}") as runtime:
        assert isinstance(runtime, LlamaRuntime)


def test_servers_and_scripts() -> None:
    addresses = ["https://host/v1#model", "scripted:echo", "scripted:perfect"]
    script = {tuple(CHATS[0]): "So you went to the store with your brother?"}
    with open_runtimes(addresses, script=script) as runtimes:
        assert isinstance(runtimes[addresses[0]], Endpoint)
        assert isinstance(runtimes[addresses[1]], ScriptedRuntime)
        assert "went" in said(runtimes[addresses[2]])


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("torhc:smollm2-135m", "no engine 'torhc'; did you mean 'torch'"),
        ("qqqq:smollm2-135m", "no engine 'qqqq'; expected one of llamacpp, torch"),
        ("smolm2-135m", "did you mean 'smollm2-135m'"),
        ("torch:nowhere/at/all", "no such folder"),
        ("scripted:perfekt", "expected one of perfect"),
        ("https://host/v1", "names no model"),
    ],
)
def test_unknown_addresses_name_what_is_known(address: str, told: str) -> None:
    with pytest.raises(ModelError, match=told) as caught, connect(address):
        pass
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("address", ["tinker://run/sampler_weights/x", "https://host/v1#model"])
def test_what_runs_elsewhere_is_no_local_model(address: str) -> None:
    with pytest.raises(ModelError, match="not on this machine; name a model or an adapter"):
        find_local(address)


def test_adapter_without_its_base_is_named(run: Path, tmp_path: Path) -> None:
    config = json.loads((run / "checkpoints" / "step-1" / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = "gone"
    (tmp_path / "adapter_config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=f"^{tmp_path}: its base cannot be used: model 'gone'"):
        connect(str(tmp_path)).__enter__()


def test_adapter_that_changes_nothing_is_refused(run: Path, tmp_path: Path) -> None:
    idle = write_lora(tmp_path / "idle", run / "base", std=0.0)
    for engine in ("llamacpp", "torch"):
        with pytest.raises(ModelError, match="changes nothing"):
            connect(f"{engine}:{idle}").__enter__()


def test_damaged_pick_is_named(tmp_path: Path) -> None:
    (tmp_path / "picked.json").write_text('{"adress": "x"}')
    with pytest.raises(DataError, match=r"picked\.json: .*address"):
        connect(str(tmp_path)).__enter__()


def test_pick_of_itself_is_named(tmp_path: Path) -> None:
    (tmp_path / "picked.json").write_text('{"address": "."}')
    with pytest.raises(DataError, match="picks itself"):
        resolve(str(tmp_path))
