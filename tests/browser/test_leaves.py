"""What a learner reads and decides beside the conversation, in a real browser."""

import json
import time
from datetime import datetime
from pathlib import Path

import pytest
from live_server import Puppet, live_server, soon, tutor
from pages import come_in, opened, say, talked, words
from playwright.sync_api import Browser, Route, expect

from quimbot.pedagogy.events import Disputed
from quimbot.pedagogy.levels import Level

pytestmark = pytest.mark.timeout(60)


def test_the_summary_shows_what_was_said_and_how_it_can_be_said(browser: Browser) -> None:
    with live_server(tutor(Puppet())) as live:
        last = talked(live.store, time.time())
        with opened(browser, live, place=f"#talk/{last}") as page:
            page.get_by_role("link", name="How it can be said").click()
            expect(page.get_by_role("heading", name="How it can be said")).to_be_focused()
            expect(page.locator("q.said")).to_have_text("Yesterday I buy new coat.")
            expect(page.locator("q.better")).to_have_text("Yesterday I bought a new coat.")
            expect(page.locator("q.better b")).to_have_text(["bought a"])
            expect(page.get_by_text("“buy” becomes “bought”.")).to_be_attached()
            expect(page.get_by_text("“a” is added.")).to_be_attached()
            expect(page.get_by_text("And then you said it yourself.")).to_be_visible()
            for title in ("You took these up", "Right on your own", "What comes back"):
                expect(page.get_by_role("heading", name=title)).to_be_visible()
            expect(page.get_by_text("she likes", exact=True)).to_be_visible()


def test_what_was_fine_counts_no_more(browser: Browser) -> None:
    with live_server(tutor(Puppet())) as live:
        last = talked(live.store, time.time())
        person = live.store.people.local()
        with opened(browser, live, place=f"#review/{last}") as page:
            page.get_by_role("button", name="This was fine: “buy”").press("Enter")
            expect(page.get_by_text("Thank you. It no longer counts.")).to_be_focused()
            (disputed,) = [e for e in live.store.events.of(person.id) if isinstance(e, Disputed)]
            assert disputed.wrong == "buy"
            page.reload()
            expect(page.get_by_text("Thank you. It no longer counts.")).to_be_visible()
            expect(page.get_by_role("button", name="This was fine: “a”")).to_be_visible()


def test_progress_is_a_line_for_each_kind_and_a_table(browser: Browser) -> None:
    with live_server(tutor(Puppet())) as live:
        with opened(browser, live, place="#progress") as page:
            expect(page.get_by_text("after your first conversation")).to_be_visible()
        talked(live.store, time.time())
        with opened(browser, live, place="#progress") as page:
            expect(page.locator(".totals dd")).to_have_text(["3", "3", "3", "1"])
            assert page.get_by_role("img", name="past, present, future:").count() == 1
            assert page.locator(".kinds svg").count() == 3
            page.get_by_text("As a table").press("Enter")
            rows = page.get_by_role("row")
            expect(rows).to_have_count(4)
            expect(rows.filter(has_text="past, present")).to_contain_text("33")


def test_conversations_are_opened_renamed_and_deleted(browser: Browser) -> None:
    with live_server(tutor(Puppet())) as live:
        talked(live.store, time.time())
        with opened(browser, live, place="#talks") as page:
            expect(page.locator(".talks > li")).to_have_count(3)
            page.get_by_role("button", name="Rename “Talk 3”").click()
            page.get_by_label("Name of the conversation").fill("My coat")
            page.keyboard.press("Enter")
            expect(page.get_by_role("button", name="Rename “My coat”")).to_be_focused()
            page.get_by_role("button", name="Delete “Talk 2”").click()
            dialog = page.get_by_role("dialog", name="Delete this conversation?")
            expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
            page.keyboard.press("Escape")
            expect(page.locator(".talks > li")).to_have_count(3)
            page.get_by_role("button", name="Delete “Talk 2”").click()
            dialog.get_by_role("button", name="Delete", exact=True).click()
            expect(page.locator(".talks > li")).to_have_count(2)
            page.get_by_role("link", name="My coat").click()
            expect(page.get_by_role("log")).to_contain_text("Which one?")
        titles = [one.title for one in live.store.conversations.of(live.store.people.local().id)]
        assert titles == ["My coat", "Talk 1"]


def test_conversations_are_found_by_what_was_said_and_how_they_are_called(
    browser: Browser,
) -> None:
    with live_server(tutor(Puppet())) as live:
        talked(live.store, time.time())
        person = live.store.people.local()
        other = live.store.conversations.begin(person.id, "tutor", "work")  # has no title
        live.store.conversations.add_turn(person.id, other.id, "user", "My BOSS has a big office.")
        rows = ".talks > li:visible"
        with opened(browser, live, place="#talks") as page:
            field = page.get_by_role("searchbox", name="Search your conversations")
            field.fill("big boss")
            expect(page.get_by_role("status")).to_have_text("Found: 1")
            expect(page.locator(rows)).to_have_count(1)
            expect(page.locator(rows)).to_contain_text("My BOSS has a big office.")
            page.get_by_role("button", name="Rename “Work”").click()
            page.get_by_label("Name of the conversation").fill("The office")
            page.keyboard.press("Enter")
            expect(page.locator(rows)).to_have_count(1)
            field.fill("i bought")
            expect(page.get_by_role("status")).to_have_text("Found: 3")
            field.fill("talk 2")
            expect(page.locator(rows)).to_have_count(1)
            expect(page.get_by_role("link", name="Talk 2")).to_be_visible()
            field.fill("zebra")
            expect(page.get_by_role("status")).to_have_text("No conversation has these words.")
            expect(page.locator(rows)).to_have_count(0)
            field.press("Escape")  # empties it
            expect(page.locator(rows)).to_have_count(4)
            expect(page.get_by_role("status")).to_have_text("")
            expect(page.locator(".excerpt")).to_have_count(0)
        live.store.conversations.rename(person.id, other.id, "")
        with opened(browser, live, place="#talks", language="es") as page:
            topic = words("es")["topic.work"]  # as it is called on this page, and nowhere else
            page.get_by_role("searchbox").fill(topic.upper())
            expect(page.locator(rows)).to_have_count(1)
            expect(page.get_by_role("link", name=topic)).to_be_visible()


def test_a_learner_sees_who_read_which_conversation_and_when(browser: Browser) -> None:
    with live_server(tutor(Puppet()), accounts=True) as live:
        store = live.store
        ana, tea = store.people.add("Ana"), store.people.add("Tea", "instructor")
        last = talked(store, time.time(), ana)
        group = store.classes.add("ENG 1", tea.id)
        store.classes.join(group.id, ana.id)
        with (
            opened(browser, live, fine=False) as page,
            opened(browser, live, fine=False) as teach,
        ):
            come_in(page, live, ana, "#settings")
            expect(page.get_by_role("heading", name="Who has read along")).to_be_visible()
            expect(page.get_by_text("Nobody has read a conversation of yours")).to_be_visible()
            page.get_by_role("checkbox", name="My teacher may read my conversations").check()
            expect(page.get_by_text("Saved.")).to_be_visible()
            come_in(teach, live, tea, f"teach#learner/{group.id}/{ana.id}")
            expect(teach.get_by_role("link", name="Talk 3")).to_be_visible()
            assert store.transcripts.readings(ana.id) == []  # titles are no reading
            teach.get_by_role("link", name="Talk 3").click()
            expect(teach.get_by_text("Ana sees that you read this.")).to_be_visible()
            page.reload()
            table = page.get_by_role("region", name="Who has read along").get_by_role("table").first
            expect(table.get_by_role("row")).to_have_count(2)
            row = table.get_by_role("row").last
            expect(row).to_contain_text("Tea")
            moment = row.locator("time").get_attribute("datetime")
            assert moment is not None
            assert abs(datetime.fromisoformat(moment).timestamp() - time.time()) < 60
            for _ in range(11):
                store.transcripts.read(tea.id, ana.id, last)
            first = store.conversations.of(ana.id)[-1]
            store.transcripts.read(tea.id, ana.id, first.id)
            store.conversations.delete(ana.id, first.id)
            page.reload()
            expect(table.get_by_role("row")).to_have_count(11)  # its head, and the newest ten
            expect(table.get_by_role("row").nth(1)).to_contain_text("A deleted conversation")
            page.get_by_text("Earlier (3)").press("Enter")
            expect(page.get_by_role("row")).to_have_count(15)
            store.people.delete(tea.id)
            page.reload()
            expect(table.get_by_role("row").nth(1)).to_contain_text("no longer here")
            table.get_by_role("link").first.press("Enter")
            expect(page.get_by_role("log")).to_contain_text("Which one?")


def test_choices_are_kept(browser: Browser) -> None:
    with live_server(tutor(Puppet())) as live, opened(browser, live) as page:
        page.get_by_role("combobox", name="Your first language").select_option("ar")
        expect(page.get_by_text("Saved.")).to_be_visible()
        page.get_by_role("combobox", name="Your English").select_option("B1")
        page.get_by_role("link", name="Settings").click()
        page.get_by_role("radio", name="Just talk").check()
        expect(page.get_by_text("Saved.")).to_be_visible()
        page.reload()
        expect(page.get_by_role("radio", name="Just talk")).to_be_checked()
        profile = live.store.people.local().profile
        assert (profile.l1, profile.level, profile.cap) == ("ar", "B1", Level.PASS)
        expect(page.get_by_role("checkbox")).to_have_count(0)  # nobody else is here to read along


def test_everything_can_be_taken_along_and_deleted(browser: Browser, tmp_path: Path) -> None:
    with live_server(tutor(Puppet())) as live:
        talked(live.store, time.time())
        with opened(browser, live, place="#settings") as page:
            with page.expect_download() as download:
                page.get_by_role("link", name="Download my data").click()
            download.value.save_as(tmp_path / "mine.json")
            assert "Yesterday I buy new coat." in json.dumps(
                json.loads((tmp_path / "mine.json").read_text("utf-8"))
            )
            page.get_by_role("button", name="Delete my data").click()
            page.get_by_role("dialog").get_by_role("button", name="Keep my data").click()
            assert len(live.store.conversations.of(live.store.people.local().id)) == 3
            page.get_by_role("button", name="Delete my data").click()
            page.get_by_role("dialog").get_by_role("button", name="Delete everything").click()
            expect(page.get_by_text("Everything of yours has been deleted.")).to_be_visible()
            expect(page.get_by_role("heading", name=words("en")["welcome"])).to_be_visible()
            assert live.store.conversations.of(live.store.people.local().id) == []


def test_a_page_that_cannot_be_had_says_so_and_comes_when_asked_again(browser: Browser) -> None:
    def broken(route: Route) -> None:
        route.fulfill(status=500, body="{}")

    with live_server(tutor(Puppet())) as live, opened(browser, live, fine=False) as page:
        expect(page.get_by_role("heading")).to_have_count(2)
        page.route("**/api/progress", broken)
        page.get_by_role("link", name="Your progress").click()
        expect(page.get_by_text("This could not be loaded.")).to_be_visible()
        page.unroute("**/api/progress")
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("heading", name="Your progress")).to_be_focused()


def test_with_accounts_one_comes_in_by_an_invitation(browser: Browser) -> None:
    with live_server(tutor(Puppet()), accounts=True) as live:
        expires = time.time() + 60
        token = live.store.invitations.make(None, "learner", expires, maker_id=None)
        asked: list[str] = []
        with opened(browser, live, fine=False) as page:
            expect(page.get_by_role("heading", name="You need an invitation")).to_be_visible()
            page.on("request", lambda request: asked.append(request.url))
            page.goto(f"{live.url}/#join={token}")
            expect(page.get_by_role("heading", name="You are invited")).to_be_visible()
            assert page.url == f"{live.url}/"
            page.get_by_label("Your name").fill("Ana")
            page.get_by_role("button", name="Begin").click()
            expect(page.get_by_role("heading", name=words("en")["welcome"])).to_be_visible()
            assert not [url for url in asked if token in url]
            say(page, "I go.")
            expect(page.get_by_role("log")).to_contain_text("What did you buy?")
            page.get_by_role("link", name="Settings").click()
            expect(page.get_by_text("Signed in as Ana")).to_be_visible()
            consent = page.get_by_role("checkbox", name="My teacher may read my conversations")
            expect(consent).not_to_be_checked()
            consent.check()
            expect(page.get_by_text("Saved.")).to_be_visible()
            page.go_back()
            expect(page.get_by_text("Your teacher can read this conversation.")).to_be_visible()
            page.get_by_role("link", name="Settings").click()
            page.get_by_role("button", name="Use another device").click()
            link = page.get_by_role("textbox", name="Use another device").input_value()
            with opened(browser, live, fine=False) as other:
                other.goto("about:blank")
                other.goto(link)
                other.get_by_role("link", name="Your conversations").click()
                expect(other.get_by_role("link", name="I go.")).to_be_visible()
            teacher = live.store.people.add("Tea", "instructor")
            group = live.store.classes.add("ENG 1", teacher.id)
            inside = live.store.invitations.make(group.id, "learner", expires, maker_id=teacher.id)
            page.goto(f"{live.url}/#join={inside}")
            page.get_by_role("dialog").get_by_role("button", name="Begin").click()
            assert soon(lambda: len(live.store.classes.members(teacher.id, group.id)) == 1)
            page.get_by_role("link", name="Settings").click()
            page.get_by_role("button", name="Sign out").click()
            expect(page.get_by_role("heading", name="You need an invitation")).to_be_visible()
            page.goto(f"{live.url}/#join={token}")
            page.get_by_label("Your name").fill("Eva")
            page.get_by_role("button", name="Begin").click()
            expect(page.get_by_text("This invitation no longer works.")).to_be_visible()
