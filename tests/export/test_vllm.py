"""A run for vLLM: the command it is started with, and tutors who are then found."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_adapters import write_lora
from tiny_models import tiny_model, with_template

from quimbot.exceptions import DataError, ModelError, RecipeError
from quimbot.export.export import ExportSettings, export
from quimbot.runs.checkpoints import MARKER, adapter_hash
from quimbot.runs.watch import Silent
from quimbot.serve.tutors import tutor_entries

_VLLM = """#!/bin/sh
printf '%s\\n' "$PWD" "$VLLM_API_KEY" "$@"
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A run with a base, two adapters of rank 4 and 12, and tutors who speak through them."""
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUIMBOT_CACHE", str(folder / "cache"))
        base = tiny_model(folder / "base", "qwen3")
        for name, rank in (("stage1", 4), ("spanish", 12)):
            write_lora(folder / name / "step-7", base, seed=rank, r=rank)
            (folder / name / "step-7" / MARKER).touch()
        yield folder


def listed(run: Path, folder: Path, *tutors: dict[str, str]) -> str:
    """A run folder with these tutors."""
    folder.mkdir()
    for name in ("base", "stage1", "spanish"):
        (folder / name).symlink_to(run / name)
    (folder / "tutors.json").write_text(json.dumps(tutors))
    return str(folder)


def exported(checkpoint: str, output: Path, **more: int) -> str:
    settings = ExportSettings(checkpoint=checkpoint, output=output, form="vllm", **more)  # type: ignore[arg-type] # the port
    return export(settings, Silent())


def started(folder: Path, *more: str, **variables: str) -> list[str]:
    """What the launch command says to vLLM: where, with which key, and its arguments."""
    program = folder.parent / "bin" / "vllm"
    program.parent.mkdir(exist_ok=True)
    program.write_text(_VLLM)
    program.chmod(0o755)
    path = f"{program.parent}:{os.environ['PATH']}"
    return subprocess.run(
        [folder / "serve.sh", *more],
        env=os.environ | {"PATH": path} | variables,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()


TUTORS = (
    {"name": "the tutor", "address": "stage1", "title": "Everyday English"},
    {"name": "spanish", "address": "spanish/step-7", "l1": "es"},
    {"name": "asks", "address": "stage1", "move": "elicitation"},
    {"name": "before", "address": "base"},
    {"name": "echo", "address": "scripted:echo"},
)


def test_every_tutor_is_found_at_the_server(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    summary = exported(listed(run, tmp_path / "run", *TUTORS), out, port=8123)
    assert "2 adapters on" in summary
    url = "http://127.0.0.1:8123/v1"
    entries = tutor_entries(str(out))
    assert {entry.name: entry.address for entry in entries} == {
        "the tutor": f"{url}#the-tutor",
        "spanish": f"{url}#spanish",
        "asks": f"{url}#the-tutor",
        "before": f"{url}#before",
        "echo": "scripted:echo",
    }
    assert (entries[0].title, entries[1].l1, entries[2].move) == (
        "Everyday English",
        "es",
        "elicitation",
    )
    for name, of in (("the-tutor", "stage1"), ("spanish", "spanish")):
        assert adapter_hash(out / "adapters" / name) == adapter_hash(run / of / "step-7")
        assert (out / "adapters" / name / "README.md").is_file()


def test_the_command_keeps_a_slot_free(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    exported(listed(run, tmp_path / "run", *TUTORS), out, port=8123)
    where, key, *words = started(out, "--dtype", "float32", QUIMBOT_API_KEY="secret")
    assert (where, key) == (str(out), "secret")
    assert words[:2] == ["serve", str((tmp_path / "run" / "base").resolve())]
    told = " ".join(words[2:])
    assert (
        "--lora-modules the-tutor=adapters/the-tutor spanish=adapters/spanish --max-loras 3" in told
    )
    assert "--max-lora-rank 16 " in told
    assert "--served-model-name before --host 127.0.0.1 --port 8123 --enable-lora" in told
    assert "--max-model-len 512 --chat-template chat_template.jinja" in told
    assert told.endswith("--generation-config vllm --dtype float32")
    assert started(out, BASE="/models/base")[3] == "/models/base"


def test_a_single_adapter_comes_with_its_base(run: Path, tmp_path: Path) -> None:
    exported(str(run / "stage1"), tmp_path / "out")
    names = [(e.name, e.address.rpartition("#")[2]) for e in tutor_entries(str(tmp_path / "out"))]
    assert names == [("tutor", "tutor"), ("base", "base")]


def refused(run: Path, tmp_path: Path, *tutors: dict[str, str]) -> str:
    with pytest.raises((DataError, ModelError)) as caught:
        exported(listed(run, tmp_path / "run", *tutors), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_dora_is_refused(run: Path, tmp_path: Path) -> None:
    adapter = write_lora(tmp_path / "dora", run / "base", use_dora=True)
    told = refused(run, tmp_path, TUTORS[0], {"name": "dora", "address": str(adapter)})
    assert told.startswith(f"{adapter}: vLLM serves no DoRA adapter; ")


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("modules_to_save", ["lm_head"], "modules_to_save is ['lm_head']; only None is served"),
        ("r", 1024, "has rank 1024, and vLLM serves 512 at most"),
    ],
)
def test_an_adapter_that_vllm_cannot_serve_is_refused(
    run: Path, tmp_path: Path, key: str, value: object, fault: str
) -> None:
    adapter = tmp_path / "adapter"
    shutil.copytree(run / "stage1" / "step-7", adapter)
    config = json.loads((adapter / "adapter_config.json").read_text())
    (adapter / "adapter_config.json").write_text(json.dumps(config | {key: value}))
    assert fault in refused(run, tmp_path, {"name": "odd", "address": str(adapter)})


def test_two_bases_are_refused(run: Path, tmp_path: Path) -> None:
    other = tiny_model(tmp_path / "other")
    assert "one vLLM server has one base" in refused(
        run, tmp_path, TUTORS[0], {"name": "other", "address": str(other)}
    )


def test_tutors_that_think_are_refused(tmp_path: Path) -> None:
    base = with_template(tiny_model(tmp_path / "base", "qwen3"), "{{ '<think>\n' }}")
    adapter = write_lora(tmp_path / "adapter", base)
    with pytest.raises(ModelError, match="think before they speak"):
        exported(str(adapter), tmp_path / "out")


def test_a_run_without_an_adapter_is_refused(run: Path, tmp_path: Path) -> None:
    assert "has no adapter" in refused(run, tmp_path, {"name": "base", "address": "base"})


def test_a_damaged_list_is_refused(run: Path, tmp_path: Path) -> None:
    assert refused(run, tmp_path, {"name": "a"}).startswith(str(tmp_path / "run" / "tutors.json"))


def test_a_port_out_of_range_is_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="port is 0"):
        exported(str(run / "stage1"), tmp_path / "out", port=0)
