"""The teachers' page in a real browser: what an instructor sees, makes, and can do by keyboard."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from live_server import Live, Puppet, live_server, soon, tutor
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tutor_files import write

from quimbot.pedagogy.events import Moved, Noticed, TookUp
from quimbot.pedagogy.kinds import Kind
from quimbot.pedagogy.learner import Profile
from quimbot.pedagogy.levels import Level
from quimbot.serve.store.person import Person
from quimbot.serve.store.store import Store
from quimbot.serve.tutor_shelf import Shelf

pytestmark = pytest.mark.timeout(120)

SAID = "Yesterday I go to the market."
REPLY = "Oh, you went to the market? What did you buy?"
BAD = "<img src=x onerror=document.title='broken'><script>document.title='broken'</script>"
PHONE, WIDE = (390, 844), (1280, 800)
Scheme = Literal["dark", "light"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    assert chromium, "these tests need a browser: apt-get install chromium"
    flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Browser,
    live: Live,
    place: str = "",
    *,
    person: Person | None = None,
    size: tuple[int, int] = WIDE,
    scheme: Scheme = "light",
    fine: bool = True,
) -> Iterator[Page]:
    """The page, signed in; with `fine`, anything the browser complains about fails the test."""
    with browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme
    ) as context:
        if person:
            secret = live.store.sessions.begin(person.id)
            context.add_cookies([{"name": "quimbot", "value": secret, "url": live.url}])
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{live.url}/teach{place}")
        yield page
        assert not fine or complaints == []


def talked(store: Store, person: Person, title: str = "") -> str:
    """A conversation in which a tense went wrong and was mended; gives its id."""
    talk = store.conversations.begin(person.id, "tutor", "Markets").id
    now = time.time()
    if title:
        store.conversations.rename(person.id, talk, title)
    store.conversations.add_turn(person.id, talk, "user", SAID)
    turn = store.conversations.add_turn(person.id, talk, "assistant", REPLY)
    wrong = Noticed(at=now, kind=Kind.TENSE, wrong="go", right="went", said=SAID, correction=SAID)
    moved = Moved(at=now, kind=Kind.TENSE, level=Level.RECAST, reason="tense is least known.")
    took = TookUp(at=now + 1, kind=Kind.TENSE, outcome="repair")
    store.events.add(person.id, talk, turn.id, [wrong, moved, took])
    return talk


def taught(store: Store, *names: str) -> tuple[Person, str, list[Person]]:
    """An instructor, a class, and its learners, of whom the first agreed to be read."""
    ana = store.people.add("Ana", "instructor")
    class_ = store.classes.add("ENG 2100", ana.id).id
    learners = []
    for number, name in enumerate(names):
        person = store.people.add(name, "learner")
        l1 = "es" if number < 4 else "zh"
        person = store.people.change(
            person.id, profile=Profile(l1=l1, level="B1"), consent=number == 0
        )
        store.classes.join(class_, person.id)
        learners.append(person)
    return ana, class_, learners


def bars(page: Page, size: tuple[int, int]) -> None:
    """Nothing bars anyone: axe finds nothing, nothing spills over, targets are large."""
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    for target in page.locator("button:visible, select:visible, textarea:visible").all():
        box = target.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44, target.text_content()


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark"), (WIDE, "light")])
def test_nothing_bars_anyone_from_making_a_tutor(
    browser: Browser, tmp_path: Path, size: tuple[int, int], scheme: Scheme
) -> None:
    shelf = Shelf(tmp_path)
    write(tmp_path, "nora", prompt="You are Nora.", title="Nora " + "verylong" * 8)
    shelf.refresh()
    with (
        live_server(tutor(Puppet(), "tutor", "Everyday English"), shelf=shelf) as live,
        opened(browser, live, size=size, scheme=scheme) as page,
    ):
        expect(page.get_by_role("link", name="At the café An example")).to_be_visible()
        bars(page, size)
        page.get_by_role("link", name="At the café An example").click()
        expect(page.get_by_role("heading", name="New tutor")).to_be_focused()
        expect(page.get_by_text("tokens.")).to_be_visible()
        bars(page, size)
        page.get_by_label("Instructions", exact=True).fill("")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Prompt is empty")).to_be_visible()
        bars(page, size)
        page.get_by_label("Instructions", exact=True).fill("You are Nora.")
        page.get_by_label("Your message to the tutor").fill(SAID)
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_role("log")).to_contain_text("What did you buy?", timeout=60_000)
        bars(page, size)


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "light"), (WIDE, "dark")])
def test_nothing_bars_anyone_from_seeing_a_class(
    browser: Browser, size: tuple[int, int], scheme: Scheme
) -> None:
    with live_server(tutor(Puppet()), accounts=True) as live:
        names = ("Beatriz", "Carlos", "Diego", "Elena", "Li Na", "Chen")
        ana, _, learners = taught(live.store, *names)
        talk, *_ = (talked(live.store, learner) for learner in learners)
        with opened(browser, live, "#classes", person=ana, size=size, scheme=scheme) as page:
            expect(page.get_by_role("link", name="ENG 2100")).to_be_visible()
            bars(page, size)
            page.get_by_role("link", name="ENG 2100").click()
            page.get_by_role("button", name="Make a link").click()
            expect(page.get_by_label("Invitation link")).to_be_visible()
            bars(page, size)
            page.get_by_role("link", name="Beatriz").click()
            expect(page.get_by_role("heading", name="Why this help")).to_be_visible()
            bars(page, size)
            page.get_by_role("link", name="Markets").click()
            expect(page.get_by_text(REPLY)).to_be_visible()
            bars(page, size)
        assert [one.conversation_id for one in live.store.transcripts.readings(learners[0].id)] == [
            talk
        ]


def test_a_tutor_is_made_by_keyboard_alone_and_found_by_learners(
    browser: Browser, tmp_path: Path
) -> None:
    with (
        live_server(tutor(Puppet()), shelf=Shelf(tmp_path)) as live,
        opened(browser, live, "#new") as page,
    ):
        expect(page.get_by_role("heading", name="New tutor")).to_be_visible()
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Go to the page")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.type("Café Ñora")
        page.keyboard.press("Tab")
        expect(page.get_by_label("Name", exact=True)).to_have_value("cafe-nora")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.type("You are Nora.")
        for level in ("recast", "focused", "prompt", "clue"):
            page.keyboard.press("Tab")
            expect(page.locator(f"#l-{level}")).to_be_focused()
        page.keyboard.press("Space")
        page.get_by_role("button", name="Save").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_have_text(
            "Saved. It answers so from the next message on."
        )
        expect(page.get_by_role("heading", name="Café Ñora")).to_be_visible()
        file = Shelf(tmp_path).read()["cafe-nora"]
        assert file.levels == ("pass", "recast", "focused", "prompt")
        names = page.evaluate(
            "fetch('/v1/models').then(r => r.json()).then(m => m.data.map(d => d.id))"
        )
        assert names == ["tutor", "cafe-nora"]


def test_a_change_is_kept_with_what_was_before(browser: Browser, tmp_path: Path) -> None:
    write(tmp_path, "nora", prompt="You are Nora.", knowledge=["One.", "Two."])
    shelf = Shelf(tmp_path)
    shelf.refresh()
    with live_server(tutor(Puppet()), shelf=shelf) as live:
        with opened(browser, live, "#tutor/nora") as page:
            page.get_by_role("button", name="Remove note 1").click()
            page.get_by_role("button", name="Add a note").click()
            page.keyboard.type("Three.")
            page.get_by_role("button", name="Save").click()
            expect(page.get_by_role("status")).to_contain_text("Saved.")
            assert shelf.files["nora"].knowledge == ("Two.", "Three.")
            page.get_by_label("Title").fill("Nora")
            page.get_by_role("button", name="Save").click()
            expect(page.get_by_role("status")).to_contain_text("Saved.")
        with opened(browser, live, "#tutor/nora") as page:
            page.get_by_label("Earlier versions").select_option("1")
            page.get_by_role("button", name="Open in the form").click()
            expect(page.get_by_label("Note 1", exact=True)).to_have_value("One.")
            page.get_by_role("button", name="Save").click()
            expect(page.get_by_role("status")).to_contain_text("Saved.")
            assert shelf.files["nora"].knowledge == ("One.", "Two.")


def test_a_fault_stands_beside_its_field_and_is_gone_when_mended(
    browser: Browser, tmp_path: Path
) -> None:
    with (
        live_server(tutor(Puppet()), shelf=Shelf(tmp_path)) as live,
        opened(browser, live, "#new") as page,
    ):
        name = page.get_by_label("Name", exact=True)
        name.fill("My tutor!")
        expect(page.locator("#e-name")).to_contain_text("cannot name a tutor")
        expect(page.locator("#e-prompt")).to_have_text("")  # not touched yet
        assert name.get_attribute("aria-invalid") == "true"
        assert "e-name" in (name.get_attribute("aria-describedby") or "")
        name.fill("my-tutor")
        expect(page.locator("#e-name")).to_have_text("")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_label("Instructions", exact=True)).to_be_focused()
        expect(page.locator("#e-prompt")).to_contain_text("Prompt is empty")
        assert list(tmp_path.iterdir()) == []


def test_the_draft_answers_with_its_help_and_the_reason(browser: Browser) -> None:
    puppet = Puppet()
    with live_server(tutor(puppet)) as live, opened(browser, live, "#new") as page:
        page.get_by_label("Instructions", exact=True).fill("You are Nora.")
        page.get_by_label("Your message to the tutor").fill(SAID)
        page.keyboard.press("Enter")
        log = page.get_by_role("log")
        expect(log).to_contain_text("Focused recast · Tense", timeout=60_000)
        expect(page.locator(".why")).to_contain_text("tense", ignore_case=True)
        assert "You are Nora." in puppet.asked[0][0][0].content
        assert live.store.conversations.of(live.store.people.local().id) == []
        page.get_by_role("button", name="Start over").click()
        expect(log).to_be_empty()
        page.keyboard.type("I am fine.")
        page.keyboard.press("Enter")
        expect(page.locator(".why")).to_contain_text("No error was noticed", timeout=60_000)
        assert [message.content for message in puppet.asked[-1][0][1:]] == ["I am fine."]


def test_stop_really_stops_the_draft(browser: Browser) -> None:
    puppet = Puppet(line=["Yes, and. "] * 400, pause_s=0.02)
    with live_server(tutor(puppet)) as live, opened(browser, live, "#new") as page:
        page.get_by_label("Instructions", exact=True).fill("You are Nora.")
        page.get_by_label("Your message to the tutor").fill("I am fine.")
        page.keyboard.press("Enter")
        expect(page.get_by_role("log")).to_contain_text("Yes, and. Yes, and.", timeout=60_000)
        page.keyboard.press("Escape")
        expect(page.get_by_text("Stopped.")).to_be_visible()
        assert soon(lambda: live.gate.free == 4 and puppet.left >= 1)


def test_what_is_not_saved_is_not_left_by_accident(browser: Browser, tmp_path: Path) -> None:
    with (
        live_server(tutor(Puppet()), shelf=Shelf(tmp_path)) as live,
        opened(browser, live, "#new") as page,
    ):
        page.get_by_label("Title").fill("Nora")
        page.get_by_role("link", name="Classes").click()
        expect(page.get_by_role("dialog")).to_contain_text("Leave without saving?")
        page.keyboard.press("Escape")
        expect(page.get_by_label("Title")).to_have_value("Nora")
        page.get_by_role("link", name="Classes").click()
        page.get_by_role("button", name="Leave").click()
        expect(page.get_by_role("heading", name="Classes", exact=True)).to_be_visible()


def test_a_link_is_made_copied_and_revoked(browser: Browser) -> None:
    with live_server(tutor(Puppet()), accounts=True) as live:
        ana, class_, _ = taught(live.store)
        with opened(browser, live, f"#class/{class_}", person=ana) as page:
            page.context.grant_permissions(["clipboard-read", "clipboard-write"])
            page.get_by_role("button", name="Make a link").click()
            link = page.get_by_label("Invitation link").input_value()
            page.get_by_role("button", name="Copy").click()
            expect(page.get_by_role("status")).to_have_text("Copied.")
            assert page.evaluate("navigator.clipboard.readText()") == link
            assert link.startswith(f"{live.url}/#join=")
            page.reload()
            expect(page.get_by_text("30 people may still come in")).to_be_visible()
            page.get_by_role("button", name="Revoke").click()
            expect(page.get_by_role("status")).to_contain_text("Nobody can come in by that link")
            expect(page.get_by_text("may still come in")).to_have_count(0)


def test_few_learners_are_not_told_and_it_is_said(browser: Browser) -> None:
    with live_server(tutor(Puppet()), accounts=True) as live:
        ana, class_, learners = taught(live.store, "Beatriz", "Carlos")
        for learner in learners:
            talked(live.store, learner)
        with opened(browser, live, f"#class/{class_}", person=ana) as page:
            expect(page.get_by_role("row", name="Tense")).to_contain_text("< 3")
            expect(page.get_by_text("so that nobody can be picked out")).to_be_visible()
            expect(page.locator(".totals")).to_contain_text("fewer than 3")
            with page.expect_download() as download:
                page.get_by_role("link", name="Overview as CSV").click()
            assert "tense,fewer than 3" in Path(download.value.path()).read_text("utf-8-sig")


def test_who_did_not_agree_is_not_read(browser: Browser) -> None:
    with live_server(tutor(Puppet()), accounts=True) as live:
        ana, class_, (_, carlos) = taught(live.store, "Beatriz", "Carlos")
        talked(live.store, carlos)
        with opened(browser, live, f"#learner/{class_}/{carlos.id}", person=ana) as page:
            expect(page.get_by_text("Carlos has not agreed that you read along.")).to_be_visible()
            expect(page.get_by_text("Tense is least known.")).to_be_visible()
            expect(page.get_by_text(SAID)).to_have_count(0)


def test_a_learner_is_kindly_shown_the_way(browser: Browser) -> None:
    with live_server(tutor(Puppet()), accounts=True) as live:
        _, class_, (bea,) = taught(live.store, "Beatriz")
        with opened(browser, live, f"#class/{class_}", person=bea) as page:
            expect(page.get_by_text("This page is for instructors.")).to_be_visible()
        with opened(browser, live, fine=False) as page:
            expect(page.get_by_text("open the link of your invitation")).to_be_visible()


def test_what_anyone_writes_is_shown_as_text(browser: Browser, tmp_path: Path) -> None:
    write(tmp_path, "nora", prompt=BAD, title=BAD[:80], topics=[BAD[:70]], knowledge=[BAD])
    shelf = Shelf(tmp_path)
    shelf.refresh()
    with live_server(tutor(Puppet(line=[BAD]), "t", BAD), shelf=shelf, accounts=True) as live:
        ana, class_, (bea, _) = taught(live.store, BAD, "=1+1")
        live.store.classes.rename(ana.id, class_, BAD)
        talk = talked(live.store, bea, BAD)
        live.store.conversations.add_turn(bea.id, talk, "user", BAD)
        owner = live.store.people.add("Olga", "owner")
        places = ["#tutors", "#tutor/nora", "#classes", f"#class/{class_}"]
        for place in places:
            with opened(browser, live, place, person=owner) as page:
                expect(page.get_by_text("<img").or_(page.locator("textarea")).first).to_be_visible()
                assert page.locator("main img, main script").count() == 0
                assert "broken" not in page.title().replace(BAD[:80], "").replace(BAD, "")
        for place in (f"#learner/{class_}/{bea.id}", f"#talk/{class_}/{bea.id}/{talk}"):
            with opened(browser, live, place, person=ana) as page:
                expect(page.get_by_text("<img").first).to_be_visible()
                assert page.locator("main img, main script").count() == 0


def test_at_twice_the_size_everything_is_still_there(browser: Browser) -> None:
    with (
        live_server(tutor(Puppet())) as live,
        opened(browser, live, "#new", size=(640, 400)) as page,
    ):
        page.get_by_role("button", name="Try it").click()
        expect(page.get_by_label("Your message to the tutor")).to_be_focused()
        assert page.evaluate("document.documentElement.scrollWidth") <= 640
