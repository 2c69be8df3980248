"""The card of a data set: a head that hubs read, and a history walked back through manifests."""

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from quimbot.curate.card_text import Part, card
from quimbot.curate.data_card import CardSettings, data_card
from quimbot.curate.filter import FilterSettings, filter_records
from quimbot.curate.lineage import lineage
from quimbot.curate.mix import MixSettings, mix
from quimbot.exceptions import DataError, RecipeError
from quimbot.pipeline import perform
from quimbot.records.manifest import write_dataset
from quimbot.records.record import Lesson, Message, Move, Provenance, Record, Verdict
from quimbot.runs.watch import Silent


def chat(number: int, *, source: str = "rules", licence: str = "Apache-2.0") -> Record:
    right = f"I went to town number {number} yesterday."
    return Record(
        messages=(
            Message(role="user", content=right.replace("went", "go")),
            Message(role="assistant", content=f"Oh, you went to town number {number}? With whom?"),
        ),
        lessons=(Lesson(turn=1, move=Move.RECAST, corrections=(right,)),),
        provenance=Provenance(source=source, licence=licence, author="teacher"),
    )


def plain_chat(number: int) -> Record:
    return Record(
        messages=(
            Message(role="user", content=f"What is {number} and {number}?"),
            Message(role="assistant", content=f"It is {2 * number}."),
        ),
        provenance=Provenance(source="sums", licence="house rules"),
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A mix of a filtered and a plain file."""
    made, sums = tmp_path / "made.jsonl", tmp_path / "sums.jsonl"
    broken = chat(99)
    reply = Message(role="assistant", content="Nice! What did you buy there?")
    broken = Record(
        messages=(broken.messages[0], reply),
        lessons=broken.lessons,
        provenance=broken.provenance,
    )
    write_dataset(made, [*map(chat, range(8)), broken], settings={"secret": "/home/ann/x.jsonl"})
    write_dataset(sums, map(plain_chat, range(4)))
    kept, mixed = tmp_path / "kept.jsonl", tmp_path / "mix.jsonl"
    perform(
        "filter",
        FilterSettings(input=(made,), output=kept),
        filter_records,
        Silent(),
        replace=False,
    )
    settings = MixSettings(part=(f"{kept}:0.5", f"{sums}:0.5"), output=mixed, seed=1)
    perform("mix", settings, mix, Silent(), replace=False)
    return mixed


def front(text: str) -> dict[str, Any]:
    _, head, _ = text.split("---\n", 2)
    found: dict[str, Any] = yaml.safe_load(head)
    return found


def test_a_card_tells_what_the_manifests_and_the_rows_tell(data: Path) -> None:
    summary = data_card(CardSettings(data=data, name="Towns & sums"), Silent())
    card_file = data.with_name("README.md")
    assert str(card_file) in summary
    text = card_file.read_text()
    head = front(text)
    assert head["pretty_name"] == "Towns & sums"
    assert sorted(head["license"]) == ["apache-2.0", "other"]
    assert head["license_name"] == "house rules"
    assert head["language"] == ["en"]
    assert head["size_categories"] == ["n<1K"]
    assert head["configs"] == [
        {"config_name": "default", "data_files": [{"split": "train", "path": "mix.jsonl"}]}
    ]
    assert "8 chats from `rules`, `sums`" in text
    assert "1. made.jsonl" in text
    assert "2. kept.jsonl: filtered" in text
    assert "| `scaffolding` | 9 | 8 | 1 `no-recast` |" in text
    assert "- `scaffolding` found 8 `recast`, 1 `none`" in text
    assert "3. sums.jsonl" in text
    assert "4. mix.jsonl: mixed by share" in text
    assert "| 4 | 4 | 50.0% |" in text
    assert "| `sums` | house rules | 4 |" in text
    assert "- 4 chats have no lesson" in text
    assert "no duplicates were taken out" in text
    assert "no filter was run" not in text
    assert "/home/ann" not in text
    assert '"secret": "x.jsonl"' in text


def test_the_held_out_side_is_a_split_of_its_own(data: Path) -> None:
    valid = data.with_name("valid.jsonl")
    write_dataset(valid, [chat(50)])
    output = data.parent / "cards" / "card.md"
    data_card(CardSettings(data=data, valid=valid, output=output), Silent())
    text = output.read_text()
    assert front(text)["configs"][0]["data_files"] == [
        {"split": "train", "path": "../mix.jsonl"},
        {"split": "validation", "path": "../valid.jsonl"},
    ]
    assert "8 train; 1 validation" in text
    assert "  ../valid.jsonl" in text


def test_a_folder_that_has_moved_keeps_its_history(data: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for path in list(tmp_path.glob("*.json*")):
        shutil.move(path, moved / path.name)
    (moved / "made.jsonl").unlink()
    found = lineage([moved / data.name])
    assert [(one.name, one.known) for one in found] == [
        ("made.jsonl", "as-written"),
        ("kept.jsonl", "as-written"),
        ("sums.jsonl", "as-written"),
        ("mix.jsonl", "as-written"),
    ]
    assert found[1].step == "filter"


def test_a_parent_made_anew_is_not_told_as_the_one_that_was_used(data: Path) -> None:
    write_dataset(data.with_name("sums.jsonl"), map(plain_chat, range(5)))
    data.with_name("made.manifest.json").unlink()
    known = {one.name: one.known for one in lineage([data])}
    assert known == {
        "made.jsonl": "no-manifest",
        "kept.jsonl": "as-written",
        "sums.jsonl": "changed",
        "mix.jsonl": "as-written",
    }
    data_card(CardSettings(data=data), Silent())
    assert "The history of `sums.jsonl` is lost" in data.with_name("README.md").read_text()


def test_a_step_that_changes_nothing_is_a_step(tmp_path: Path) -> None:
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    write_dataset(first, [chat(1)])
    write_dataset(second, [chat(1)], parents=[first])
    assert [one.name for one in lineage([second])] == ["a.jsonl", "b.jsonl"]


def test_data_without_their_manifest_are_refused(data: Path, tmp_path: Path) -> None:
    data.write_bytes(data.read_bytes() * 2)
    with pytest.raises(DataError, match="changed since"):
        data_card(CardSettings(data=data), Silent())
    bare = tmp_path / "bare.jsonl"
    bare.write_text("")
    with pytest.raises(DataError, match=r"no such file; run the step that writes bare.jsonl"):
        data_card(CardSettings(data=bare), Silent())
    write_dataset(bare, [])
    with pytest.raises(DataError, match="holds no records"):
        data_card(CardSettings(data=bare), Silent())
    with pytest.raises(RecipeError, match=r"name a .jsonl file"):
        CardSettings(data=Path("x.csv"))
    with pytest.raises(RecipeError, match="which is data too"):
        CardSettings(data=data, valid=data)


def test_lessons_that_failed_or_were_never_proved_are_limits(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    failed = chat(1)
    lesson = Lesson(
        turn=1,
        move=Move.RECAST,
        corrections=("x",),
        verdict=Verdict(passed=False, reason="no-recast"),
    )
    failed = Record(
        messages=failed.messages,
        lessons=(lesson,),
        provenance=Provenance(source="a", licence="unknown"),
    )
    write_dataset(path, [failed, chat(2)])
    data_card(CardSettings(data=path), Silent())
    text = path.with_name("README.md").read_text()
    assert front(text)["license"] == ["apache-2.0", "unknown"]
    assert "- 1 lessons were never proved" in text
    assert "- 1 lessons failed the move verifier" in text
    assert "- 1 chats have a licence that is not known" in text
    assert "- 1 chats do not say who wrote" in text
    assert "- unknown says nothing: ask before" in text
    assert "no filter was run" in text


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_the_head_is_yaml_and_the_body_stays_itself_whatever_names_hold(
    tmp_path_factory: pytest.TempPathFactory, name: str, source: str, licence: str
) -> None:
    source, licence = (text.encode("utf-8", "replace").decode() for text in (source, licence))
    path = tmp_path_factory.mktemp("card") / "a.jsonl"
    record = chat(1, source=source, licence=licence)
    manifest = write_dataset(path, [record])
    part = Part(
        split="train",
        path=path,
        lineage=lineage([path]),
        manifest=manifest,
        origins=_counter((source, licence)),
        languages=_counter("en"),
        lessons=_counter("unproved"),
        first=record,
    )
    text = card(name, [part], path.parent)
    head = front(text)
    assert head["license"] in (licence.strip().lower().replace(" ", "-"), "other")
    assert head.get("pretty_name", "").isprintable()
    headings = [line for line in text.split("\n") if line.startswith("## ")]
    assert len(headings) == 6
    rows = [line for line in text.split("\n") if line.startswith("|")]
    assert all(line.endswith("|") for line in rows)


def _counter(what: Any) -> Any:  # noqa: ANN401 - of any key
    return Counter([what])
