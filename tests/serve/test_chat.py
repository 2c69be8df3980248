"""The terminal chat: the page's tutoring and store, what can be looked at, and how it is left."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import AbstractContextManager, aclosing
from pathlib import Path

import pytest
from live_server import Puppet, live_server, soon, tutor
from tutor_files import write

from quimbot.exceptions import DataError, RecipeError
from quimbot.pedagogy.levels import Level
from quimbot.runtimes.runtime import Sampling
from quimbot.serve.chat import Chat, ChatSettings, open_chat
from quimbot.serve.store.store import Store
from quimbot.serve.wire import ApiError

ERROR = "Yesterday I go to the market."
AS_IN_A_TERMINAL = """
import signal
from quimbot.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a job in the background
main()
"""
LINE = ("Oh, yesterday ", "you went to the market! ", "What did you ", "buy?")


def said(chat: Chat, text: str, *, pieces: int | None = None) -> str:
    """What the tutor answers, left after so many pieces."""

    async def listen() -> str:
        heard: list[str] = []
        async with aclosing(chat.say(text)) as reply:
            async for piece in reply:
                heard.append(piece)
                if len(heard) == pieces:
                    break
        return "".join(heard)

    return asyncio.run(listen())


def chat_with(store: Store, puppet: Puppet, seed: int = 0) -> Chat:
    return Chat(store, tutor(puppet), Sampling(seed=seed), store.people.local())


def asked(puppet: Puppet) -> list[str]:
    """What the runtime was asked last, the system message aside."""
    return [m.content for m in puppet.asked[-1][0] if m.role != "system"]


@pytest.fixture
def sqlite(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def test_turns_are_remembered_until_a_new_conversation(sqlite: Path) -> None:
    puppet = Puppet(line=["Ok", "."])
    with Store.open(sqlite) as store:
        chat = chat_with(store, puppet, seed=5)
        assert said(chat, "I like tea.") == "Ok."
        said(chat, "I like milk.")
        assert asked(puppet) == ["I like tea.", "Ok.", "I like milk."]
        assert [sampling.seed for _, sampling in puppet.asked] == [5, 7]
        chat.begin_again()
        said(chat, "Hello!")
        assert asked(puppet) == ["Hello!"]
        assert len(store.conversations.of(store.people.local().id)) == 2


def test_review_why_and_progress_tell_what_the_store_has(sqlite: Path) -> None:
    with Store.open(sqlite) as store:
        chat = chat_with(store, Puppet(LINE))
        assert chat.review() == chat.why() == "Nothing was said in this conversation yet."
        assert chat.progress().startswith("Nothing")
        said(chat, ERROR)
        said(chat, "Yes, I went to the market.")
        review = chat.review()
        assert "You said     Yesterday I [go] to the market" in review
        assert "One can say  Yesterday I [went] to the market" in review
        assert "you took it up" in review
        assert "Returns: tense" in review
        assert "tense" in chat.progress()
        assert "after help 1, to mend 1" in chat.progress()
        assert chat.why().endswith(".")
        again = chat_with(store, Puppet(LINE))
        assert again.review().startswith("Nothing was said")
        assert again.progress() == chat.progress()


def test_a_reply_left_early_is_remembered_as_far_as_it_was_heard(sqlite: Path) -> None:
    puppet = Puppet(LINE)
    with Store.open(sqlite) as store:
        chat = chat_with(store, puppet)
        heard = said(chat, ERROR, pieces=1)
        assert puppet.left == 1
        said(chat, "I went there.")
        assert asked(puppet) == [ERROR, heard.strip(), "I went there."]


def test_a_turn_too_long_is_told_and_the_talk_goes_on(sqlite: Path) -> None:
    with Store.open(sqlite) as store:
        chat = chat_with(store, Puppet(["Ok."]))
        with pytest.raises(ApiError, match="2000 characters"):
            said(chat, "a" * 2001)
        assert said(chat, "I like tea.") == "Ok."


def test_what_a_learner_tells_once_is_kept(sqlite: Path) -> None:
    told = ChatSettings(address="scripted:echo", store=str(sqlite), l1="ko", cap="prompt")
    with open_chat(told):
        pass
    with open_chat(ChatSettings(address="scripted:echo", store=str(sqlite), level="B1")) as chat:
        assert said(chat, "Hello you") == "Hello you"
    with Store.open(sqlite) as store:
        profile = store.people.local().profile
    assert (profile.l1, profile.level, profile.cap) == ("ko", "B1", Level.PROMPT)


def test_an_unknown_tutor_lists_those_there_are(sqlite: Path) -> None:
    settings = ChatSettings(address="scripted:echo", tutor="recast", store=str(sqlite))
    with (
        pytest.raises(RecipeError, match="choose one of scripted:echo"),
        open_chat(settings),
    ):
        pass


def test_a_tutor_of_a_file_is_told_and_bound_by_what_it_says(sqlite: Path, tmp_path: Path) -> None:
    cafe = write(tmp_path / "tutors", "cafe", prompt="You run a cafe.", levels=["pass"])
    write(tmp_path / "tutors", "bakery", prompt="You run a bakery.")
    puppet = Puppet(LINE)
    with live_server(tutor(puppet)) as live:

        def chatting(tutors: Path, who: str = "") -> AbstractContextManager[Chat]:
            address = f"{live.url}/v1#tutor"
            return open_chat(
                ChatSettings(address=address, tutor=who, tutors=str(tutors), store=str(sqlite))
            )

        with chatting(cafe.parent) as chat:
            assert "you went" in said(chat, ERROR)
        with chatting(cafe.parent, "cafe") as chat:
            assert "you went" not in said(chat, ERROR)  # nothing may be put right
            assert "You run a cafe." in puppet.asked[-1][0][0].content
        with chatting(cafe) as chat:  # of one file alone, it is that tutor
            said(chat, ERROR)
        with pytest.raises(RecipeError) as caught, chatting(cafe.parent, "caffe"):
            pass
    assert str(caught.value) == (
        "chat: no tutor 'caffe'; choose one of tutor, bakery, cafe; did you mean 'cafe'?"
    )
    with Store.open(sqlite) as store:
        talks = store.conversations.of(store.people.local().id)
        assert sorted(talk.tutor for talk in talks) == ["cafe", "cafe", "tutor"]


def test_the_files_of_a_run_are_read_without_being_named(sqlite: Path, tmp_path: Path) -> None:
    entry = {"name": "echo", "address": "scripted:echo"}
    (tmp_path / "tutors.json").write_text(json.dumps([entry]))
    write(tmp_path / "tutors", "cafe", prompt="You run a cafe.")
    settings = ChatSettings(address=str(tmp_path), store=str(sqlite), tutor="cafe")
    with open_chat(settings) as chat:
        said(chat, "Hello you")
    write(tmp_path / "tutors", "echo", prompt="You are another.")
    with pytest.raises(DataError, match="taken by a tutor of the run"), open_chat(settings):
        pass


@pytest.mark.parametrize("place", ["nowhere", "notes.txt"])
def test_a_place_without_tutors_is_told(sqlite: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "notes.txt").touch()
    settings = ChatSettings(
        address="scripted:echo", store=str(sqlite), tutors=str(tmp_path / place)
    )
    with pytest.raises(DataError, match=f"{place}: no folder of tutor files"), open_chat(settings):
        pass


@pytest.mark.parametrize("bad", [{"max_tokens": 0}, {"temperature": -1.0}, {"temperature": 3.0}])
def test_settings_out_of_range_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(RecipeError, match=next(iter(bad))):
        ChatSettings(address="x", **bad)  # type: ignore[arg-type] # wrong on purpose


def test_ctrl_c_stops_the_reply_and_not_the_program(sqlite: Path) -> None:
    puppet = Puppet(["Tea is nice, I think! ", *["And then, and then. "] * 600], pause_s=0.05)
    with live_server(tutor(puppet)) as live:
        flags = ["chat", f"{live.url}/v1#tutor", "--store", str(sqlite)]
        talk = subprocess.Popen(
            [sys.executable, "-c", AS_IN_A_TERMINAL, *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            text=True,
        )
        assert talk.stdin
        assert talk.stdout
        talk.stdin.write("I like tea.\n")
        talk.stdin.flush()
        shown = ""
        while "nice" not in shown:
            shown += talk.stdout.read(1)
        talk.send_signal(signal.SIGINT)
        told, errors = talk.communicate("/why\n/nonsense\n/quit\n", timeout=60)
        assert soon(lambda: puppet.left == 1)
    assert talk.returncode == 0, errors
    assert "No error was noticed in this turn." in told
    assert "/review" in errors
    with Store.open(sqlite) as store:
        person = store.people.local()
        (talked,) = store.conversations.of(person.id)
        assert store.conversations.turns(person.id, talked.id)[-1].state == "stopped"
