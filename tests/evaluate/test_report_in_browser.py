"""The page as people meet it: on a phone, in the dark, by keyboard, with a screen reader."""

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser
from scorecards import make_run, with_suites
from static_page import looked_at

from quimbot.evaluate.report import report
from quimbot.runs.watch import Silent


@pytest.mark.parametrize(
    ("width", "scheme", "attack"),
    [(1280, "light", False), (1280, "dark", False), (375, "light", False), (375, "dark", True)],
)
def test_page_is_accessible_quiet_and_fits(
    tmp_path: Path, browser: Browser, width: int, scheme: Literal["dark", "light"], attack: bool
) -> None:
    settings = with_suites(tmp_path, attack=attack)
    report(settings, Silent())
    with looked_at(settings.output, browser, width, scheme):
        pass  # what it is looked at for is asked there


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
