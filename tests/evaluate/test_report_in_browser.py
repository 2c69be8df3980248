"""The page as people meet it: on a phone, in the dark, by keyboard, with a screen reader."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright
from scorecards import make_run, with_suites

from quimbot.evaluate.report import report
from quimbot.runs.watch import Silent

ARGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "these tests need a browser: apt-get install chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield chromium
        chromium.close()


@pytest.mark.parametrize(
    ("width", "scheme", "attack"),
    [(1280, "light", False), (1280, "dark", False), (375, "light", False), (375, "dark", True)],
)
def test_page_is_accessible_quiet_and_fits(
    tmp_path: Path, browser: Browser, width: int, scheme: Literal["dark", "light"], attack: bool
) -> None:
    settings = with_suites(tmp_path, attack=attack)
    report(settings, Silent())
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(settings.output.as_uri())
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [settings.output.as_uri()]
    context.close()


def test_a_dark_screen_prints_dark_on_white(tmp_path: Path, browser: Browser) -> None:
    settings = make_run(tmp_path)
    report(settings, Silent())
    page = browser.new_page(viewport={"width": 700, "height": 1000}, color_scheme="dark")
    page.goto(settings.output.as_uri())
    look = "getComputedStyle(document.querySelector(`{}`)).{}"
    assert page.evaluate(look.format("body", "backgroundColor")) == "rgb(20, 23, 26)"
    page.emulate_media(media="print")
    assert page.evaluate(look.format("body", "backgroundColor")) == "rgb(255, 255, 255)"
    ink = page.evaluate(look.format(".chart path[fill='var(--ours)']", "fill"))
    assert ink == "rgb(11, 107, 77)"
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    page.close()
