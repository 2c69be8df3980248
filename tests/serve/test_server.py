"""`quimbot serve` from its settings to its last line."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from quimbot.exceptions import OutputError, RecipeError
from quimbot.runs.watch import Silent
from quimbot.serve.server import ServeSettings, serve

_PROGRAM = """
import sys
from quimbot.serve.server import ServeSettings, serve
from quimbot.runs.watch import Silent

class Told(Silent):
    def say(self, text):
        print(text, flush=True)

settings = ServeSettings(address="scripted:echo", port=0, store=sys.argv[1])
print(serve(settings, Told()), flush=True)
"""


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_told_to_stop_and_ends_well(stop: signal.Signals, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, tmp_path / "store.db"], stdout=subprocess.PIPE, text=True
    ) as at_work:
        assert at_work.stdout is not None
        assert at_work.stdout.readline() == "Tutors: scripted:echo\n"
        url = at_work.stdout.readline().split()[2]
        body = {"model": "scripted:echo", "messages": [{"role": "user", "content": "Hello"}]}
        answer = httpx2.post(f"{url}v1/chat/completions", json=body, timeout=30)
        assert answer.json()["choices"][0]["message"]["content"] == "Hello"
        os.kill(at_work.pid, stop)
        assert at_work.stdout.read().endswith("1 replies\n")
        assert at_work.wait(10) == 0


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
