"""The real library streams corpora from a hub on this machine; a killed pull goes on exactly."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hub_corpora import COMMIT, es_ultrachat, hub, lmsys, magpie, parquet, prosocial

from quimbot.exceptions import DataError, OutputError
from quimbot.records.jsonl import read_records, read_rows
from quimbot.records.manifest import read_manifest
from quimbot.records.rejected import Rejected, rejected_path
from quimbot.runs.watch import Silent
from quimbot.sources.hub import HubSource
from quimbot.sources.partial import Partial
from quimbot.sources.pull import PullSettings, pull

ROWS = 2600
BAD = 1700


def many() -> Iterator[dict[str, Any]]:
    for number in range(ROWS):
        row = es_ultrachat(number)
        row["messages"][0]["content"] = "" if number == BAD else f"Turn {number}."
        row["messages"][0]["role"] = "narrator" if number == BAD else "user"
        yield row


OTHERS = ("lmsys", "magpie", "prosocial", "some/gated", "no/such", "lmsys@v9")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    rows = list(many())
    cut = ROWS // 2
    parts = [parquet(rows[:cut], group=500), parquet(rows[cut:], group=500)]
    corpora = {
        "lmsys/lmsys-chat-1m": [parquet([lmsys(n, flagged=n == 2) for n in range(3)])],
        "Magpie-Align/Magpie-Llama-3.1-Pro-300K-Filtered": [parquet([magpie(0), magpie(1)])],
        "allenai/prosocial-dialog": [parquet([prosocial(0, n) for n in range(3)])],
        "latam-gpt/es-ultrachat": parts,
        "some/gated": [],
    }
    served = {
        name: {f"data/train-{n}-of-{len(parts)}.parquet": part for n, part in enumerate(parts)}
        for name, parts in corpora.items()
    }
    with hub(served) as where:
        yield where


def trial(address: str, folder: Path, left: int, *sources: str) -> list[str]:
    """What a process says that pulls into `x.jsonl`; nothing when it was killed."""
    script = Path(__file__).with_name("hub_trial.py")
    done = subprocess.run(
        [sys.executable, script, str(left), folder / "x.jsonl", *sources],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        env={
            **os.environ,
            "HF_ENDPOINT": address,
            "HF_HOME": str(folder / "home"),
            "HF_HUB_OFFLINE": "0",
        },
    )
    assert done.returncode == (-signal.SIGKILL if left else 0), done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def story(address: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A pull killed with rows still to come, then with all of them kept, then finished."""
    folder = tmp_path_factory.mktemp("hub")
    output = folder / "x.jsonl"
    for left in (1500, 2300):
        assert not trial(address, folder, left, "latam-ultrachat")
        assert not output.exists()
        (part,) = folder.glob(".x.jsonl.*.partial")
        kept = part.read_bytes()
        part.write_bytes(kept + kept[:100])  # a line torn by the kill
    other = PullSettings(source="latam-ultrachat", output=output, split="test")
    with pytest.raises(OutputError, match="part of a pull with other settings; finish it"):
        pull(other, Silent())
    return folder, trial(address, folder, 0, "latam-ultrachat", *OTHERS)


def test_a_killed_pull_goes_on_exactly_where_it_was(story: tuple[Path, list[str]]) -> None:
    folder, said = story
    output = folder / "x.jsonl"
    assert said[0] == (
        f"{ROWS - 1} records from latam-ultrachat (openai shape); rejected 1 unknown-role, "
        f"see {rejected_path(output)}; licence unknown, give --licence"
    )
    records = list(read_records(output))
    numbers = [number for number in range(ROWS) if number != BAD]
    assert [record.messages[0].content for record in records] == [f"Turn {n}." for n in numbers]
    assert [record.provenance.origin for record in records] == [
        f"latam-gpt/es-ultrachat@train:{number}" for number in numbers
    ]
    assert records[0].tags == {"language": "es"}
    (bad,) = read_rows(rejected_path(output), Rejected)
    assert bad.detail.startswith(f"latam-gpt/es-ultrachat@train:{BAD}: messages[0]: role")
    assert read_manifest(output).facts == {
        "rows": ROWS,
        "joined": 0,
        "revision": COMMIT,
        "shapes": {"openai": ROWS - 1},
        "rejected": {"unknown-role": 1},
    }
    assert not list(folder.glob(".x.jsonl.*"))


def test_known_corpora_are_read_and_every_refusal_says_what_to_do(
    story: tuple[Path, list[str]],
) -> None:
    folder, said = story
    assert said[1:4] == [
        "3 records from lmsys (lmsys shape)",
        "2 records from magpie (magpie shape)",
        "3 records from prosocial (prosocial shape)",
    ]
    gated, missing, revision = said[4:]
    page = "https://huggingface.co/datasets"
    assert gated == (
        f"error: some/gated: is gated; open {page}/some/gated with your account and agree to its "
        "terms, make a read token at https://huggingface.co/settings/tokens, run hf auth login "
        "with it, and pull again"
    )
    assert missing.startswith("error: no/such: no such dataset on the hub, or a private one; see ")
    assert revision.startswith("error: lmsys/lmsys-chat-1m: has no revision 'v9'; see ")
    first, _, flagged = read_records(folder / "x.1.jsonl")
    assert first.provenance.licence == "LMSYS-Chat-1M"
    assert first.provenance.author == "vicuna-13b"
    assert flagged.tags == {"language": "English", "redacted": "False", "flagged": "true"}


def test_a_hub_that_is_not_there_is_one_line() -> None:
    # Tests run with HF_HUB_OFFLINE, and the library itself refuses.
    with pytest.raises(DataError, match=r"lmsys-chat-1m: the hub cannot be reached \(.*offline"):
        HubSource("lmsys").pin()


def test_without_the_library_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("huggingface_hub", "huggingface_hub.errors"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(DataError, match=r"lmsys-chat-1m: .*pip install 'quimbot\[hub\]'"):
        Partial(tmp_path / "x.jsonl", "id", HubSource("lmsys"))
    with pytest.raises(DataError, match=r"lmsys-chat-1m: .*pip install 'quimbot\[hub\]'"):
        list(HubSource("lmsys").rows())
