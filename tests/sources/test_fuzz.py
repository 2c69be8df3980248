"""Ten thousand broken lines: each is a record, a rejected row or blank, and no command crashes."""

import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quimbot.curate.dedup import DedupSettings, dedup
from quimbot.curate.filter import FilterSettings, filter_records
from quimbot.curate.inventory import InventorySettings, inventory
from quimbot.exceptions import QuimbotError
from quimbot.records.jsonl import read_records, read_rows
from quimbot.records.manifest import read_manifest
from quimbot.records.rejected import Rejected, rejected_path
from quimbot.runs.watch import Silent
from quimbot.sources.pull import PullSettings, pull

LINES = 10_000
GOOD = (
    b'{"messages":[{"role":"user","content":"Hi %d"},{"role":"assistant","content":"Hello?"}]}',
    b'{"conversations":[{"from":"human","value":"Hi %d"},{"from":"gpt","value":"Hello?"}]}',
    b'{"conversation":[{"content":"Hi %d","role":"user"}],"openai_moderation":[{"flagged":true}]}',
    b'{"context":"Hi %d","response":"Hello?","safety_label":"__casual__","dialogue_id":%d}',
    b'{"instruction":"Hi","input":"%d","output":"Hello?"}',
    b'{"messages":[{"role":"user","content":[{"type":"text","text":"%d"}],"weight":0.5}]}',
    b'{"messages":[],"provenance":{"source":"%d","licence":"l"},"id":""}',
    b'{"conversations":[{"from":"human","value":"Hi %d"},{"from":"tool","value":"4"}]}',
    b'{"learner":"I am agree %d.","corrections":["I agree."]}',
)
ODD = (
    *(b"{", b"}", b"[", b"]", b'"', b",", b":", b"\\", b"\r", b"\t", b"\0", b"\x0c", b"\xff", b""),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"\\ud800", b"\\ud83d\\ude00", "é".encode()),
    *(b"NaN", b"Infinity", b"-1e999", b"9" * 30, b"9" * 5000, b"null", b"true", b"1.5", b"[]"),
    *(b'"role":', b'"messages":', b'"content":null', b'"tool_calls":[1]', b'"from":"tool"'),
    *(b"[" * 200 + b"]" * 200, b"[" * 5000, b'{"a":' * 300, b"x" * 3000, b"\xe2\x80\xa8"),
)


def broken(chance: random.Random) -> bytes:
    """A line that was good, or nearly so, after a few accidents."""
    line = bytearray(chance.choice(GOOD).replace(b"%d", b"%d" % chance.randrange(300)))
    for _ in range(chance.choice((0, 0, 1, 1, 2, 5))):
        at = chance.randrange(len(line) + 1)
        match chance.randrange(5):
            case 0:
                del line[at : at + chance.randrange(9)]
            case 1:
                line[at:at] = chance.choice(ODD)
            case 2:
                line[at:] = chance.choice(GOOD)[chance.randrange(60) :]
            case 3:
                line[at : at + 1] = bytes((chance.randrange(256),))
            case 4:
                line += line[at:]
    return bytes(line).replace(b"\n", b" ")


def account(folder: Path, content: bytes) -> Counter[str]:
    """Pull the content and hold what became of its lines against the lines.

    Raises:
        QuimbotError: it holds no chat, or is UTF-16.
    """
    raw, output = folder / "raw.jsonl", folder / "x.jsonl"
    raw.write_bytes(content)
    pull(PullSettings(source=str(raw), output=output, bad_rows="reject"), Silent())
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    filled = {number for number, line in enumerate(lines, 1) if line.strip()}
    # A row that is a record already keeps its own origin, so of those only the count is known.
    records = list(read_records(output))
    rejected = list(read_rows(rejected_path(output), Rejected))
    assert len(filled) == len(records) + len(rejected) == read_manifest(output).facts["rows"]
    told = [int(row.detail.split(":")[1]) for row in rejected]
    kept = [
        int(row.provenance.origin.rpartition(":")[2]) for row in records if row.provenance.origin
    ]
    assert len({*told, *kept}) == len(told) + len(kept)
    assert {*told, *kept} <= filled
    return Counter(row.reason for row in rejected) + Counter(records=len(records))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    chance = random.Random(26)  # the same lines each time
    folder = tmp_path_factory.mktemp("fuzz")
    ends = (b"\n", b"\n", b"\n", b"\r\n", b"\n\n", b"\n \t\n")
    lines = (broken(chance) + chance.choice(ends) for _ in range(LINES))
    found = account(folder, GOOD[0] % 7 + b"\n" + b"".join(lines))
    # The lines went everywhere that a line can go.
    assert found["records"] > LINES / 5
    assert found["malformed"] > LINES / 5
    reasons = "corrected-turn unknown-columns not-text unknown-role no-turns not-a-record tool-call"
    assert set(reasons.split()) <= found.keys(), found
    return folder


def filtered(raw: Path, output: Path) -> str:
    settings = FilterSettings(input=(raw,), output=output, checks=("structure",))
    return filter_records(settings, Silent())


def deduplicated(raw: Path, output: Path) -> str:
    return dedup(DedupSettings(input=(raw,), output=output), Silent())


def test_filter_and_dedup_take_what_was_pulled(folder: Path) -> None:
    names = ("x.jsonl", "filtered.jsonl", "deduplicated.jsonl")
    pulled, passed, alone = (folder / name for name in names)
    for command, before, after in ((filtered, pulled, passed), (deduplicated, passed, alone)):
        command(before, after)
        fallen = sum(1 for _ in read_rows(rejected_path(after), Rejected))
        assert read_manifest(after).rows + fallen == read_manifest(before).rows


def test_inventory_counts_every_line(folder: Path, tmp_path: Path) -> None:
    lines = [line for line in (folder / "raw.jsonl").read_bytes().split(b"\n") if line.strip()]
    (tmp_path / "raw.jsonl").write_bytes(b"\n".join(lines))
    said = inventory(InventorySettings(folder=tmp_path), Silent()).replace(",", "")
    counts = [re.search(rf"(\d+) {what}", said) for what in ("chats", "bad lines")]
    assert sum(int(count[1]) for count in counts if count) == len(lines)


@pytest.mark.parametrize("command", [filtered, deduplicated])
def test_commands_on_records_name_the_broken_line(
    folder: Path, tmp_path: Path, command: Callable[[Path, Path], str]
) -> None:
    with pytest.raises(QuimbotError, match=r"raw.jsonl:\d+: ") as caught:
        command(folder / "raw.jsonl", tmp_path / "x.jsonl")
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("depth", [100, 700, 850, 900, 950, 1000, 5000])
def test_a_rejected_row_can_be_read_however_deep_it_is(tmp_path: Path, depth: int) -> None:
    deep = b'{"messages":[' + b"[" * depth + b"]" * depth + b"]}\n"
    assert account(tmp_path, GOOD[0] % 1 + b"\n" + deep)["records"] == 1


@given(st.lists(st.sampled_from((*ODD, *GOOD, b"\n")), max_size=12).map(b"".join))
@settings(max_examples=150)
def test_any_bytes_are_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("any")
    said = ""
    try:
        account(folder, content)
    except QuimbotError as fault:
        said = str(fault)
    assert "\n" not in said
    assert not said or "raw.jsonl" in said
    assert (folder / "x.jsonl").exists() == (not said)
