"""A tutor as a file: what is read, what is refused with its line, and what a form writes."""

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quimbot.exceptions import DataError
from quimbot.pedagogy.levels import Level
from quimbot.pedagogy.moves import LANGUAGE
from quimbot.serve.tutor_file import (
    LEVELS,
    PROFICIENCY,
    TutorError,
    TutorFile,
    check_name,
    checked,
    read_tutor,
    toml_of,
)

LINE = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60).filter(
    str.strip
)
LINES = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"),
    min_size=1,
    max_size=80,
).filter(str.strip)


def several(texts: st.SearchStrategy[str], most: int = 4) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(texts, max_size=most).map(tuple)


FILES = st.builds(
    TutorFile,
    prompt=LINES,
    title=LINE,
    base=LINE,
    levels=st.lists(st.sampled_from(list(LEVELS)), min_size=1, unique=True).map(tuple),
    topics=several(LINE),
    starters=several(LINE),
    knowledge=several(LINES),
    l1=st.sampled_from(["", *LANGUAGE]),
    level=st.sampled_from(["", *PROFICIENCY]),
    author=LINE,
)


@given(FILES)
def test_what_is_written_is_read_again(file: TutorFile) -> None:
    assert checked(tomllib.loads(toml_of(file))) == file


def test_the_least_file_is_a_prompt(tmp_path: Path) -> None:
    path = tmp_path / "nora.toml"
    path.write_text('prompt = "You are Nora."\n')
    file = read_tutor(path)
    assert file.allowed() == frozenset(Level)
    assert file.highest() is Level.CLUE


def test_the_cap_is_the_highest_level_unless_it_is_said() -> None:
    some = TutorFile(prompt="x", levels=("recast", "prompt"))
    assert some.highest() is Level.PROMPT
    assert TutorFile(prompt="x", cap="recast").highest() is Level.RECAST


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('promt = "x"', "unknown key 'promt'; allowed: .*; did you mean 'prompt'?"),
        ('levels = ["recst"]', "unknown level 'recst' in levels; allowed: pass, recast, .*recast'"),
        ('levels = ["recast",\n  "shout"]', "unknown level 'shout'"),
        ("levels = []", "levels is empty; allow some of pass, recast"),
        ('levels = "recast"', "levels must be a list of texts, found a text"),
        ("topics = [3]", "topics must be a list of texts, found a number in it"),
        ('topics = [" "]', "topics has an empty entry"),
        ('topics = ["a\\nb"]', "topics has characters that are no plain text"),
        ("title = true", "title must be a text, found true or false"),
        ('title = "\\u001b[31m"', "title has characters that are no plain text"),
        ('l1 = "de"', "unknown l1 'de' in l1; allowed: es, zh, ar, ko"),
        ('level = "B3"', "unknown level 'B3' in level; allowed: A2, B1, B2, C1"),
        ('cap = "max"', "unknown level 'max' in cap; allowed: pass, recast"),
        ('levels = ["prompt"]\ncap = "recast"', "cap 'recast' is below every level allowed"),
        (f'title = "{"x" * 81}"', "title has 81 characters in one text; 80 at most"),
        (f"starters = {['x'] * 9}", "starters has 9 entries; 8 at most"),
        ("prompt = 'twice'", "not TOML .*mend that line"),
        ("title = ", "not TOML"),
        ("[tutor]", "unknown key 'tutor'"),
    ],
)
def test_a_fault_is_one_line_with_file_line_and_what_is_allowed(
    tmp_path: Path, line: str, said: str
) -> None:
    path = tmp_path / "nora.toml"
    path.write_text(f'prompt = """\nlevels = [\n"""\n{line}\n')
    with pytest.raises(DataError, match=said) as caught:
        read_tutor(path)
    number = 5 if "\n" in line else 4
    assert str(caught.value).startswith(f"{path}:{number}: ")
    assert "\n" not in str(caught.value)


def test_the_file_in_the_guide_is_one() -> None:
    guide = Path(__file__).parents[2] / "docs" / "instructors.md"
    (block,) = re.findall(r"```toml\n(.*?)```", guide.read_text("utf-8"), re.DOTALL)
    tree = tomllib.loads(block)
    assert checked(tree).highest() is Level.FOCUSED
    assert {*tree, "author"} == set(TutorFile.__struct_fields__)  # it shows every key


def test_a_file_without_a_prompt_says_so(tmp_path: Path) -> None:
    path = tmp_path / "nora.toml"
    path.write_text('title = "Nora"\n')
    with pytest.raises(DataError, match=r"nora.toml:1: prompt is empty"):
        read_tutor(path)


def test_bytes_that_are_no_text_are_one_line(tmp_path: Path) -> None:
    path = tmp_path / "nora.toml"
    path.write_bytes(b'prompt = "\xff"')
    with pytest.raises(DataError, match=r"nora.toml:1: not TOML"):
        read_tutor(path)


def test_all_faults_are_told_at_once_for_a_form() -> None:
    with pytest.raises(TutorError) as caught:
        checked({"prompt": "", "levels": ["shout"], "l1": "de"})
    assert [fault.field for fault in caught.value.faults] == ["levels", "l1", "prompt"]


@pytest.mark.parametrize("name", ["nora", "cafe-2", "a", "b1-travel"])
def test_a_plain_word_is_a_name(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    "name",
    ["", "..", "../etc", "a/b", "a\\b", "a.b", "Nora", "né", "-a", "a-", "a--b", "a\n", "x" * 41,
     "a b", "\0", "%2e%2e", "con.", "history/nora.1"],
)  # fmt: skip
def test_whatever_could_leave_the_folder_is_no_name(name: str) -> None:
    with pytest.raises(TutorError, match="cannot name a tutor") as caught:
        check_name(name)
    assert "\n" not in str(caught.value)
