"""`quimbot serve` from its settings to its last line."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

import httpx2
import pytest
from tutor_files import write

from quimbot.exceptions import DataError, OutputError, RecipeError
from quimbot.runs.watch import Silent
from quimbot.serve.server import ServeSettings, serve

_PROGRAM = """
import sys
from quimbot.serve.server import ServeSettings, serve
from quimbot.runs.watch import Silent

class Told(Silent):
    def say(self, text):
        print(text, flush=True)

accounts = sys.argv[3:] == ["accounts"]
settings = ServeSettings(address=sys.argv[1], port=0, store=sys.argv[2], accounts=accounts)
print(serve(settings, Told()), flush=True)
"""


@contextmanager
def served(address: str, folder: Path) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """A server in a process of its own, and the lines that it tells."""
    command = [sys.executable, "-c", _PROGRAM, address, str(folder / "store.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as at_work:
        assert at_work.stdout is not None
        try:
            yield at_work, at_work.stdout
        finally:
            at_work.kill()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_told_to_stop_and_ends_well(stop: signal.Signals, tmp_path: Path) -> None:
    with served("scripted:echo", tmp_path) as (at_work, lines):
        assert lines.readline() == "Tutors: scripted:echo\n"
        url = lines.readline().split()[2]
        body = {"model": "scripted:echo", "messages": [{"role": "user", "content": "Hello"}]}
        answer = httpx2.post(f"{url}v1/chat/completions", json=body, timeout=30)
        assert answer.json()["choices"][0]["message"]["content"] == "Hello"
        os.kill(at_work.pid, stop)
        assert lines.read().endswith("1 replies\n")
        assert at_work.wait(10) == 0


def test_with_accounts_the_first_owner_is_asked_in_until_there_is_one(tmp_path: Path) -> None:
    store = tmp_path / "store.db"

    def first_lines() -> list[str]:
        with subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, "scripted:echo", store, "accounts"],
            stdout=subprocess.PIPE,
            text=True,
        ) as at_work:
            assert at_work.stdout is not None
            lines = [at_work.stdout.readline() for _ in range(2)]
            url = lines[1].split()[2]
            if not owned:
                lines.append(at_work.stdout.readline())
                token = lines[2].strip().partition(f"{url}#join=")[2]
                me = httpx2.post(f"{url}api/join", json={"token": token, "name": "Olu"})
                assert me.json()["role"] == "owner"
            at_work.terminate()
            return [*lines, *at_work.stdout]

    owned = False
    assert first_lines()[2].startswith("Become the owner")
    owned = True
    assert not any("owner" in line for line in first_lines())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "tutor.example"])
def test_others_reach_a_server_with_accounts_only(host: str) -> None:
    with pytest.raises(RecipeError, match=f"host {host} is reached from elsewhere; add --accounts"):
        ServeSettings(address="x", host=host)
    assert ServeSettings(address="x", host=host, accounts=True).host == host


def test_a_database_that_cannot_be_used_is_told_before_anything_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=f"{tmp_path}: cannot be written"):
        serve(ServeSettings(address="no such model", port=0, store=str(tmp_path)), Silent())


def test_hanging_up_loads_the_tutors_anew_or_keeps_them(tmp_path: Path) -> None:
    def listed(*parts: str) -> None:
        tutors = [{"name": part, "address": f"scripted:{part}"} for part in parts]
        (tmp_path / "tutors.json").write_text(json.dumps(tutors))

    listed("echo")
    with served(str(tmp_path), tmp_path) as (at_work, lines):
        assert lines.readline() == "Tutors: echo\n"
        url = lines.readline().split()[2]
        for parts, told in (
            (["hopeless", "echo"], "Reloaded: hopeless, echo\n"),
            (["wise"], "Not reloaded, the tutors stay as they were: scripted:wise: no such part"),
        ):
            listed(*parts)
            os.kill(at_work.pid, signal.SIGHUP)
            assert lines.readline().startswith(told)
            models = httpx2.get(f"{url}v1/models", timeout=30).json()["data"]
            assert [model["id"] for model in models] == ["hopeless", "echo"]
        os.kill(at_work.pid, signal.SIGTERM)
        assert lines.readline().startswith("served hopeless, echo on port ")


def test_a_tutor_file_with_a_fault_is_told_before_anything_is_loaded(tmp_path: Path) -> None:
    path = write(tmp_path, "nora", prompt="You are Nora.", levels=["recast", "shout"])
    settings = ServeSettings(
        address="no such model", port=0, store=str(tmp_path / "store.db"), tutors=str(tmp_path)
    )
    with pytest.raises(DataError, match=r"nora.toml:2: unknown level 'shout' in levels") as caught:
        serve(settings, Silent())
    assert str(caught.value).startswith(f"{path}:2: ")


def test_a_folder_of_tutors_that_is_not_there_is_told(tmp_path: Path) -> None:
    settings = ServeSettings(address="scripted:echo", port=0, tutors=str(tmp_path / "tutrs"))
    with pytest.raises(DataError, match="tutrs: no such folder"):
        serve(settings, Silent())


def test_a_taken_port_is_told_before_anything_is_loaded() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        with pytest.raises(OutputError, match=f"port {port}"):
            serve(ServeSettings(address="no such model", port=port), Silent())


@pytest.mark.parametrize(
    "bad",
    [{"port": 70000}, {"at_once": 0}, {"max_waiting": -1}, {"max_tokens": 0}, {"temperature": 9}],
)
def test_settings_out_of_range_are_refused(bad: dict[str, int]) -> None:
    with pytest.raises(RecipeError, match=next(iter(bad))):
        ServeSettings(address="x", **bad)  # type: ignore[arg-type] # wrong on purpose
