"""The funnel counts every row once, and draws what it counted."""

from collections import Counter
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from quimbot.curate.funnel import Funnel, share, shown, sources_table, steps_table
from quimbot.curate.funnel_picture import picture, write_picture
from quimbot.records.record import Message, Provenance, Record

REASONS = ("pii-email", "refusal", "")


def row(source: str) -> Record:
    return Record(
        messages=(Message(role="user", content="Hi"), Message(role="assistant", content="Hello!")),
        provenance=Provenance(source=source, licence="MIT"),
    )


def filled(fates: list[tuple[str, int, str]]) -> Funnel:
    """A funnel of two checks that each row went through: its source, and where and why it fell."""
    funnel = Funnel.of(["pii", "refusals"])
    for source, place, reason in fates:
        record = row(source)
        funnel.enter(record)
        if reason:
            funnel.checks[place].add(record, reason)
    return funnel


fates = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 1), st.sampled_from(REASONS)), max_size=40
)


@given(fates)
def test_every_row_is_counted_once(rows: list[tuple[str, int, str]]) -> None:
    funnel = filled(rows)
    steps = list(funnel.steps())
    assert steps[0].entered == len(rows)
    assert all(one.left == other.entered for one, other in pairwise(steps))
    assert steps[-1].left == funnel.kept.total() == sum(not reason for _, _, reason in rows)
    assert funnel.reasons == Counter(reason for _, _, reason in rows if reason)
    by_source = funnel.by_source()
    columns = [sum(column) for column in zip(*by_source.values(), strict=True)]
    assert columns == ([steps[0].entered, *(step.left for step in steps)] if rows else [])


@given(fates)
def test_any_funnel_is_drawn(rows: list[tuple[str, int, str]]) -> None:
    funnel = filled(rows)
    root = ET.fromstring(picture(funnel, "<out & co>.jsonl"))
    bars = [float(bar.get("width", "")) for bar in root.iter("{http://www.w3.org/2000/svg}rect")]
    assert all(width >= 0 for width in bars)
    assert f"{len(rows):,}" in root.get("aria-label", "")


def test_the_picture_is_as_wide_as_the_counts(tmp_path: Path) -> None:
    funnel = filled([("a", 0, "pii-email")] * 3 + [("a", 0, "")] * 1)
    write_picture(tmp_path / "x.funnel.svg", funnel, "x.jsonl")
    root = ET.fromstring((tmp_path / "x.funnel.svg").read_text("utf-8"))
    bars = list(root.iter("{http://www.w3.org/2000/svg}rect"))
    read, kept, lost = (float(bar.get("width", "")) for bar in bars[:3])
    assert (kept, lost) == (read / 4, read * 3 / 4)
    assert "3 pii-email" in "".join(root.itertext())


def test_a_source_of_any_name_is_drawn() -> None:
    root = ET.fromstring(picture(filled([("a\x00<b>&", 0, "")]), "x.jsonl"))
    assert "a?<b>&" in "".join(root.itertext())


def test_many_sources_are_told_together() -> None:
    funnel = filled([(f"s{number:02}", 0, "") for number in range(20)])
    assert list(shown(funnel))[-1] == "9 more"
    assert shown(funnel)["9 more"] == [9, 9, 9]
    assert len(sources_table(funnel)) == 13


def test_the_tables_name_what_fell() -> None:
    funnel = filled([("a", 0, "pii-email"), ("b", 1, "refusal"), ("b", 1, "")])
    assert [" ".join(cell.strip() for cell in line) for line in steps_table(funnel)] == [
        "check in out kept taken out",
        "pii 3 2 66.7% 1 pii-email",
        "refusals 2 1 50.0% 1 refusal",
    ]
    assert [cell.strip() for cell in sources_table(funnel)[1]] == [
        "b",
        "2",
        "1",
        "50.0%",
        "1 refusals",
    ]


def test_only_all_is_a_hundred_percent() -> None:
    assert [share(1, 1), share(99_999, 100_000), share(0, 0)] == ["100%", "99.9%", "-"]
