"""Who is there at an address."""

import json
from pathlib import Path

import pytest
from msgspec import structs
from scorecards import choice

from quimbot.exceptions import DataError
from quimbot.records.jsonl import write_json
from quimbot.records.record import Move
from quimbot.serve.tutors import open_tutors, tutor_entries


def listed(folder: Path, tutors: object) -> str:
    (folder / "tutors.json").write_text(json.dumps(tutors))
    return str(folder)


def test_a_run_folder_lists_its_tutors_in_order(tmp_path: Path) -> None:
    (tmp_path / "stage2").mkdir()
    address = listed(
        tmp_path,
        [
            {"name": "spanish", "address": "stage2", "l1": "es", "title": "For Spanish speakers"},
            {"name": "base", "address": "smollm2-135m", "move": "hint"},
        ],
    )
    first, second = tutor_entries(address)
    assert first.address == str(tmp_path / "stage2")
    assert (second.name, second.address, second.move) == ("base", "smollm2-135m", Move.HINT)


def test_a_run_without_a_list_offers_what_was_picked_and_its_base(tmp_path: Path) -> None:
    (tmp_path / "step-40").mkdir()
    picked = structs.replace(choice("step-40"), base="smollm2-135m")
    write_json(tmp_path / "picked.json", picked)
    assert [(entry.name, entry.address) for entry in tutor_entries(str(tmp_path))] == [
        ("tutor", str(tmp_path / "step-40")),
        ("base", "smollm2-135m"),
    ]


def test_each_tutor_is_told_its_move_and_first_language(tmp_path: Path) -> None:
    address = listed(
        tmp_path,
        [
            {"name": "a", "address": "scripted:echo", "l1": "es"},
            {"name": "b", "address": "scripted:hopeless", "move": "elicitation"},
        ],
    )
    with open_tutors(address) as tutors:
        assert "Spanish" in tutors["a"].prompt.content
        assert "Do not give the correct form" in tutors["b"].prompt.content
        assert [t.runtime.name for t in tutors.values()] == ["scripted:echo", "scripted:hopeless"]


def test_any_other_address_is_one_tutor_with_a_short_name() -> None:
    assert [e.name for e in tutor_entries("scripted:echo")] == ["scripted:echo"]
    assert [e.name for e in tutor_entries("http://host/v1#org/model")] == ["model"]
    assert [e.name for e in tutor_entries("runs/demo/stage1/step-40/")] == ["step-40"]


@pytest.mark.parametrize(
    ("tutors", "fault"),
    [
        ([], "at least one"),
        ([{"name": "a", "address": "x"}, {"name": "a", "address": "y"}], "own name"),
        ([{"name": "a"}], "address"),
        ([{"name": "a", "address": "x", "mov": "hint"}], "mov"),
        ([{"name": "a", "address": "x", "move": "shout"}], "shout"),
        ({}, "array"),
    ],
)
def test_a_damaged_list_is_one_line_that_names_the_file(
    tmp_path: Path, tutors: object, fault: str
) -> None:
    with pytest.raises(DataError, match=fault) as caught:
        tutor_entries(listed(tmp_path, tutors))
    assert str(tmp_path / "tutors.json") in str(caught.value)
