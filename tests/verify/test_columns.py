"""What a corpus says of its own rows decides, and nothing where it says nothing."""

import pytest

from quimbot.records.record import Message, Provenance, Record
from quimbot.verify.catalog import verifier
from quimbot.verify.columns import Moderation


def tagged(**tags: str) -> Record:
    return Record(
        messages=(Message(role="user", content="Hi"), Message(role="assistant", content="Hello!")),
        provenance=Provenance(source="s", licence="MIT"),
        tags=tags,
    )


@pytest.mark.parametrize(
    ("check", "tags", "reason"),
    [
        ("quality:good,excellent", {"quality": "good"}, ""),
        ("quality:good,excellent", {"quality": "very poor"}, "quality-very-poor"),
        ("quality:good,excellent", {}, ""),
        ("quality:very-poor", {"quality": "very poor"}, ""),
        ("difficulty:easy,very easy", {"difficulty": "very easy"}, ""),
        ("difficulty:easy", {"difficulty": "hard"}, "difficulty-hard"),
        ("safety:casual,needs-caution", {"safety": "__needs_caution__"}, ""),
        ("safety:casual", {"safety": "__needs_intervention__"}, "safety-needs-intervention"),
        ("safety:casual", {"safety": "__casual__"}, ""),
    ],
)
def test_a_row_stays_by_its_own_column(check: str, tags: dict[str, str], reason: str) -> None:
    (verdict,) = verifier(check).check([tagged(**tags)])
    assert verdict.reason == reason


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({}, ""),
        ({"redacted": "False"}, ""),
        ({"redacted": "True"}, "redacted"),
        ({"redacted": "True", "flagged": "true"}, "flagged"),
    ],
)
def test_redacted_and_flagged_rows_fall(tags: dict[str, str], reason: str) -> None:
    (verdict,) = Moderation().check([tagged(**tags)])
    assert verdict.reason == reason
