"""Chats without lessons get theirs from a file of corrections; then a filter can prove them."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quimbot.curate.corrections import Corrections, Known
from quimbot.curate.filter import FilterSettings, filter_records, reach
from quimbot.exceptions import DataError
from quimbot.records.jsonl import read_records, read_rows, write_rows
from quimbot.records.manifest import read_manifest
from quimbot.records.record import Message, Move, Provenance, Record, Verdict
from quimbot.records.rejected import Rejected, rejected_path
from quimbot.runs.watch import Silent

WRONG, RIGHT = "I go to the park yesterday.", "I went to the park yesterday."
TWO = "My brother go to gym."
FINE = "I have a cat and she sleeps all day."


def chat(*turns: str) -> Record:
    roles = ("user", "assistant")
    messages = tuple(
        Message(role=roles[place % 2], content=turn)  # type: ignore[arg-type] # both are roles
        for place, turn in enumerate(turns)
    )
    return Record(messages=messages, provenance=Provenance(source="test", licence="MIT"))


@pytest.fixture
def corrections(tmp_path: Path) -> Path:
    path = tmp_path / "corrections.jsonl"
    rows = [
        {"id": "1", "learner": WRONG, "correction": RIGHT, "n_errors": 1, "license": "MIT"},
        {"learner": TWO, "corrections": ["My brother goes to the gym."]},
        {"learner": FINE, "correction": FINE},
    ]
    write_rows(path, rows)
    return path


def test_every_reply_to_a_known_error_gets_its_lesson(corrections: Path) -> None:
    known = Corrections.read(corrections)
    taught, what = known.teach(chat(f"  {WRONG} ", "Oh?", "Hm.", "Yes?", TWO, "Does he?"))
    assert what == "error"
    assert [(lesson.turn, lesson.move) for lesson in taught.lessons] == [
        (1, Move.RECAST),
        (5, Move.RECAST),
    ]
    assert taught.lessons[0].corrections == (RIGHT,)
    assert taught.lessons[0].error_types == ("R:VERB:TENSE",)
    assert taught.id == chat(f"  {WRONG} ", "Oh?", "Hm.", "Yes?", TWO, "Does he?").id


def test_a_turn_without_an_error_is_no_lesson(corrections: Path) -> None:
    known = Corrections.read(corrections)
    assert known.teach(chat(FINE, "What is her name?"))[1] == "no-error"
    assert known.teach(chat("Who knows?", "I do not."))[1] == "no-correction"
    assert known.teach(chat(WRONG))[1] == "no-correction"
    own = known.teach(chat(WRONG, "Oh?"))[0]
    assert known.teach(own) == (own, "lessons")


def test_one_correction_that_changes_no_word_is_enough_to_call_a_turn_right() -> None:
    assert Known("i go home", ("I go home.",)).error_types == ()
    assert Known(WRONG, (RIGHT, WRONG)).error_types == ()
    assert Known(WRONG, (RIGHT,)).error_types == ("R:VERB:TENSE",)


def test_lines_of_one_turn_are_taken_together(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    write_rows(
        path,
        [
            {"learner": "I go  home", "correction": "I went home"},
            {"learner": "I go home", "corrections": ["I went home", "I was going home"]},
        ],
    )
    (turn,) = Corrections.read(path).known.values()
    assert turn.corrections == ("I went home", "I was going home")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "holds no learner turn"),
        ('{"learner": "I go"}', "1: needs `correction` or `corrections`"),
        ('{"correction": "I go"}', "1: Object missing required field `learner`"),
    ],
)
def test_a_file_that_holds_no_corrections_is_named(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text(text)
    with pytest.raises(DataError, match=f"c.jsonl:? ?{fault}"):
        Corrections.read(path)


def test_a_filter_proves_what_had_no_lessons(tmp_path: Path, corrections: Path) -> None:
    chats = [
        chat(WRONG, "Oh, you went to the park yesterday? Which one?"),
        chat(WRONG, "That sounds fun! What did you do?"),
        chat(TWO, "To the gym? How often?"),
        chat(FINE, "What is her name?"),
        chat("Nobody wrote this down.", "What is it?"),
    ]
    write_rows(tmp_path / "in.jsonl", chats)
    settings = FilterSettings(
        input=(tmp_path / "in.jsonl",), output=tmp_path / "out.jsonl", corrections=corrections
    )
    assert settings.inputs() == (tmp_path / "in.jsonl", corrections)
    filter_records(settings, Silent())
    kept = list(read_records(settings.output))
    assert [record.id for record in kept] == [chats[0].id, chats[3].id]
    assert [len(record.lessons) for record in kept] == [1, 0]
    assert kept[0].lessons[0].verdict is not None
    fallen = list(read_rows(rejected_path(settings.output), Rejected))
    assert sorted((row.check, row.reason) for row in fallen) == [
        ("corrections", "no-correction"),
        ("scaffolding", "no-recast"),
        ("scaffolding", "no-recast"),
    ]
    manifest = read_manifest(settings.output)
    assert [parent.path for parent in manifest.parents] == [str(path) for path in settings.inputs()]
    steps = json.loads(msgspec.json.encode(manifest.facts))["funnel"]["steps"]
    assert steps[0]["check"] == "corrections"
    assert steps[0]["found"] == {"error": 3, "no-error": 1, "no-correction": 1}
    assert steps[-1]["found"] == {"recast": 1, "none": 1, "recast-in-part": 1}


def test_how_far_a_reply_goes() -> None:
    assert reach(None) == "no-error"
    assert reach(Verdict(passed=True, level="recast", score=1)) == "recast"
    assert reach(Verdict(passed=False, level="none", score=0.5)) == "recast-in-part"
    assert reach(Verdict(passed=False, level="none", score=0)) == "none"


known_turns = st.dictionaries(
    st.sampled_from([WRONG, TWO, FINE, "a", "b"]),
    st.sampled_from([RIGHT, FINE, "a", "b"]),
    min_size=1,
)
said = st.lists(st.sampled_from([WRONG, TWO, FINE, "a", "b", "c"]), min_size=1, max_size=6)


@given(known_turns, said)
def test_lessons_stand_where_a_known_error_is_answered_and_nowhere_else(
    known: dict[str, str], turns: list[str]
) -> None:
    corrections = Corrections({turn: Known(turn, (right,)) for turn, right in known.items()})
    record = chat(*turns)
    taught, what = corrections.teach(record)
    wrong = [
        place
        for place in range(1, len(turns), 2)
        if turns[place - 1] in known and corrections.known[turns[place - 1]].error_types
    ]
    if what == "no-correction":
        assert len(turns) == 1 or turns[0] not in known
        assert taught is record
    else:
        assert [lesson.turn for lesson in taught.lessons] == wrong
        assert (what == "error") == (1 in wrong)
    assert taught.messages == record.messages
