"""The inventory's page as people meet it: on a phone, in the dark, with a screen reader."""

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser
from static_page import looked_at

from quimbot.curate.inventory import InventorySettings, inventory
from quimbot.records.jsonl import write_rows
from quimbot.runs.watch import Silent

ATTACK = "</td><script>document.title = 'broken'</script><img src=x onerror=alert(1)>"


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
    with looked_at(page_file, browser, width, scheme) as page:
        assert page.title().endswith("inventory")
        assert "Removed: 1" in page.inner_text("main")
        assert page.locator("table").first.is_visible()


def test_a_dark_screen_prints_dark_on_white(page_file: Path, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 700, "height": 1000}, color_scheme="dark")
    page.goto(page_file.as_uri())
    paper = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(paper) == "rgb(20, 23, 26)"
    page.emulate_media(media="print")
    assert page.evaluate(paper) == "rgb(255, 255, 255)"
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    page.close()
