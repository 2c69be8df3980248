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


def test_without_a_script_the_turns_of_any_two_models_can_be_read(
    tmp_path: Path, browser: Browser
) -> None:
    settings = make_run(tmp_path)
    report(settings, Silent())
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(settings.output.as_uri())

    def seen() -> tuple[list[str], int, list[str]]:
        heads = page.locator(".matchup:visible h3").all_inner_texts()
        turns = page.locator(".turn:visible")
        names = turns.first.locator(".answer:visible h3").all_inner_texts() if turns.count() else []
        return heads, turns.count(), names

    assert seen() == (["base → stage1 step 20"], 6, ["base", "stage1 step 20"])
    page.get_by_label("From", exact=True).select_option("es step 5")
    heads, count, names = seen()
    assert heads == ["es step 5 → stage1 step 20"]
    assert count == 2
    assert set(names) == {"es step 5", "stage1 step 20"}
    page.get_by_label("to", exact=True).select_option("es step 5")
    assert seen() == ([], 0, [])
    assert page.get_by_text("The same model twice").is_visible()
    context.close()


def test_a_link_to_a_folded_table_unfolds_it(tmp_path: Path, browser: Browser) -> None:
    settings = with_suites(tmp_path)
    report(settings, Silent())
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(settings.output.as_uri())
    table = page.get_by_role("region", name="Kind, all 20 turns", exact=True)
    assert not table.is_visible()
    page.get_by_role("link", name="Kind", exact=True).click()
    assert table.is_visible()
    context.close()
