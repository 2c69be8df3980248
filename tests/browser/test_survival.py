"""A conversation in a real browser outlives its server, killed in the middle of a reply."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from live_server import Puppet, live_server, soon, tutor
from pages import LOCALES, opened, say, words
from playwright.sync_api import Browser, Route, expect

pytestmark = pytest.mark.timeout(200)

_PROGRAM = """
import sys, time
from pathlib import Path
from live_server import Puppet, live_server, tutor
from quimbot.serve.tutoring import Tutoring

Tutoring.warm_up()
place, port, pause_s, *line = sys.argv[1:]
puppet = Puppet(line=line, pause_s=float(pause_s))
with live_server(tutor(puppet), place=Path(place), port=int(port)):
    time.sleep(600)
"""


@contextmanager
def server(place: Path, port: int, *line: str, pause_s: float = 0.0) -> Iterator[int]:
    """A server in a process of its own on a store that stays; gives the process."""
    command = [sys.executable, "-c", _PROGRAM, place, port, pause_s, *line]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([str(part) for part in command], env=environment) as process:
        try:
            assert soon(lambda: _answers(port))
            yield process.pid
        finally:
            process.kill()


def _answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def test_a_killed_server_loses_no_word_that_was_read(browser: Browser, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    place = tmp_path / "store.db"
    here = f"http://127.0.0.1:{port}"
    with (
        server(place, port, *["word "] * 400, pause_s=0.02) as process,
        opened(browser, here, fine=False) as page,
    ):
        say(page, "Tell me all.")
        expect(page.get_by_role("log")).to_contain_text("word word word")
        os.kill(process, signal.SIGKILL)
        expect(page.get_by_text("The connection was lost.")).to_be_visible()
        read = page.locator(".tutor").inner_text()
        with server(place, port, "All ", "is ", "well."):
            page.reload()
            expect(page.get_by_text("The reply broke off here.")).to_be_visible()
            kept = page.locator(".tutor").inner_text()
            assert kept.startswith(read.rstrip())
            page.get_by_role("button", name="Try again").click()
            expect(page.locator(".tutor")).to_contain_text("All is well.")
            expect(page.locator(".learner")).to_have_count(1)
            page.get_by_role("link", name="Your conversations").click()
            expect(page.get_by_role("link", name="Tell me all.")).to_be_visible()


FAULTS = [
    (429, "queue_full", "wrong.busy"),
    (429, "rate_limited", "wrong.fast"),
    (400, "context_length_exceeded", "wrong.long"),
    (503, "stopping", "wrong.stopping"),
    (502, "model_failed", "wrong.failed"),
    (409, "tutor_gone", "wrong.tutor"),
    (401, "unauthorized", "wrong.out"),
]


@pytest.mark.parametrize("language", LOCALES)
def test_every_fault_has_words_of_its_own_and_the_message_stays(
    browser: Browser, language: str
) -> None:
    known = words(language)
    fault = (0, "", "")

    def refuse(route: Route) -> None:
        status, code, _ = fault
        body = f'{{"error": {{"code": "{code}", "message": "no"}}}}'
        route.fulfill(status=status, body=body, headers={"Retry-After": "12"})

    with (
        live_server(tutor(Puppet())) as live,
        opened(browser, live, language=language, fine=False) as page,
    ):
        page.route("**/turns", refuse)
        for fault in FAULTS:
            page.get_by_label(known["talk.message"]).fill(f"I go to {fault[1]}.")
            page.get_by_role("button", name=known["talk.send"]).click()
            before, _, after = known[fault[2]].partition("{time}")
            notice = page.locator(".notice").last
            expect(notice).to_contain_text(before)
            expect(notice).to_contain_text(after)
            if "{time}" in known[fault[2]]:
                expect(notice).to_contain_text("12" if language != "ar" else "")
            expect(page.locator(".learner").last).to_contain_text(fault[1])
