"""The chat page in a real browser: what a learner sees, hears and can do."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from live_server import Live, Puppet, live_server, soon, tutor
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

pytestmark = pytest.mark.timeout(60)

REPLY = "Oh, you went to the market? What did you buy?"
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    assert chromium, "these tests need a browser: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Browser,
    live: Live,
    *,
    size: tuple[int, int] = (1200, 800),
    scheme: Literal["dark", "light"] = "light",
    fine: bool = True,
) -> Iterator[Page]:
    """The page; with `fine`, anything the browser complains about fails the test."""
    with browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme
    ) as context:
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(live.url)
        yield page
        assert not fine or complaints == []


def say(page: Page, text: str) -> None:
    page.get_by_label("Your message").fill(text)
    page.get_by_role("button", name="Send").click()


@pytest.mark.parametrize(("size", "scheme"), [((390, 780), "dark"), ((1200, 800), "light")])
def test_nothing_bars_anyone_and_nothing_spills_over(
    browser: Browser, size: tuple[int, int], scheme: Literal["dark", "light"]
) -> None:
    puppet = Puppet()
    tutors = (tutor(puppet, "tutor", "Everyday talk"), tutor(Puppet(), "es", "Spanish speakers"))
    with live_server(*tutors) as live, opened(browser, live, size=size, scheme=scheme) as page:
        expect(page.get_by_label("Tutor")).to_be_visible()
        assert Axe().run(page).response["violations"] == []
        say(page, "Yesterday I go to the market. " + "veryverylong" * 20)
        expect(page.get_by_role("log")).to_contain_text(REPLY)
        puppet.fails_after = 1
        say(page, "مرحبا I am fine")
        expect(page.get_by_role("button", name="Try again")).to_be_visible()
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        for target in page.locator("button:visible, select:visible, textarea:visible").all():
            box = target.bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) >= 44


def test_the_reply_appears_while_it_is_written(browser: Browser) -> None:
    puppet = Puppet(line=["You went. ", "And ", "then?"], pause_s=0.5)
    with live_server(tutor(puppet)) as live, opened(browser, live) as page:
        say(page, "I go.")
        log = page.get_by_role("log")
        expect(log).to_contain_text("You went.")
        expect(log).not_to_contain_text("then?", timeout=1)
        expect(log).to_contain_text("You went. And then?")


def test_a_screen_reader_hears_finished_sentences_once(browser: Browser) -> None:
    puppet = Puppet(line=["You ", "went. ", "And ", "then?"], pause_s=0.3)
    with live_server(tutor(puppet)) as live, opened(browser, live) as page:
        page.evaluate(
            """() => {
                window.heard = [];
                new MutationObserver((changes) => changes
                    .filter((change) => !change.target.closest("[aria-hidden]"))
                    .flatMap((change) => [...change.addedNodes])
                    .filter((node) => !node.ariaHidden)
                    .forEach((node) => window.heard.push(node.textContent))
                ).observe(document.querySelector("[role=log]"), {childList: true, subtree: true});
            }"""
        )
        say(page, "I go.")
        expect(page.get_by_role("button", name="Send")).to_be_visible(timeout=10_000)
        heard = page.evaluate("window.heard")
        assert heard == ["I go.", "Your tutor is thinking…", "You went. ", "And then?"]


def test_stop_really_stops_and_keeps_what_was_said(browser: Browser) -> None:
    puppet = Puppet(line=["word "] * 400, pause_s=0.02)
    with live_server(tutor(puppet)) as live, opened(browser, live) as page:
        say(page, "Tell me all.")
        expect(page.get_by_role("log")).to_contain_text("word word")
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_text("Stopped.")).to_be_visible()
        assert soon(lambda: live.gate.free == 4 and puppet.left == 1, within_s=1)
        expect(page.get_by_role("log")).to_contain_text("word word")


def test_closing_the_tab_stops_the_work(browser: Browser) -> None:
    puppet = Puppet(line=["word "] * 400, pause_s=0.02)
    with live_server(tutor(puppet)) as live:
        with opened(browser, live) as page:
            say(page, "Tell me all.")
            expect(page.get_by_role("log")).to_contain_text("word")
        assert soon(lambda: live.gate.free == 4 and puppet.left == 1)


def test_all_of_it_works_with_the_keyboard_alone(browser: Browser) -> None:
    puppet = Puppet(line=["word "] * 400, pause_s=0.02)
    with live_server(tutor(puppet)) as live, opened(browser, live) as page:
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # the first sentence to begin with
        expect(page.get_by_role("log")).to_contain_text("Yesterday I go to the market")
        expect(page.get_by_label("Your message")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.get_by_text("Stopped.")).to_be_visible()
        puppet.line, puppet.pause_s = ["Good."], 0
        page.keyboard.type("First line")
        page.keyboard.press("Shift+Enter")
        page.keyboard.type("second line")
        page.keyboard.press("Enter")
        expect(page.get_by_role("log")).to_contain_text("Good.")
        assert puppet.asked[-1][0][-1].content == "First line\nsecond line"
        expect(page.get_by_label("Your message")).to_have_value("")
        page.keyboard.press("Shift+Tab")
        expect(page.get_by_role("button", name="New conversation")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="What did you do today?")).to_be_visible()
        expect(page.get_by_role("log")).to_be_empty()


def test_whoever_is_faster_than_the_list_of_tutors_is_answered(browser: Browser) -> None:
    def late(route: Route) -> None:
        page.wait_for_timeout(500)
        route.continue_()

    with live_server(tutor(Puppet(line=[REPLY]))) as live, opened(browser, live) as page:
        page.route("**/v1/models", late)
        page.reload(wait_until="commit")
        page.get_by_role("button", name="My sister don't like coffee.").click()
        expect(page.get_by_role("log")).to_contain_text(REPLY)


def test_enter_that_ends_a_composed_word_does_not_send(browser: Browser) -> None:
    puppet = Puppet()
    with live_server(tutor(puppet)) as live, opened(browser, live) as page:
        field = page.get_by_label("Your message")
        field.fill("안녕")
        field.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
        expect(field).to_have_value("안녕")
        assert puppet.asked == []


def test_what_anyone_writes_is_shown_as_text(browser: Browser) -> None:
    bad = "<img src=x onerror=document.title='broken'><script>document.title='broken'</script>"
    puppet = Puppet(line=[bad[:20], bad[20:] + ". ", "<b>bold</b>"])
    tutors = (tutor(puppet, title=bad), tutor(puppet, "b", bad))
    with live_server(*tutors) as live, opened(browser, live) as page:
        say(page, bad)
        expect(page.locator(".learner")).to_have_text(bad)
        expect(page.locator(".tutor")).to_have_text(f"{bad}. <b>bold</b>")
        page.reload()
        expect(page.locator(".learner")).to_have_text(bad)
        assert page.locator("#log img, #log script, #log b").count() == 0
        assert page.title().startswith("quimbot")


def test_a_reload_keeps_the_conversation_and_the_tutor(browser: Browser) -> None:
    chosen = Puppet()
    with live_server(tutor(Puppet()), tutor(chosen, "es")) as live, opened(browser, live) as page:
        page.get_by_label("Tutor").select_option("es")
        say(page, "I go.")
        expect(page.get_by_role("log")).to_contain_text(REPLY)
        page.reload()
        expect(page.get_by_role("log")).to_contain_text(REPLY)
        say(page, "I buyed a bread.")
        expect(page.locator(".tutor")).to_have_count(2)
        assert [m.content for m in chosen.asked[-1][0][1:]] == ["I go.", REPLY, "I buyed a bread."]


def test_a_failed_reply_says_so_kindly_and_can_be_asked_again(browser: Browser) -> None:
    puppet = Puppet(fails_after=2)
    with live_server(tutor(puppet)) as live, opened(browser, live) as page:
        say(page, "I go.")
        expect(page.get_by_text("Sorry, the tutor cannot answer now.")).to_be_visible()
        expect(page.locator(".learner")).to_have_text("I go.")
        puppet.fails_after = None
        page.get_by_role("button", name="Try again").click()
        expect(page.locator(".tutor")).to_have_text(REPLY)
        expect(page.locator(".notice")).to_have_count(0)
        assert [m.content for m in puppet.asked[-1][0][1:]] == ["I go."]


def test_an_unanswered_message_is_not_sent_again_with_the_next(browser: Browser) -> None:
    puppet = Puppet(fails_after=0)
    with live_server(tutor(puppet)) as live, opened(browser, live, fine=False) as page:
        say(page, "I go.")
        expect(page.get_by_role("button", name="Try again")).to_be_visible()
        puppet.fails_after = None
        say(page, "She go.")
        expect(page.locator(".tutor")).to_have_text(REPLY)
        assert [m.content for m in puppet.asked[-1][0][1:]] == ["She go."]


def test_a_lost_connection_and_a_full_queue_are_told_apart(browser: Browser) -> None:
    def gone(route: Route) -> None:
        route.abort()

    with (
        live_server(tutor(Puppet()), at_once=1, waiting=0) as live,
        opened(browser, live, fine=False) as page,
    ):
        page.route("**/v1/chat/completions", gone)
        say(page, "I go.")
        expect(page.get_by_text("The connection was lost.")).to_be_visible()
        page.unroute("**/v1/chat/completions")
        live.gate._free = 0
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_text("Many people are writing now.")).to_be_visible()
        expect(page.locator(".learner")).to_have_text("I go.")


def test_a_long_talk_goes_on_without_its_oldest_turns(browser: Browser) -> None:
    puppet = Puppet(line=["Ok."], longest=6)  # the system message and five turns
    with live_server(tutor(puppet)) as live, opened(browser, live, fine=False) as page:
        for turn in range(6):
            say(page, f"Turn {turn}")
            expect(page.locator(".tutor")).to_have_count(turn + 1)
            expect(page.get_by_role("button", name="Send")).to_be_visible()
        assert puppet.asked[-1][0][-1].content == "Turn 5"
        expect(page.locator(".learner")).to_have_count(6)
        expect(page.locator(".notice")).to_have_count(0)


def test_a_new_conversation_during_a_reply_is_empty_and_stays_so(browser: Browser) -> None:
    puppet = Puppet(line=["word "] * 400, pause_s=0.02)
    with live_server(tutor(puppet)) as live, opened(browser, live) as page:
        say(page, "Tell me all.")
        expect(page.get_by_role("log")).to_contain_text("word")
        page.get_by_role("button", name="New conversation").click()
        assert soon(lambda: puppet.left == 1)
        puppet.line, puppet.pause_s = ["Hi."], 0
        say(page, "Hello")
        expect(page.locator(".tutor")).to_have_text("Hi.")
        assert [m.content for m in puppet.asked[-1][0][1:]] == ["Hello"]


def test_at_twice_the_size_everything_is_still_there(browser: Browser) -> None:
    # Zooming a window of 1280 by 800 to 200 % leaves 640 by 400 to lay out in.
    with live_server(tutor(Puppet())) as live, opened(browser, live, size=(640, 400)) as page:
        expect(page.get_by_role("button", name="Send")).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth") <= 640
