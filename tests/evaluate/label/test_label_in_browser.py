"""From the first click on the sheet to the opened page, for eyes, keys and screen readers."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from labelled import some_judged
from playwright.sync_api import Browser, Page, expect, sync_playwright
from scorecards import attacking, write_scores

from quimbot.cli import launch
from quimbot.evaluate.label.open import Opened

pytestmark = pytest.mark.timeout(120)

ARGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
QUESTIONS = ["recast", "red_pen", "error", "question", "natural"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "these tests need a browser: apt-get install chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield chromium
        chromium.close()


@contextmanager
def opened(
    browser: Browser, path: Path, *, width: int = 1280, scheme: Literal["dark", "light"] = "light"
) -> Iterator[Page]:
    """The page; anything the browser complains about or asks another for fails the test."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    yield page
    assert said == []
    assert {url for url in asked if not url.startswith(("data:", "blob:"))} == {path.as_uri()}
    context.close()


def fits(page: Page) -> None:
    """Nothing that axe finds, nothing to scroll sideways for."""
    assert Axe().run(page).response["violations"] == []
    size = page.viewport_size
    assert size
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def make(tmp_path: Path, count: int = 6) -> Path:
    rows = [attacking(row) if n % 5 == 0 else row for n, row in enumerate(some_judged())]
    write_scores(tmp_path / "scores", {"secret-model": rows})
    sheet = tmp_path / "sheet.html"
    words = ["--scores", tmp_path / "scores", "--output", sheet, "--count", count]
    assert launch(["label", "make", *map(str, words)]) == 0
    return sheet


def begin(page: Page, name: str = "Ana") -> None:
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Begin").click()


def save(page: Page, folder: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("link", name="Save").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (375, "dark")])
def test_from_the_first_click_to_the_opened_page(
    tmp_path: Path, browser: Browser, width: int, scheme: Literal["dark", "light"]
) -> None:
    with opened(browser, make(tmp_path), width=width, scheme=scheme) as page:
        fits(page)
        begin(page)
        for number in range(1, 7):
            expect(page.get_by_role("heading", level=1)).to_have_text(f"Reply {number} of 6")
            for question in page.locator("[data-question]").all():
                question.get_by_role("button", name="No" if number % 2 else "Yes").click()
            if number == 1:
                page.get_by_role("button", name="In correct English").click()
                expect(page.get_by_text("Yesterday I went to the <b>store</b>")).to_be_visible()
                page.get_by_label("Note").fill("a note")
                fits(page)
            page.get_by_role("button", name="Finish" if number == 6 else "Go on").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, Ana.")
        fits(page)
        export = save(page, tmp_path)
    lines = [json.loads(line) for line in export.read_text().splitlines()]
    assert [line["answers"] for line in lines[:2]] == [
        dict.fromkeys(QUESTIONS, False),
        dict.fromkeys(QUESTIONS, True),
    ]
    assert [line["note"] for line in lines] == ["a note", *[""] * 5]
    result = tmp_path / "result.html"
    words = ["--exports", export, "--scores", tmp_path / "scores", "--output", result]
    assert launch(["label", "open", *map(str, words)]) == 0
    numbers = msgspec.json.decode((tmp_path / "result.json").read_bytes(), type=Opened)
    assert numbers.raters == {"Ana": 6}
    assert {one.labelled.n for one in numbers.verifier} == {6}
    with opened(browser, result, width=width, scheme=scheme) as page:
        expect(page.get_by_role("heading", level=1)).to_contain_text("the same as Ana about")
        fits(page)


def test_keys_answer_one_question_after_the_other(tmp_path: Path, browser: Browser) -> None:
    with opened(browser, make(tmp_path)) as page:
        begin(page)
        marked = page.locator("[aria-current=true]")
        expect(marked).to_have_attribute("data-question", "recast")
        for key in "yn":
            page.keyboard.press(key)
        expect(marked).to_have_attribute("data-question", "error")
        page.keyboard.press("1")
        page.keyboard.press("n")  # on second thoughts
        expect(marked).to_have_attribute("data-question", "error")
        expect(page.get_by_role("button", name="Skip")).to_be_visible()
        for key in "nyy":
            page.keyboard.press(key)
        page.keyboard.press("c")
        expect(page.locator("#right")).to_be_visible()
        page.keyboard.press("w")
        page.keyboard.type("yn1c")
        page.keyboard.press("Escape")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Reply 2 of 6")
        expect(page.locator("#right")).to_be_hidden()
        page.get_by_role("button", name="Stop and save").click()
        [line] = save(page, tmp_path).read_text().splitlines()
    said = json.loads(line)
    assert list(said["answers"].values()) == [False, False, False, True, True]
    assert said["note"] == "yn1c"


def test_answers_last_and_half_answered_replies_are_not_saved(
    tmp_path: Path, browser: Browser
) -> None:
    with opened(browser, make(tmp_path)) as page:
        begin(page)
        for key in ("y", "y", "y", "y", "y", "ArrowRight", "n"):
            page.keyboard.press(key)
        page.reload()
        expect(page.get_by_text("1 of 6 judged here as Ana")).to_be_visible()
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Reply 2 of 6")
        expect(page.locator("[aria-current=true]")).to_have_attribute("data-question", "red_pen")
        page.get_by_role("button", name="Stop and save").click()
        expect(page.get_by_text("1 of 6 are judged")).to_be_visible()
        half = save(page, tmp_path)
        assert len(half.read_text().splitlines()) == 1
    with opened(browser, tmp_path / "sheet.html", width=375) as page:  # on another device
        assert page.evaluate("scrollY") == 0
        page.get_by_text("Begun on another device?").click()
        page.get_by_label("Choose the file that you saved there").set_input_files(half)
        page.get_by_role("button", name="Continue", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Reply 2 of 6")
        page.get_by_role("button", name="Back").click()
        expect(page.get_by_role("button", name="Yes", pressed=True)).to_have_count(5)


def test_learner_and_tutor_texts_are_shown_as_they_are(tmp_path: Path, browser: Browser) -> None:
    with opened(browser, make(tmp_path, 60)) as page:
        begin(page)
        attack = page.get_by_text("<script>alert(1)</script> {{ 7 * 7 }}")
        for _ in range(60):
            if attack.is_visible():
                return
            page.keyboard.press("ArrowRight")
        raise AssertionError("no reply with an attack was drawn")
