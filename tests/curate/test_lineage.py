"""The manifest of a mix leads back to the corpora, and tells what each step took out."""

from pathlib import Path
from typing import Any

import pytest

from quimbot.curate.dedup import DedupSettings, dedup
from quimbot.curate.filter import FilterSettings, filter_records
from quimbot.curate.lineage import lineage
from quimbot.curate.mix import MixSettings, mix
from quimbot.exceptions import DataError
from quimbot.records.jsonl import write_rows
from quimbot.records.manifest import manifest_path, read_manifest, write_dataset
from quimbot.records.record import Message, Provenance, Record
from quimbot.runs.watch import Silent

TALK = (
    "My brother plays the drums in a band downtown.",
    "We painted the kitchen yellow last weekend.",
    "Our train was late because of heavy snow.",
    "She writes letters to her grandmother every month.",
)


def chats() -> list[Record]:
    """Four chats, one of them twice, and one that ends without a reply."""
    rows = [(text, f"Oh, really? {text} Why?") for text in (*TALK, TALK[0].upper())]
    replies = [
        (Message(role="user", content=said), Message(role="assistant", content=reply))
        for said, reply in rows
    ]
    return [
        Record(messages=messages, provenance=Provenance(source="chat", licence="CC-BY-NC-4.0"))
        for messages in (*replies, replies[0][:1])
    ]


def made(folder: Path) -> Path:
    """A mix of a corpus that was filtered and deduplicated."""
    write_dataset(folder / "pulled.jsonl", chats())
    filter_records(
        FilterSettings(
            input=(folder / "pulled.jsonl",), output=folder / "kept.jsonl", checks=("structure",)
        ),
        Silent(),
    )
    dedup(DedupSettings(input=(folder / "kept.jsonl",), output=folder / "unique.jsonl"), Silent())
    path = folder / "mix.jsonl"
    mix(MixSettings(part=(f"{folder / 'unique.jsonl'}:1",), output=path), Silent())
    return path


def test_a_reader_walks_back_from_the_mix_to_the_corpus(tmp_path: Path) -> None:
    facts: Any = read_manifest(made(tmp_path)).facts
    steps = facts["lineage"]
    assert [Path(step["file"]).name for step in steps] == [
        "pulled.jsonl", "kept.jsonl", "unique.jsonl",
    ]  # fmt: skip
    assert {step["known"] for step in steps} == {"as-written"}
    assert [step["rows"] for step in steps] == [6, 5, 4]
    assert steps[2]["facts"]["rejected"] == {"exact-duplicate": 1}
    assert sum(steps[1]["facts"]["rejected"].values()) == 1
    assert steps[2]["parents"] == [str(tmp_path / "kept.jsonl")]
    assert steps[0]["parents"] == []


def test_licences_are_summed_up_with_what_they_forbid(tmp_path: Path) -> None:
    facts: Any = read_manifest(made(tmp_path)).facts
    assert facts["licences"] == {
        "CC-BY-NC-4.0": {"rows": 4, "share": 1.0, "terms": "allows no commercial use"}
    }


def test_a_file_made_anew_meanwhile_is_told(tmp_path: Path) -> None:
    made(tmp_path)
    write_dataset(tmp_path / "kept.jsonl", chats()[:1])
    assert [step.known for step in lineage([tmp_path / "unique.jsonl"])] == [
        "changed", "as-written",
    ]  # fmt: skip
    manifest_path(tmp_path / "unique.jsonl").unlink()
    (alone,) = lineage([tmp_path / "unique.jsonl"])
    assert alone.known == "no-manifest"


def test_a_file_that_is_gone_is_an_error_only_when_it_is_mixed(tmp_path: Path) -> None:
    made(tmp_path)
    (tmp_path / "pulled.jsonl").unlink()
    told = [step.manifest for step in lineage([tmp_path / "unique.jsonl"])]
    assert [manifest.rows for manifest in told if manifest] == [6, 5, 4]
    write_rows(tmp_path / "pulled.jsonl", [])
    with pytest.raises(DataError, match=r"gone.jsonl: no such file"):
        lineage([tmp_path / "gone.jsonl"])
