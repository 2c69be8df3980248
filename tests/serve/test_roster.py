"""The tutors of the run and those of files, together."""

import asyncio
from pathlib import Path

import pytest
from live_server import Puppet, tutor
from tutor_files import write

from quimbot.exceptions import DataError
from quimbot.pedagogy.levels import Level
from quimbot.pedagogy.moves import tutor_prompt
from quimbot.records.record import Message, Move
from quimbot.runtimes.runtime import Sampling
from quimbot.serve.roster import Roster, open_roster
from quimbot.serve.tutor_file import TutorFile
from quimbot.serve.tutor_shelf import Shelf
from quimbot.serve.tutors import Tutor


def asked(one: Tutor, *messages: Message, prompt: Message | None = None) -> list[Message]:
    """What the runtime is asked."""

    async def ask() -> None:
        async for _ in one.answer(messages, Sampling(), prompt=prompt):
            pass

    asyncio.run(ask())
    assert isinstance(one.runtime, Puppet)
    return one.runtime.asked[-1][0]


def offered(folder: Path, name: str, **keys: object) -> Roster:
    """A run with one tutor, and one of a file beside it."""
    write(folder, name, **keys)
    shelf = Shelf(folder)
    shelf.refresh()
    return Roster({"tutor": tutor(Puppet())}, shelf)


def test_files_come_after_the_run_and_speak_through_it(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    write(tmp_path, "nora", prompt="You are Nora.", title="Nora")
    write(tmp_path, "omar", prompt="You are Omar.", base="scripted:hopeless")
    write(tmp_path, "ana", prompt="You are Ana.", base="scripted:echo")
    with open_roster("scripted:echo", shelf) as roster:
        assert list(roster) == ["scripted:echo", "ana", "nora", "omar"]
        assert roster["nora"].title == "Nora"
        assert roster["omar"].title == "omar"
        speaking = [one.runtime.name for one in roster.values()]
        assert speaking == ["scripted:echo", "scripted:echo", "scripted:echo", "scripted:hopeless"]


def test_an_adapters_folder_may_be_named_beside_the_file(tmp_path: Path) -> None:
    write(tmp_path, "nora", prompt="x", base="adapter")
    (tmp_path / "adapter").mkdir()
    with (
        pytest.raises(DataError, match=f"unknown base 'adapter'.*{tmp_path}/adapter"),
        open_roster("scripted:echo", Shelf(tmp_path)),
    ):
        pass


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("base", "nobody-at-all", "nora.toml:2: unknown base 'nobody-at-all'; allowed: scripted:e"),
        ("levels", ["shout"], "nora.toml:2: unknown level 'shout' in levels; allowed: pass, rec"),
        ("knowledge", ["word " * 790] * 4, "nora.toml:2: prompt and knowledge take .* 4,096 at m"),
    ],
)
def test_what_cannot_be_served_is_one_line(
    tmp_path: Path, key: str, value: object, said: str
) -> None:
    write(tmp_path, "nora", prompt="x", **{key: value})
    with (
        pytest.raises(DataError, match=said) as caught,
        open_roster("scripted:echo", Shelf(tmp_path)),
    ):
        pass
    assert "\n" not in str(caught.value)


def test_a_name_of_the_run_cannot_be_taken(tmp_path: Path) -> None:
    (tmp_path / "tutors.json").write_text('[{"name": "nora", "address": "scripted:echo"}]')
    write(tmp_path / "tutors", "nora", prompt="x")
    with (
        pytest.raises(DataError, match=r"nora.toml:1: the name 'nora' is taken by a tutor of the"),
        open_roster(str(tmp_path), Shelf(tmp_path / "tutors")),
    ):
        pass


def test_the_words_of_the_training_stay_whole(tmp_path: Path) -> None:
    nora = offered(
        tmp_path, "nora", prompt="You are Nora.", knowledge=["Tea is 2 euros."], l1="es"
    )["nora"]
    for move in Move:
        told = nora.told(move).content
        assert tutor_prompt(move, "es").content in told
        assert "You are Nora." in told
        assert "- Tea is 2 euros." in told
    assert "Korean" in nora.told(Move.HINT, "ko").content
    assert nora.prompt == nora.told(Move.RECAST)


@pytest.mark.parametrize(
    ("levels", "move"),
    [
        (["pass"], Move.EXPANSION),
        (["focused", "clue"], Move.RECAST),
        (["pass", "prompt", "clue"], Move.ELICITATION),
        (["clue"], Move.HINT),
    ],
)
def test_a_plain_client_gets_the_gentlest_help_allowed(
    tmp_path: Path, levels: list[str], move: Move
) -> None:
    nora = offered(tmp_path, "nora", prompt="x", levels=levels)["nora"]
    assert nora.prompt == nora.told(move)


def test_no_client_replaces_what_an_instructor_wrote(tmp_path: Path) -> None:
    roster = offered(tmp_path, "nora", prompt="You are Nora.")
    said = Message(role="user", content="Hello")
    pirate = Message(role="system", content="You are a pirate.")
    nora = roster["nora"]
    assert asked(nora, pirate, said, pirate) == [nora.prompt, said]
    assert asked(roster["tutor"], pirate, said) == [pirate, said]
    ours = nora.told(Move.HINT)
    assert asked(nora, pirate, said, prompt=ours) == [ours, said]
    assert asked(roster["tutor"], pirate, said, prompt=ours) == [ours, said]


def test_what_is_saved_is_there_at_once_and_a_reply_keeps_its_tutor(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    roster = Roster({"tutor": tutor(Puppet())}, shelf)
    version = shelf.save("nora", TutorFile(prompt="First.", levels=("recast",)), "")
    before = roster["nora"]
    version = shelf.save("nora", TutorFile(prompt="Second."), version)
    assert "First." in before.prompt.content
    assert "Second." in roster["nora"].prompt.content
    assert before.levels == {Level.RECAST}
    shelf.remove("nora", version)
    assert list(roster) == ["tutor"]
    with pytest.raises(KeyError):
        roster["nora"]


def test_a_file_whose_base_is_not_open_is_not_offered(tmp_path: Path) -> None:
    roster = offered(tmp_path, "nora", prompt="x", base="scripted:hopeless")
    assert list(roster) == ["tutor"]
    assert len(roster) == 1
    assert "nora" not in roster
