"""The learner's page in a browser, as a test opens it, and what the tests do on it."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from happened import BETTER, SAID, article, moved, tense, took_up, used
from live_server import PATIENCE_S, Live
from playwright.sync_api import Browser, Page, expect, sync_playwright

from quimbot.pedagogy.events import Began, Event
from quimbot.pedagogy.kinds import Kind
from quimbot.serve import page_routes
from quimbot.serve.store.person import Person
from quimbot.serve.store.store import Store
from quimbot.serve.tutoring import Tutoring

PHONE = (390, 844)
WIDE = (1280, 800)
LOCALES = {"en": "en-US", "es": "es-ES", "zh": "zh-CN", "ar": "ar-EG", "ko": "ko-KR"}
"""The interface's languages, and a browser's name for each."""
Scheme = Literal["dark", "light"]

expect.set_options(timeout=PATIENCE_S * 1000)

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser without windows; the first learner does not wait for what reads language."""
    Tutoring.warm_up()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    assert chromium, "these tests need a browser: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Browser,
    live: Live | str,
    *,
    size: tuple[int, int] = WIDE,
    scheme: Scheme = "light",
    language: str = "en",
    place: str = "",
    fine: bool = True,
) -> Iterator[Page]:
    """The page; with `fine`, anything the browser complains about fails the test."""
    with browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        locale=LOCALES[language],
        reduced_motion="reduce",
    ) as context:
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{live if isinstance(live, str) else live.url}/{place}")
        yield page
        assert not fine or complaints == []


def come_in(page: Page, live: Live, person: Person, place: str = "") -> None:
    """Sign somebody in, as if they had come before, and open a part of the page."""
    secret = live.store.sessions.begin(person.id)
    page.context.add_cookies([{"name": "quimbot", "value": secret, "url": live.url}])
    page.goto("about:blank")  # the page is loaded anew
    page.goto(f"{live.url}/{place}")


def say(page: Page, text: str) -> None:
    """Write something and send it."""
    page.get_by_label("Your message").fill(text)
    page.get_by_role("button", name="Send").click()


def words(language: str) -> dict[str, str]:
    """The page's words."""
    folder = Path(page_routes.__file__).parent / "page/words"
    found: dict[str, str] = json.loads((folder / f"{language}.json").read_text("utf-8"))
    return found


def talked(store: Store, now: float, person: Person | None = None) -> str:
    """Three conversations over a week, the local person's if nobody else's; the last one's id."""
    person = person or store.people.local()
    last = ""
    for number, days in enumerate((8, 4, 1)):
        at = now - days * 86400
        talk = store.conversations.begin(person.id, "tutor", "food")
        store.conversations.rename(person.id, talk.id, f"Talk {number + 1}")
        store.events.add(person.id, talk.id, None, [Began(at=at)])
        turn = store.conversations.add_turn(person.id, talk.id, "user", SAID)
        store.conversations.add_turn(person.id, talk.id, "assistant", f"Oh! {BETTER} Which one?")
        happened: list[Event] = [tense(at + 1), article(at + 1), moved(at + 1, Kind.TENSE)]
        happened += [took_up(at + 60, Kind.TENSE), moved(at + 60, None)]
        happened += [used(at + 120, Kind.AGREEMENT, "she likes"), moved(at + 120, None)]
        store.events.add(person.id, talk.id, turn.id, happened)
        last = talk.id
    return last
