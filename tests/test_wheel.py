"""The wheel alone, in an empty folder, does the whole loop; killed anywhere, it continues."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PATIENCE_S = 600

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`quimbot` of a fresh environment that holds the wheel and, beside it, our dependencies."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*build, str(ROOT)], check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "env"], check=True)
    (packages,) = (folder / "env").glob("lib/python*/site-packages")
    (here,) = Path(sys.prefix).glob("lib/python*/site-packages")
    install = [sys.executable, "-m", "pip", "--python", str(folder / "env/bin/python"), "install"]
    subprocess.run([*install, "-q", "--no-deps", str(wheel)], check=True, capture_output=True)
    (packages / "dependencies.pth").write_text(f"{here}\n")
    return folder / "env/bin/quimbot"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("empty")


def quimbot(command: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [command, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )


def test_the_wheel_and_not_the_checkout_answers(command: Path, empty: Path) -> None:
    where = [str(command.with_name("python")), "-c", "import quimbot; print(quimbot.__path__[0])"]
    found = subprocess.run(where, cwd=empty, capture_output=True, text=True, check=True)
    assert str(command.parents[1]) in found.stdout
    assert "demo, smoke" in quimbot(command, empty, "--help").stdout


def test_an_example_tutor_comes_with_the_wheel(command: Path, empty: Path) -> None:
    shown = "from quimbot.serve.tutor_shelf import shipped_tutors; print(*shipped_tutors())"
    python = str(command.with_name("python"))
    found = subprocess.run(
        [python, "-c", shown], cwd=empty, capture_output=True, text=True, check=True
    )
    assert found.stdout == "cafe\n"


def test_a_run_killed_in_training_continues_to_its_report(command: Path, empty: Path) -> None:
    run = subprocess.Popen(
        [command, "run", "smoke"],
        cwd=empty,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    metrics = empty / "runs/smoke/stage1/metrics.jsonl"
    until = time.monotonic() + PATIENCE_S
    while not (metrics.is_file() and metrics.stat().st_size) and time.monotonic() < until:
        assert run.poll() is None
        time.sleep(0.2)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    again = quimbot(command, empty, "run", "smoke")
    assert again.returncode == 0, again.stderr
    assert "done before" in again.stderr
    assert "quimbot chat runs/smoke" in again.stdout
    page = (empty / "runs/smoke/report.html").read_text("utf-8")
    assert "<svg" in page
    assert {tutor["name"] for tutor in tutors(empty)} == {"tutor", "tutor-spanish", "base"}


def test_run_again_everything_is_skipped(command: Path, empty: Path) -> None:
    started = time.monotonic()
    again = quimbot(command, empty, "run", "smoke")
    assert again.returncode == 0, again.stderr
    assert "✓" not in again.stderr
    assert time.monotonic() - started < PATIENCE_S / 10


def tutors(folder: Path) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads((folder / "runs/smoke/tutors.json").read_text())
    return rows


@pytest.fixture
def address(command: Path, empty: Path) -> Iterator[str]:
    """Where `quimbot serve runs/smoke` listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve = subprocess.Popen([command, "serve", "runs/smoke", "--port", str(port)], cwd=empty)
    yield f"http://127.0.0.1:{port}"
    serve.terminate()
    assert serve.wait(60) == 0


def fetched(url: str) -> str:
    """The page at a URL, once somebody listens there."""
    until = time.monotonic() + 120
    while True:
        try:
            return str(urllib.request.urlopen(url).read().decode())
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.5)


def test_the_run_is_served_with_its_page_and_tutors(address: str) -> None:
    page = fetched(address + "/")
    assert "<main" in page
    models = json.load(urllib.request.urlopen(address + "/v1/models"))
    assert [model["id"] for model in models["data"]] == ["tutor", "tutor-spanish", "base"]
