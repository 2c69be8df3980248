"""The folder of tutor files: nothing is lost, and nothing outside it is touched."""

from pathlib import Path

import pytest

from quimbot.exceptions import DataError
from quimbot.serve.tutor_file import TutorError, TutorFile
from quimbot.serve.tutor_shelf import Changed, Shelf, shipped_tutors

NORA = TutorFile(prompt="You are Nora.")
WARM = TutorFile(prompt="You are Nora, and warm.")


def test_every_version_before_is_kept(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    first = shelf.save("nora", NORA, "")
    second = shelf.save("nora", WARM, first)
    shelf.remove("nora", second)
    assert shelf.files == {}
    again = shelf.save("nora", NORA, "")
    assert again == first
    assert [path.read_text() for path in shelf.history("nora").values()] == [
        'prompt = "You are Nora."\n',
        'prompt = "You are Nora, and warm."\n',
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["history", "nora.toml"]


def test_the_history_of_one_name_is_not_that_of_a_longer_one(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    for name in ("nora", "nora-2"):
        shelf.save(name, WARM, shelf.save(name, NORA, ""))
    assert list(shelf.history("nora")) == [1]


def test_a_change_over_somebody_elses_is_refused(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    opened = shelf.save("nora", NORA, "")
    shelf.path("nora").write_text('prompt = "by hand"')
    for change in (
        lambda: shelf.save("nora", WARM, opened),
        lambda: shelf.remove("nora", opened),
        lambda: shelf.save("nora", WARM, ""),
    ):
        with pytest.raises(Changed):
            change()
    assert shelf.path("nora").read_text() == 'prompt = "by hand"'


def test_of_one_file_nothing_beside_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "nora.toml").write_text('prompt = "You are Nora."')
    (tmp_path / "omar.toml").write_text("broken")
    assert Shelf(tmp_path / "nora.toml").read() == {"nora": NORA}
    with pytest.raises(DataError, match="omar"):
        Shelf(tmp_path).read()


@pytest.mark.parametrize("name", ["../nora", "history/nora.1", "a/../../b", "nora.toml", ""])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    shelf = Shelf(tmp_path / "tutors")
    for does in (
        lambda: shelf.save(name, NORA, ""),
        lambda: shelf.remove(name, ""),
        lambda: shelf.tutor(name),
        lambda: shelf.version(name),
        lambda: shelf.history(name),
    ):
        with pytest.raises(TutorError):
            does()
    assert list(tmp_path.iterdir()) == []


def test_a_broken_file_leaves_what_was_read_before(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.save("nora", NORA, "")
    (tmp_path / "omar.toml").write_text("prompt = 3")
    with pytest.raises(DataError, match=r"omar.toml:1: prompt must be a text, found a number"):
        shelf.refresh()
    assert list(shelf.files) == ["nora"]


def test_a_file_with_a_bad_name_is_told(tmp_path: Path) -> None:
    (tmp_path / "My Tutor.toml").write_text('prompt = "x"')
    with pytest.raises(DataError, match=r"My Tutor.toml:1: 'My Tutor' cannot name a tutor"):
        Shelf(tmp_path).read()


def test_without_a_folder_there_are_none_and_none_is_needed(tmp_path: Path) -> None:
    assert Shelf(None).read() == {}
    assert Shelf(tmp_path / "later").read() == {}
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="is no folder"):
        Shelf(tmp_path / "file").read()


def test_an_example_is_shipped() -> None:
    assert shipped_tutors()["cafe"].topics
