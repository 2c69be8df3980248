"""The page about a campaign: its numbers add up, and people can read it."""

import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from quimbot.generate.campaign import GenerateSettings, generate
from quimbot.generate.coverage import Coverage, coverage_path
from quimbot.runs.watch import Silent


def test_a_row_that_went_missing_is_noticed() -> None:
    with pytest.raises(AssertionError, match="3 cells, 0 met"):
        Coverage().check(3)


def test_the_page_is_accessible_quiet_and_adds_up(tmp_path: Path) -> None:
    output = tmp_path / "<b>rows.jsonl"  # a name is never read as markup
    generate(GenerateSettings(output=output, dialogues=60), Silent())
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "this test needs a browser: apt-get install chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        context = chromium.new_context(viewport={"width": 375, "height": 800}, bypass_csp=True)
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(coverage_path(output).as_uri())
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
        page.locator("summary").click()
        planned = page.locator("details tbody tr td:last-child").all_inner_texts()
        assert sum(map(int, planned)) == 60
        assert page.locator("h1").inner_text() == "<b>rows.jsonl"
        assert said == []
        chromium.close()
