"""The inventory's page as people meet it: on a phone, in the dark, with a screen reader."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from quimbot.curate.inventory import InventorySettings, inventory
from quimbot.records.jsonl import write_rows
from quimbot.runs.watch import Silent

ARGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
ATTACK = "</td><script>document.title = 'broken'</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "these tests need a browser: apt-get install chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a folder with bad lines, repeats and changes, and with text that attacks."""
    folder = tmp_path_factory.mktemp("inventory")
    chat = [{"role": "user", "content": ATTACK}, {"role": "assistant", "content": "Oh? " * 9}]
    for number in range(45):
        write_rows(folder / f"{number:02}.jsonl", [{"messages": chat}] * (number % 5 + 1))
    settings = InventorySettings(folder=folder, output=folder / "out" / "inventory.json")
    inventory(settings, Silent())
    (folder / "00.jsonl").unlink()
    (folder / "01.jsonl").write_text('{"text": "<script>"}\n{"' + "long" * 60 + '": 1}\n')
    inventory(settings, Silent())
    return settings.outputs()[1]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (375, "light")])
def test_page_is_accessible_quiet_and_fits(
    page_file: Path, browser: Browser, width: int, scheme: Literal["dark", "light"]
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri())
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.title().endswith("inventory")
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [page_file.as_uri()]
    assert "Removed: 1" in page.inner_text("main")
    assert page.locator("table").first.is_visible()
    context.close()


def test_a_dark_screen_prints_dark_on_white(page_file: Path, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 700, "height": 1000}, color_scheme="dark")
    page.goto(page_file.as_uri())
    paper = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(paper) == "rgb(20, 23, 26)"
    page.emulate_media(media="print")
    assert page.evaluate(paper) == "rgb(255, 255, 255)"
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    page.close()
