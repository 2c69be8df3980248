"""Talking on the learner's page in a real browser."""

from dataclasses import replace

import pytest
from live_server import Puppet, live_server, soon, tutor
from pages import opened, say
from playwright.sync_api import Browser, Route, expect

pytestmark = pytest.mark.timeout(60)

REPLY = "Oh, you went to the market? What did you buy?"


def test_the_reply_appears_while_it_is_written(browser: Browser) -> None:
    puppet = Puppet(line=["You went there. ", "And ", "what ", "came ", "then?"], pause_s=0.5)
    with live_server(tutor(puppet)) as live, opened(browser, live) as page:
        say(page, "I go.")
        log = page.get_by_role("log")
        expect(log).to_contain_text("You went there.")
        expect(log).not_to_contain_text("then?", timeout=1)
        expect(log).to_contain_text("You went there. And what came then?")


def test_a_screen_reader_hears_finished_sentences_once(browser: Browser) -> None:
    puppet = Puppet(line=["Hello."])
    with live_server(tutor(puppet)) as live, opened(browser, live) as page:
        say(page, "Hi.")
        expect(page.get_by_role("log")).to_contain_text("Hello.")
        page.evaluate(
            """() => {
                window.heard = [];
                new MutationObserver((changes) => changes
                    .filter((change) => !change.target.closest("[aria-hidden]"))
                    .flatMap((change) => [...change.addedNodes])
                    .filter((node) => !node.ariaHidden)
                    .filter((node, _, all) => !all.includes(node.parentNode))
                    .map((node) => node.cloneNode(true))
                    .forEach((node) => {
                        node.querySelectorAll?.("[aria-hidden]").forEach((one) => one.remove());
                        window.heard.push(node.textContent);
                    })
                ).observe(document.querySelector("[role=log]"), {childList: true, subtree: true});
            }"""
        )
        puppet.line, puppet.pause_s = ["You ", "went ", "there. ", "And ", "then?"], 0.3
        say(page, "I go.")
        expect(page.get_by_role("button", name="Send")).to_be_visible(timeout=10_000)
        heard = page.evaluate("window.heard")
        assert heard == [
            "You:I go.",
            "Your tutor is thinking…",
            "Tutor:You went there. ",
            "And then?",
        ]


def test_stop_really_stops_and_keeps_what_was_said(browser: Browser) -> None:
    puppet = Puppet(line=["word "] * 400, pause_s=0.02)
    with live_server(tutor(puppet)) as live, opened(browser, live) as page:
        say(page, "Tell me all.")
        expect(page.get_by_role("log")).to_contain_text("word word")
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_text("You stopped the reply here.")).to_be_visible()
        assert soon(lambda: live.gate.free == 4 and puppet.left == 1)
        expect(page.get_by_role("log")).to_contain_text("word word")
        expect(page.get_by_label("Your message")).to_be_focused()
        page.reload()
        expect(page.get_by_role("log")).to_contain_text("word word")
        expect(page.get_by_text("You stopped the reply here.")).to_be_visible()


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
        expect(page.get_by_label("Your message")).to_be_focused()
        page.keyboard.type("First line")
        page.keyboard.press("Shift+Enter")
        page.keyboard.type("second line")
        page.keyboard.press("Enter")
        expect(page.get_by_role("log")).to_contain_text("word")
        page.keyboard.press("Escape")
        expect(page.get_by_text("You stopped the reply here.")).to_be_visible()
        assert puppet.asked[-1][0][-1].content == "First line\nsecond line"
        expect(page.get_by_label("Your message")).to_have_value("")
        expect(page.get_by_label("Your message")).to_be_focused()
        puppet.line, puppet.pause_s = ["Good."], 0
        page.keyboard.press("Shift+Tab")  # over the way to the summary
        page.keyboard.press("Shift+Tab")
        expect(page.get_by_role("button", name="Try again")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("log")).to_contain_text("Good.")
        page.locator("#skip").focus()
        for name in ("Go to the page", "quimbot", "New conversation", "Your conversations"):
            expect(page.locator(":focus")).to_have_text(name)
            page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text("Your progress")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Your progress")).to_be_focused()
        page.go_back()
        expect(page.get_by_role("log")).to_contain_text("Good.")


def test_whoever_is_faster_than_the_server_loses_nothing(browser: Browser) -> None:
    def late(route: Route) -> None:
        page.wait_for_timeout(500)
        route.continue_()

    with live_server(tutor(Puppet(line=[REPLY]))) as live, opened(browser, live) as page:
        page.route("**/api/conversations", late)
        say(page, "My sister don't like coffee.")
        expect(page.get_by_role("log")).to_contain_text(REPLY)
        expect(page.locator(".learner")).to_have_count(1)


def test_enter_that_ends_a_composed_word_does_not_send(browser: Browser) -> None:
    puppet = Puppet()
    with live_server(tutor(puppet)) as live, opened(browser, live) as page:
        field = page.get_by_label("Your message")
        field.fill("안녕")
        field.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
        field.dispatch_event("keydown", {"key": "Enter", "keyCode": 229})
        expect(field).to_have_value("안녕")
        assert puppet.asked == []


def test_what_anyone_writes_is_shown_as_text(browser: Browser) -> None:
    bad = "<img src=x onerror=document.title='broken'><script>document.title='broken'</script>"
    puppet = Puppet(line=[bad[:20], bad[20:] + ". ", "<b>bold</b>"])
    tutors = (tutor(puppet, "a", bad), tutor(puppet, "b", bad))
    with live_server(*tutors) as live, opened(browser, live) as page:
        say(page, bad)
        expect(page.locator(".learner")).to_contain_text(bad)
        expect(page.locator(".tutor")).to_contain_text(f"{bad}. <b>bold</b>")
        page.reload()
        expect(page.locator(".learner")).to_contain_text(bad)
        page.get_by_role("link", name="Your conversations").click()
        expect(page.locator(".talks")).to_contain_text("<img src=x")
        assert page.locator("main img, main script, #log b").count() == 0
        assert "broken" not in page.title()


def test_a_reload_keeps_the_conversation_and_the_tutor(browser: Browser) -> None:
    reply = "That sounds good. What else did you do?"
    chosen = Puppet(line=[reply])
    with live_server(tutor(Puppet()), tutor(chosen, "es")) as live, opened(browser, live) as page:
        page.get_by_role("combobox", name="Tutor").select_option("es")
        say(page, "I go.")
        expect(page.get_by_role("log")).to_contain_text(reply)
        page.reload()
        expect(page.get_by_role("log")).to_contain_text(reply)
        chosen.line = ["How nice! And what did you have with it?"]
        say(page, "I bought bread.")
        expect(page.locator(".tutor").nth(1)).to_contain_text("How nice!")
        assert [m.content for m in chosen.asked[-1][0][1:]] == ["I go.", reply, "I bought bread."]


def test_a_failed_reply_says_so_kindly_and_can_be_asked_again(browser: Browser) -> None:
    puppet = Puppet(fails_after=0)
    with live_server(tutor(puppet)) as live, opened(browser, live, fine=False) as page:
        say(page, "I go.")
        expect(page.get_by_text("Sorry, your tutor cannot answer right now.")).to_be_visible()
        page.reload()
        expect(page.get_by_text("This message has no answer yet.")).to_be_visible()
        puppet.fails_after = 4
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_text("The reply broke off here.")).to_be_visible()
        expect(page.locator(".learner")).to_contain_text("I go.")
        page.reload()
        expect(page.get_by_text("The reply broke off here.")).to_be_visible()
        puppet.fails_after = None
        page.get_by_role("button", name="Try again").click()
        expect(page.locator(".tutor")).to_contain_text(REPLY)
        expect(page.locator(".notice")).to_have_count(0)
        assert [m.content for m in puppet.asked[-1][0][1:]] == ["I go."]
        page.reload()
        expect(page.locator(".learner")).to_have_count(1)


def test_a_lost_connection_and_a_full_queue_are_told_apart(browser: Browser) -> None:
    def gone(route: Route) -> None:
        route.abort()

    with (
        live_server(tutor(Puppet()), at_once=1, waiting=0) as live,
        opened(browser, live, fine=False) as page,
    ):
        page.route("**/turns", gone)
        say(page, "I go.")
        expect(page.get_by_text("The connection was lost.")).to_be_visible()
        page.reload()  # the server never had it, but it is not lost
        expect(page.get_by_label("Your message")).to_have_value("I go.")
        page.unroute("**/turns")
        live.gate._free = 0
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_text("Many people are writing just now.")).to_contain_text("seconds")
        expect(page.locator(".learner")).to_contain_text("I go.")
        live.gate._free = 1
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("log")).to_contain_text(REPLY)
        expect(page.locator(".learner")).to_have_count(1)


def test_a_server_that_cannot_be_reached_at_all_loses_no_words(browser: Browser) -> None:
    def gone(route: Route) -> None:
        route.abort()

    with live_server(tutor(Puppet())) as live, opened(browser, live, fine=False) as page:
        expect(page.get_by_label("Your message")).to_be_visible()
        page.route("**/api/**", gone)
        say(page, "I go.")
        expect(page.get_by_text("The connection was lost.")).to_be_visible()
        expect(page.locator(".learner")).to_contain_text("I go.")
        page.unroute("**/api/**")
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("log")).to_contain_text(REPLY)


def test_a_reply_goes_on_while_another_page_is_read(browser: Browser) -> None:
    puppet = Puppet(line=["Words go on. "] * 40, pause_s=0.05)
    with live_server(tutor(puppet)) as live, opened(browser, live) as page:
        say(page, "Tell me all.")
        expect(page.get_by_role("log")).to_contain_text("Words go on.")
        page.get_by_role("link", name="New conversation").click()
        expect(page.get_by_role("heading", name="What shall we talk about?")).to_be_visible()
        page.go_back()
        expect(page.get_by_role("button", name="Stop")).to_be_visible()
        expect(page.get_by_role("button", name="Send")).to_be_visible(timeout=10_000)
        expect(page.locator(".notice")).to_have_count(0)
        assert puppet.left == 0


def test_a_topic_begins_with_a_question(browser: Browser) -> None:
    puppet = Puppet()
    with live_server(tutor(puppet)) as live, opened(browser, live) as page:
        page.get_by_role("button", name="Food").click()
        expect(page.locator(".tutor")).to_contain_text("What was the best thing you ate")
        say(page, "I eat rice.")
        expect(page.get_by_role("log")).to_contain_text(REPLY)
        asked = [m.content for m in puppet.asked[-1][0][1:]]
        assert asked == ["What was the best thing you ate this week?", "I eat rice."]


def test_a_tutor_may_bring_topics_and_sentences_of_its_own(browser: Browser) -> None:
    puppet = Puppet(line=["How long have you lived here?"])
    guide = replace(
        tutor(puppet), topics=("Museums of Queens",), starters=("I want to see a museum.",)
    )
    with live_server(guide) as live, opened(browser, live) as page:
        expect(page.get_by_role("button", name="Food")).to_have_count(0)
        page.get_by_role("button", name="I want to see a museum.").click()
        expect(page.locator(".learner")).to_contain_text("I want to see a museum.")
        page.get_by_role("link", name="New conversation").click()
        page.get_by_role("button", name="Museums of Queens").click()
        expect(page.locator(".tutor")).to_contain_text("Let's talk about this: Museums of Queens.")


def test_the_browser_marks_no_mistakes_either(browser: Browser) -> None:
    with live_server(tutor(Puppet())) as live, opened(browser, live) as page:
        expect(page.get_by_label("Your message")).to_have_attribute("spellcheck", "false")
