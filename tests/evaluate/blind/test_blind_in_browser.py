"""A whole review as raters meet it: from the first click to the imported result."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from reviews import score_folder

from quimbot.cli import launch
from quimbot.evaluate.blind.open import Opened
from quimbot.evaluate.blind.sheet import Kind, read_key

pytestmark = pytest.mark.timeout(120)

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
FULL = "Storage.prototype.setItem = () => { throw new DOMException('full'); };"
SIZES: dict[str, tuple[int, int]] = {"desk": (1280, 800), "phone": (375, 720)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "these tests need a browser: apt-get install chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@contextmanager
def opened(
    browser: Browser,
    size: str = "desk",
    scheme: Literal["dark", "light"] = "light",
    *,
    policy: bool = True,
) -> Iterator[BrowserContext]:
    """A browser of one rater; anything that a page complains about fails the test."""
    width, height = SIZES[size]
    complaints: list[str] = []
    with browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, bypass_csp=not policy
    ) as context:
        context.on("console", lambda message: complaints.append(message.text))
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        yield context
        assert complaints == []


def make(folder: Path, *words: str, sides: int = 2) -> Path:
    scores, page = score_folder(folder / "scores", sides=sides), folder / "page.html"
    command = ["blind", "make", "--scores", str(scores), "--output", str(page), *words]
    assert launch(command) == 0
    return page


def begin(context: BrowserContext, path: Path, name: str) -> Page:
    page = context.new_page()
    page.goto(path.as_uri())
    page.keyboard.press("Control+a")  # the field has the focus, and may hold a name
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(page.locator("#where")).to_be_visible()
    return page


def save(page: Page, folder: Path) -> Path:
    with page.expect_download() as download:
        page.locator("#save").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def texts(page: Page) -> list[str]:
    return page.locator(".reply p").all_inner_texts()


def prefers(page: Page, wanted: str) -> int:
    """Place of the reply with these words, from 1; the first when none or all have them."""
    return next((n for n, text in enumerate(texts(page), 1) if wanted in text), 1)


@pytest.mark.parametrize(("size", "scheme"), [("desk", "light"), ("phone", "dark")])
def test_every_screen_is_accessible_and_fits(
    browser: Browser, tmp_path: Path, size: str, scheme: Literal["dark", "light"]
) -> None:
    path = make(tmp_path, "--pairs", "3", sides=3 if size == "desk" else 2)
    with opened(browser, size, scheme, policy=False) as context:
        page = context.new_page()
        page.goto(path.as_uri())

        def check() -> None:
            assert Axe().run(page).response["violations"] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
            for target in page.locator(
                "button:visible, a:visible, input:not([type]):visible, textarea:visible, "
                "input[type=file]:visible, "
                "summary:visible, label.tick:visible"
            ).all():
                box = target.bounding_box()
                assert box is not None
                assert min(box["width"], box["height"]) >= 44, target.inner_text()

        page.get_by_text("Begun on another device?").click()
        check()
        page.get_by_label("Your name").fill("Ana")
        page.get_by_role("button", name="Begin").click()
        check()
        page.get_by_role("button", name=re.compile("Reply 2 is (better|best)")).click()
        page.wait_for_timeout(400)  # what appears has its full colours
        check()
        page.get_by_role("button", name="Stop and save").click()
        page.locator("summary").last.click()
        check()


def test_a_rater_by_keyboard_alone_closes_the_page_and_continues(
    browser: Browser, tmp_path: Path
) -> None:
    path = make(tmp_path, "--pairs", "8")
    n = len(read_key(tmp_path / "page.key.json").pairs)
    with opened(browser) as context:
        page = begin(context, path, "Ana María")
        for place in range(1, 5):
            expect(page.locator("#where")).to_have_text(f"Pair {place} of {n}")
            page.keyboard.press(str(prefers(page, "Oh,")))
            page.keyboard.press("a")
            page.keyboard.press("Enter")
        seen = texts(page)
        page.keyboard.press("t")
        page.keyboard.press("n")
        page.keyboard.type("1 and b are only letters here")
        page.keyboard.press("Escape")
        page.keyboard.press("d")
        page.close()
        page = context.new_page()
        page.goto(path.as_uri())
        expect(page.get_by_label("Your name")).to_have_value("Ana María")
        expect(page.locator("#kept")).to_contain_text(f"5 of {n} judged here as Ana María")
        page.keyboard.press("Enter")
        expect(page.locator("#where")).to_have_text(f"Pair 6 of {n}")
        page.keyboard.press("ArrowLeft")
        assert texts(page) == seen
        expect(page.get_by_role("button", name="About equal")).to_have_attribute(
            "aria-pressed", "true"
        )
        expect(page.get_by_label("Tone")).to_be_checked()
        expect(page.get_by_label("Note")).to_have_value("1 and b are only letters here")
        page.keyboard.press("ArrowRight")
        for _ in range(6, n + 1):
            page.keyboard.press("b")
            page.keyboard.press("ArrowRight")
        expect(page.get_by_role("heading", name="Thank you, Ana María.")).to_be_focused()
        rows = [json.loads(line) for line in save(page, tmp_path).read_text().splitlines()]
        assert (tmp_path / "Ana-María.jsonl").is_file()
        assert page.locator("#text").input_value() == (tmp_path / "Ana-María.jsonl").read_text()
    assert [row["place"] for row in rows] == list(range(1, n + 1))
    assert [row["why"] for row in rows[:6]] == [["scaffolding"]] * 4 + [["tone"], []]
    assert [row["choice"] for row in rows[4:]] == ["tie"] + ["bad"] * (n - 5)
    assert rows[4]["note"] == "1 and b are only letters here"


def test_from_the_first_click_to_the_result(browser: Browser, tmp_path: Path) -> None:
    path = make(tmp_path, "--pairs", "15")
    key = read_key(tmp_path / "page.key.json")
    judges: dict[str, tuple[str, Callable[[Page], int]]] = {
        "Ana": ("desk", lambda page: prefers(page, "Oh,")),
        "Ben": ("phone", lambda page: prefers(page, "Oh,")),
    }
    paths: list[Path] = []
    orders: list[list[list[str]]] = []
    for name, (size, choose) in judges.items():
        with opened(browser, size) as context:
            page = begin(context, path, name)
            orders.append([])
            while page.locator("#item").is_visible():
                orders[-1].append(texts(page))
                place = choose(page)
                page.get_by_role("button", name=f"Reply {place} is better").click()
                page.get_by_label("Grammar").check()
                page.locator("#next").click()
            paths.append(save(page, tmp_path))
    ana, ben = orders
    assert ana != ben  # another order
    assert {tuple(two) for two in ana} != {tuple(two) for two in ben}  # and other sides
    for own in orders:
        twice = [(own.index(two[::-1]), n) for n, two in enumerate(own) if two[::-1] in own[:n]]
        apart = [(first, second) for first, second in twice if own[first] != own[second]]
        assert len(apart) == 2  # met again with the sides swapped
        assert all(second - first > 3 for first, second in apart)
    result = tmp_path / "result.html"
    command = ["blind", "open", "--key", str(tmp_path / "page.key.json"), "--output", str(result)]
    assert launch([*command, *(f"--exports={path}" for path in paths)]) == 0
    found = msgspec.json.decode((tmp_path / "result.json").read_bytes(), type=Opened)
    assert found.verdict == "People found step 10 better than beta-model."
    assert (found.preferences[0].won, found.preferences[0].lost) == (30, 0)
    assert found.reasons[key.runtimes[0]]["grammar"] == 30
    for rater in found.raters:
        assert (rater.judged, rater.of) == (24, 24)
        assert (rater.same, rater.twice) == (2, 2)
        assert rater.sides == (5, 0)  # where both sides are alike, these two take the first
    assert sum(pair.kind is Kind.ATTENTION for pair in key.pairs) == 2
    looks: list[tuple[str, Literal["dark", "light"]]] = [("phone", "dark"), ("desk", "light")]
    for size, scheme in looks:
        with opened(browser, size, scheme, policy=False) as context:
            page = context.new_page()
            page.goto(result.as_uri())
            assert Axe().run(page).response["violations"] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]


def test_texts_are_shown_as_texts_and_earlier_turns_before_them(
    browser: Browser, tmp_path: Path
) -> None:
    path = make(tmp_path)
    with opened(browser) as context:
        page = begin(context, path, "Ana")
        while page.locator(".earlier").count() == 0:
            page.keyboard.press("ArrowRight")
        expect(page.locator("#talk p")).to_have_count(3)
        expect(page.locator("#talk p").first).to_have_text("Hi </script><script>alert(1)</script>")
        expect(page.locator("#talk .learner p")).to_contain_text("I see a <b> town")
        assert page.locator("#talk b, #talk script").count() == 0


def test_keys_can_be_switched_off_and_pairs_left_open(browser: Browser, tmp_path: Path) -> None:
    path = make(tmp_path, "--pairs", "2", "--raters", "Ana", "--raters", "Ben")
    n = len(read_key(tmp_path / "page.key.json").pairs)
    with opened(browser) as context:
        page = context.new_page()
        page.goto(path.as_uri())
        page.get_by_label("Use these keys").uncheck()
        page.get_by_label("Your name").select_option("Ben")
        page.get_by_role("button", name="Begin").click()
        page.keyboard.press("1")
        page.keyboard.press("ArrowRight")
        expect(page.locator("#where")).to_have_text(f"Pair 1 of {n}")
        expect(page.locator("[aria-pressed=true]")).to_have_count(0)
        page.get_by_role("button", name="Skip").click()
        page.get_by_role("button", name="Both bad").click()
        expect(page.get_by_text("What was wrong?")).to_be_visible()
        page.get_by_role("button", name="Stop and save").click()
        expect(page.locator("#sum")).to_contain_text(f"1 of {n} are judged.")
        assert len(save(page, tmp_path).read_text().splitlines()) == 1
        page.get_by_role("button", name="Continue").click()
        expect(page.locator("#where")).to_have_text(f"Pair 1 of {n}")


def test_two_tabs_lose_nothing_of_each_other(browser: Browser, tmp_path: Path) -> None:
    path = make(tmp_path, "--pairs", "3")
    with opened(browser) as context:
        first, second = begin(context, path, "Ana"), begin(context, path, "ana")
        for _ in range(3):
            second.keyboard.press("t")
            second.keyboard.press("ArrowRight")
        expect(first.get_by_role("button", name="About equal")).to_have_attribute(
            "aria-pressed", "true"
        )
        first.keyboard.press("ArrowRight")  # keeps how long the first was in sight
        second.keyboard.press("b")
        second.get_by_role("button", name="Stop and save").click()
        rows = [json.loads(line) for line in save(second, tmp_path).read_text().splitlines()]
        assert [row["choice"] for row in rows] == ["tie", "tie", "tie", "bad"]


def test_a_review_goes_on_elsewhere_from_the_saved_file(browser: Browser, tmp_path: Path) -> None:
    path = make(tmp_path, "--pairs", "3")
    n = len(read_key(tmp_path / "page.key.json").pairs)
    with opened(browser) as context:
        page = begin(context, path, "Ana María")
        for key in "1t":
            page.keyboard.press(key)
            page.keyboard.press("a")
            page.keyboard.press("n")
            page.keyboard.type("“schön” 🙂")
            page.keyboard.press("Escape")
            page.keyboard.press("ArrowRight")
        seen = texts(page)
        page.get_by_role("button", name="Stop and save").click()
        half = save(page, tmp_path)
    edited = tmp_path / "edited.jsonl"
    edited.write_text(half.read_text().replace('"tie"', '"bad"'))
    mailed = tmp_path / "Ana María.txt"
    mailed.write_bytes(b"\xef\xbb\xbf" + half.read_bytes().replace(b"\n", b"\r\n"))
    with opened(browser, "phone") as context:
        page = context.new_page()
        page.goto(path.as_uri())
        page.get_by_text("Begun on another device?").click()
        page.get_by_label("Choose the file that you saved there").set_input_files(edited)
        expect(page.locator("#kept")).to_contain_text("edited.jsonl is not what this page saved")
        expect(page.get_by_label("Your name")).to_have_value("")
        page.get_by_label("Choose the file that you saved there").set_input_files(mailed)
        expect(page.locator("#kept")).to_contain_text(f"2 of {n} judged here as Ana María")
        page.get_by_role("button", name="Continue", exact=True).click()
        expect(page.locator("#where")).to_have_text(f"Pair 3 of {n}")
        assert texts(page) == seen
        for _ in range(3, n + 1):
            page.get_by_role("button", name="Both bad").click()
            page.locator("#next").click()
        whole = save(page, tmp_path / "phone")
    assert whole.read_text().startswith(half.read_text())  # the same lines, and more
    assert len(whole.read_text().splitlines()) == n


def test_answers_hold_when_the_storage_is_full(browser: Browser, tmp_path: Path) -> None:
    path = make(tmp_path, "--pairs", "3")
    with opened(browser) as context:
        page = begin(context, path, "Ana")
        page.keyboard.press("t")
        expect(page.locator("#unkept")).to_be_hidden()
        page.evaluate(f"() => {{ {FULL} }}")
        page.keyboard.press("b")
        expect(page.locator("#unkept")).to_contain_text("save before you close the page")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("1")
        page.keyboard.press("ArrowLeft")
        expect(page.get_by_role("button", name="Both bad")).to_have_attribute(
            "aria-pressed", "true"
        )


def test_where_nothing_can_be_kept_it_says_so(browser: Browser, tmp_path: Path) -> None:
    path = make(tmp_path, "--pairs", "2")
    with opened(browser) as context:
        context.add_init_script(FULL)
        page = context.new_page()
        page.goto(path.as_uri())
        expect(page.locator("#kept")).to_contain_text("This browser keeps nothing")
        page.close()
        page = begin(context, path, "Ana")
        page.keyboard.press("2")
        with page.expect_event("dialog") as asked:
            page.close(run_before_unload=True)
        assert asked.value.type == "beforeunload"
        asked.value.dismiss()
        page.get_by_role("button", name="Stop and save").click()
        expect(page.locator("#sum")).to_contain_text("save before you close the page")
        assert len(page.locator("#text").input_value().splitlines()) == 1
