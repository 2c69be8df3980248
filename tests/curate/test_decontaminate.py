"""What a tutor is tested on does not get into what it is trained on, and everyday talk stays."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import WORDS

from quimbot.curate.decontaminate import DecontaminateSettings, decontaminate
from quimbot.curate.leaks import EVERYDAY, Leaks, covered, longest_run
from quimbot.curate.protected import Protected, protected
from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import read_rows, write_rows
from quimbot.records.manifest import read_manifest
from quimbot.records.record import Lesson, Message, Move, Provenance, Record
from quimbot.records.rejected import Rejected, rejected_path
from quimbot.runs.watch import Silent
from quimbot.sources.pull import PullSettings, pull
from quimbot.verify.suite import SHIPPED, load_suite

RUN = 8
turns = st.lists(st.sampled_from(WORDS), min_size=1, max_size=14)


def chat(*texts: str, taught_at: int = 0) -> Record:
    roles = ("user", "assistant") * len(texts)
    return Record(
        messages=tuple(
            Message(role=role, content=text)  # type: ignore[arg-type] # two of the three
            for role, text in zip(roles, texts, strict=False)
        ),
        lessons=(Lesson(turn=taught_at, move=Move.RECAST, corrections=("x",)),)
        if taught_at
        else (),
        provenance=Provenance(source="test", licence="MIT"),
    )


def run(folder: Path, rows: list[Record], **more: object) -> tuple[list[bytes], list[Rejected]]:
    write_rows(folder / "in.jsonl", rows)
    output = folder / "out.jsonl"
    decontaminate(
        DecontaminateSettings(input=(folder / "in.jsonl",), output=output, **more),  # type: ignore[arg-type] # settings by name
        Silent(),
    )
    return output.read_bytes().splitlines(), list(read_rows(rejected_path(output), Rejected))


@pytest.fixture(scope="module")
def shipped() -> list[Protected]:
    return protected(SHIPPED, ())


def test_any_shipped_turn_is_found_with_any_one_word_changed(shipped: list[Protected]) -> None:
    leaks = Leaks(shipped, run=RUN)
    for turn in shipped:
        if len(turn.words) <= EVERYDAY:
            continue
        changed = [
            [*turn.words[:place], "quokka", *turn.words[place + 1 :]]
            for place in range(len(turn.words))
        ]
        rows = [chat(f"Hello. {' '.join(words)} Is it good?", "I see.") for words in changed]
        for leak in leaks.find(rows):
            assert leak is not None
            assert leak.turn == turn or leak.share >= (len(turn.words) - 1) / len(turn.words)


def test_everyday_talk_gives_nothing_away(tmp_path: Path) -> None:
    for corpus in ("general", "care"):
        pull(PullSettings(source=corpus, output=tmp_path / "in.jsonl"), Silent())
        lines = (tmp_path / "in.jsonl").read_bytes().splitlines()
        rows = [msgspec.json.decode(line, type=Record) for line in lines]
        stay, fallen = run(tmp_path, rows)
        assert (stay, fallen) == (lines, [])


def test_a_rejected_row_says_which_turn_and_which_words(tmp_path: Path) -> None:
    turn = load_suite("grammar")[0]
    words = turn.learner.split()
    words[3] = "quickly"
    rows = [chat(" ".join(words), "Warm now?"), chat("My landlord is nice.", "Is he?")]
    stay, fallen = run(tmp_path, rows)
    assert stay == [msgspec.json.encode(rows[1])]
    (row,) = fallen
    assert (row.reason, row.check) == ("near-turn", "decontaminate")
    assert (row.match, row.match_at) == (turn.id, "grammar")
    assert row.detail.startswith("the landlord finally ... heater so my room")
    assert row.similarity == pytest.approx(1 - 1 / 14, abs=1e-4)
    manifest = read_manifest(tmp_path / "out.jsonl")
    assert manifest.facts["from"] == {"grammar": 1}
    assert manifest.facts["rejected"] == {"near-turn": 1}


def test_a_run_of_words_is_found_in_a_reply_too(tmp_path: Path) -> None:
    words = load_suite("tone")[0].learner.split()
    rows = [chat("What did he say?", f"He said: {' '.join(words[:length])}") for length in (7, 8)]
    stay, (fallen,) = run(tmp_path, rows)
    assert stay == [msgspec.json.encode(rows[0])]
    assert fallen.reason == "shared-words"
    assert len(fallen.detail.split()) == RUN
    assert run(tmp_path, rows, words=9)[1] == []


def test_what_held_out_records_teach_on_is_protected(tmp_path: Path) -> None:
    held_out = [
        chat("I has a big brown dog at home.", "You have a dog?", "Yes, I do.", "Its name?"),
        chat("Nice day.", "It is!", "I am agree.", "You agree?", taught_at=3),
    ]
    path = tmp_path / "valid.jsonl"
    write_rows(path, held_out)
    rows = [
        chat("I has a small brown dog at home.", "Really?"),
        chat("I am agree.", "You agree?"),
        chat("It rains.", "Oh.", "I am agree.", "Fine."),
        chat("It rains.", "Oh?", "Yes, I do.", "Fine."),
        chat("Is it a nice day? I am agree with you.", "Fine."),
    ]
    stay, fallen = run(tmp_path, rows, suites=(), held_out=(path,))
    assert stay == [msgspec.json.encode(row) for row in rows[2:]]
    assert [(row.match, row.match_at) for row in fallen] == [
        (record.id, f"{path}:{number}") for number, record in enumerate(held_out, 1)
    ]


@given(st.lists(turns, min_size=1, max_size=6), st.lists(turns, min_size=1, max_size=6))
@example([WORDS[:6]], [[*WORDS[:2], "nice", *WORDS[3:6]]])
def test_the_index_finds_what_comparing_everything_finds(
    asked: list[list[str]], said: list[list[str]]
) -> None:
    kept = [Protected(str(place), "suite", tuple(words)) for place, words in enumerate(asked)]
    found = Leaks(kept, run=RUN).find([chat(" ".join(words), "Yes.") for words in said])
    for words, leak in zip(said, found, strict=True):
        assert (leak is not None) == any(gives_away(words, turn) for turn in asked)
        if leak is not None:
            assert gives_away(words, list(leak.turn.words))


def gives_away(said: list[str], turn: list[str]) -> bool:
    if len(turn) <= EVERYDAY:
        return said == turn
    windows = [said[max(begin, 0) : begin + len(turn)] for begin in range(-len(turn), len(said))]
    return (
        max(subsequence(turn, window) for window in windows) >= len(turn) - len(turn) // 5
        or len(longest_run(turn, said)) >= RUN
    )


def subsequence(left: list[str], right: list[str]) -> int:
    """The length of the longest common one, by the textbook's table."""
    row = [0] * (len(right) + 1)
    for word in left:
        before = row
        row = [0]
        for place, other in enumerate(right, 1):
            row.append(before[place - 1] + 1 if word == other else max(row[-1], before[place]))
    return row[-1]


@given(turns, turns)
def test_covered_words_are_the_most_that_a_window_holds(turn: list[str], said: list[str]) -> None:
    share, shown = covered(turn, said)
    windows = [said[max(begin, 0) : begin + len(turn)] for begin in range(-len(turn), len(said))]
    assert share == max(subsequence(turn, window) for window in windows)
    assert len(shown.replace("...", "").split()) == share


def test_bad_settings_and_files_are_one_line(tmp_path: Path) -> None:
    one = (tmp_path / "in.jsonl",)
    with pytest.raises(RecipeError, match="input names no file"):
        DecontaminateSettings(input=(), output=tmp_path)
    with pytest.raises(RecipeError, match="there is nothing to protect; name suites"):
        DecontaminateSettings(input=one, output=tmp_path, suites=())
    with pytest.raises(RecipeError, match="words 2 must be 3 or more"):
        DecontaminateSettings(input=one, output=tmp_path, words=2)
    with pytest.raises(RecipeError, match="unknown suite 'gramar': no such file"):
        run(tmp_path, [chat("Hello.", "Hi!")], suites=("gramar",))
    with pytest.raises(DataError, match=r"in.jsonl: holds no records"):
        run(tmp_path, [])
    write_rows(tmp_path / "valid.jsonl", [chat("?!", "Hi!")])
    with pytest.raises(DataError, match=r"valid.jsonl: no learner turn to protect"):
        run(tmp_path, [chat("Hi.", "Hi!")], suites=(), held_out=(tmp_path / "valid.jsonl",))
