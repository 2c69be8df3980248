"""Rejected rows stand beside the output, counted by reason."""

from pathlib import Path

from quimbot.records.jsonl import read_rows
from quimbot.records.rejected import Rejected, rejected_path, rejecting, told


def test_rows_are_written_beside_the_output_and_counted(tmp_path: Path) -> None:
    output = tmp_path / "kept.jsonl"
    with rejecting(output) as rejected:
        for reason in ("no-turns", "empty-turn", "no-turns"):
            rejected.add(Rejected(reason=reason, check="structure", record={"messages": []}))
    assert rejected_path(output) == tmp_path / "kept.rejected.jsonl"
    rows = list(read_rows(rejected_path(output), Rejected))
    assert [row.reason for row in rows] == ["no-turns", "empty-turn", "no-turns"]
    assert told(rejected.reasons) == ", 2 no-turns, 1 empty-turn"
