"""A design's page as people meet it: on a phone, in the dark, with a screen reader, on paper."""

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser
from static_page import looked_at

from quimbot.curate.design import DesignSettings, design
from quimbot.records.jsonl import write_rows
from quimbot.records.record import Message, Provenance, Record
from quimbot.runs.watch import Silent

ATTACK = "</td><script>document.title = 'broken'</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a small Spanish corpus, with text that attacks."""
    folder = tmp_path_factory.mktemp("design")

    def chat(asked: str, answered: str) -> Record:
        said = (("user", asked), ("assistant", answered))
        return Record(
            messages=tuple(Message(role=role, content=text) for role, text in said),  # type: ignore[arg-type]
            provenance=Provenance(source="s", licence="l"),
        )

    words = ("casa", "mesa", "silla", "puerta", "calle", "plaza", "nube", "luna", "playa", "torre")
    rows = [
        chat(f"Me gusta la {one} y la {two} de mi tía.", f"¿Tienes una {two} o una {one}?")
        for one in words
        for two in words
        if one < two
    ]
    rows += [chat(f"{ATTACK} {n}", f"No puedo ayudar con eso. {ATTACK}") for n in range(5)]
    write_rows(folder / "es.jsonl", rows)
    write_rows(folder / "stage1.jsonl", [chat("I go home.", "You went home?")] * 3)
    settings = DesignSettings(
        corpus=(folder / "es.jsonl",),
        stage1=(folder / "stage1.jsonl",),
        output=folder / "out",
        language="es",
    )
    design(settings, Silent())
    return settings.outputs()[1]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (375, "light")])
def test_page_is_accessible_quiet_and_fits(
    page_file: Path, browser: Browser, width: int, scheme: Literal["dark", "light"]
) -> None:
    with looked_at(page_file, browser, width, scheme) as page:
        assert page.title().endswith("Stage-2 design")
        assert "onerror=alert" in page.inner_text("main")  # as text


def test_a_dark_screen_prints_dark_on_white(page_file: Path, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 700, "height": 1000}, color_scheme="dark")
    page.goto(page_file.as_uri())
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    page.close()
