"""How the page looks and reads to everybody: five languages, two schemes, large and small."""

import colorsys
import io
import time
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from live_server import Live, Puppet, live_server, tutor
from pages import LOCALES, PHONE, WIDE, Scheme, come_in, opened, say, talked, words
from PIL import Image
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.timeout(120)

LOOKS: list[tuple[tuple[int, int], Scheme]] = [(PHONE, "dark"), (WIDE, "light")]


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    """A server with two tutors and a week of conversations."""
    with live_server(tutor(Puppet(), "tutor", "Everyday talk"), tutor(Puppet(), "es")) as live:
        talked(live.store, time.time())
        yield live


def parts(live: Live) -> Iterator[str]:
    """Every part of the page."""
    last = live.store.conversations.of(live.store.people.local().id)[0].id
    yield from ("#", f"#talk/{last}", "#talks", f"#review/{last}", "#progress", "#settings")


def settled(page: Page, place: str) -> None:
    page.goto(f"{page.url.split('#')[0]}{place}")
    expect(page.locator("#view h1").first).to_be_visible()
    page.wait_for_load_state("networkidle")


def assert_nothing_bars_anyone(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_nothing_bars_anyone_and_nothing_spills_over(
    browser: Browser, live: Live, language: str, size: tuple[int, int], scheme: Scheme
) -> None:
    with opened(browser, live, size=size, scheme=scheme, language=language) as page:
        for place in parts(live):
            settled(page, place)
            for details in page.locator("details").all():
                details.evaluate("(node) => (node.open = true)")
            assert_nothing_bars_anyone(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
            for target in page.locator("button:visible, select:visible, textarea:visible").all():
                box = target.bounding_box()
                assert box is not None
                assert min(box["width"], box["height"]) >= 44
        told = page.evaluate("[document.documentElement.lang, document.documentElement.dir]")
        assert told == [
            "zh-Hans" if language == "zh" else language,
            "rtl" if language == "ar" else "ltr",
        ]


@pytest.fixture(scope="module")
def read() -> Iterator[Live]:
    """A server with accounts, where somebody's conversations were read a dozen times."""
    with live_server(tutor(Puppet()), accounts=True) as live:
        ana, tea = live.store.people.add("Ana"), live.store.people.add("Tea Ng", "instructor")
        live.store.people.change(ana.id, consent=True)
        last = talked(live.store, time.time(), ana)
        live.store.conversations.rename(ana.id, last, "What I did with my new winter coat")
        live.store.classes.join(live.store.classes.add("ENG 1", tea.id).id, ana.id)
        for _ in range(12):
            live.store.transcripts.read(tea.id, ana.id, last)
        yield live


@pytest.mark.parametrize(
    ("language", "look"),
    # every language, in both looks where it is read from the right and where it is not
    [("en", 0), ("en", 1), ("ar", 0), ("ar", 1), ("es", 1), ("zh", 0), ("ko", 1)],
)
def test_nothing_bars_anyone_from_seeing_who_read_and_from_searching(
    browser: Browser, read: Live, language: str, look: int
) -> None:
    size, scheme = LOOKS[look]
    with opened(browser, read, size=size, scheme=scheme, language=language, fine=False) as page:
        come_in(page, read, read.store.people.named("Ana")[0], "#settings")
        expect(page.get_by_role("table").first).to_be_visible()
        page.locator("details").evaluate("(node) => (node.open = true)")
        assert_nothing_bars_anyone(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        page.goto(f"{read.url}/#talks")
        page.get_by_role("searchbox").fill("coat winter")
        expect(page.locator(".excerpt")).to_have_count(1)
        assert_nothing_bars_anyone(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


@pytest.mark.parametrize("language", LOCALES)
def test_the_first_visit_bars_nobody_and_has_no_word_of_another_language(
    browser: Browser, language: str
) -> None:
    known = words(language)
    with (
        live_server(tutor(Puppet())) as fresh,
        opened(browser, fresh, size=PHONE, language=language) as page,
    ):
        expect(page.get_by_role("heading", name=known["welcome"])).to_be_visible()
        assert_nothing_bars_anyone(page)
        for topic in ("day", "food", "people", "work", "study", "places", "films", "plans"):
            expect(
                page.get_by_role("button", name=known[f"topic.{topic}"], exact=True)
            ).to_be_visible()
        assert page.title() == f"{known['title']} \N{EN DASH} quimbot"


def test_a_menu_opens_on_a_phone_and_closes_with_escape(browser: Browser, live: Live) -> None:
    with opened(browser, live, size=PHONE) as page:
        expect(page.get_by_role("heading").first).to_be_visible()
        menu = page.get_by_role("button", name="Menu")
        expect(page.get_by_role("link", name="Your progress")).to_be_hidden()
        menu.press("Enter")
        expect(page.get_by_role("link", name="Your progress")).to_be_visible()
        assert_nothing_bars_anyone(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("link", name="Your progress")).to_be_hidden()
        expect(menu).to_be_focused()
        menu.click()
        page.get_by_role("link", name="Your progress").click()
        expect(page.get_by_role("heading", name="Your progress")).to_be_focused()
        expect(page.get_by_role("link", name="Your progress")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_red_while_talking(browser: Browser, scheme: Scheme) -> None:
    puppet = Puppet()
    with (
        live_server(tutor(puppet)) as live,
        opened(browser, live, scheme=scheme, fine=False) as page,
    ):
        say(page, "Yesterday I goed to the markit.")
        expect(page.get_by_role("log")).to_contain_text("What did you buy?")
        puppet.fails_after = 1
        say(page, "I buyed a bred.")
        expect(page.get_by_role("button", name="Try again")).to_be_visible()
        page.get_by_label("Your message").fill("A mistak in the feeld.")
        for style in page.evaluate(_COLOURS):
            assert not _red(*style), style
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        colours = picture.getcolors(picture.width * picture.height)
        assert colours is not None
        assert [
            colour for _, colour in colours if isinstance(colour, tuple) and _red(*colour[:3])
        ] == []


_COLOURS = """() => [...document.querySelectorAll("*")].flatMap((node) => {
    const shown = [getComputedStyle(node), getComputedStyle(node, "::selection")];
    const names = ["color", "backgroundColor", "borderTopColor", "outlineColor", "caretColor",
        "textDecorationColor", "fill", "stroke"];
    return shown.flatMap((style) => names.map((name) => style[name] ?? ""))
        .map((colour) => colour.match(/[\\d.]+/g)?.slice(0, 3).map(Number))
        .filter((colour) => colour?.length === 3);
})"""


def _red(red: float, green: float, blue: float) -> bool:
    """Whether people would call it red or pink; the mark's orange is none."""
    hue, saturation, value = colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)
    return (hue < 18 / 360 or hue > 320 / 360) and saturation > 0.1 and value > 0.2


def test_at_twice_the_size_everything_is_still_there(browser: Browser, live: Live) -> None:
    # Zooming a window of 1280 by 800 to 200 % leaves 640 by 400 to lay out in.
    with opened(browser, live, size=(640, 400)) as page:
        for place in parts(live):
            settled(page, place)
            assert page.evaluate("document.documentElement.scrollWidth") <= 640
        settled(page, "#")
        expect(page.get_by_role("button", name="Send")).to_be_in_viewport()


def test_chosen_things_are_told_apart_without_colours(browser: Browser, live: Live) -> None:
    with opened(browser, live) as page:
        page.emulate_media(forced_colors="active")
        settled(page, "#settings")
        here = page.locator("[aria-current]").evaluate(
            "(node) => getComputedStyle(node).outlineStyle"
        )
        chosen = page.locator(".choice:has(:checked)")
        assert here == "solid"
        assert chosen.evaluate("(node) => getComputedStyle(node).outlineStyle") == "solid"


def test_the_language_is_chosen_kept_and_speaks_everywhere_at_once(
    browser: Browser, live: Live
) -> None:
    with opened(browser, live, language="ko") as page:
        for language in ("ar", "es"):
            known = words(language)
            settled(page, "#settings")
            name = {"ar": "العربية", "es": "Español"}[language]
            page.get_by_role("button", name=name, exact=True).click()
            expect(page.get_by_role("heading", name=known["settings"], exact=True)).to_be_visible()
            expect(page.get_by_role("link", name=known["new"])).to_be_visible()
            page.reload()
            expect(page.get_by_role("heading", name=known["settings"], exact=True)).to_be_visible()
        assert live.store.people.local().language == "es"
        live.store.people.change(live.store.people.local().id, language="")


def test_a_conversation_stays_a_page_in_english_when_the_rest_is_arabic(
    browser: Browser, live: Live
) -> None:
    last = live.store.conversations.of(live.store.people.local().id)[0].id
    with opened(browser, live, language="ar", place=f"#talk/{last}") as page:
        learner, tutor_ = page.locator(".learner").first, page.locator(".tutor").first
        ours, theirs = learner.bounding_box(), tutor_.bounding_box()
        assert ours is not None
        assert theirs is not None
        assert theirs["x"] < ours["x"]
        side, log = page.locator("#side").bounding_box(), page.locator("#view").bounding_box()
        assert side is not None
        assert log is not None
        assert side["x"] > log["x"]


def test_the_summary_prints_without_what_surrounds_it(browser: Browser, live: Live) -> None:
    last = live.store.conversations.of(live.store.people.local().id)[0].id
    with opened(browser, live, place=f"#review/{last}") as page:
        expect(page.get_by_role("heading", name="How it can be said")).to_be_visible()
        page.emulate_media(media="print")
        expect(page.locator("#side")).to_be_hidden()
        expect(page.get_by_role("button", name="Print")).to_be_hidden()
        expect(page.get_by_text("Yesterday I bought a new coat.")).to_be_visible()
