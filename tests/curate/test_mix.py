"""A mix has the shares asked for in whole numbers, repeats nothing unasked, and is made again."""

import random
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quimbot.curate.mix import MixPart, MixSettings, fitted, mix, quotas
from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import read_records, write_rows
from quimbot.records.manifest import read_manifest
from quimbot.records.record import Lesson, Message, Move, Provenance, Record
from quimbot.runs.watch import Silent

shares = st.lists(st.fractions("1/1000", 100, max_denominator=1000), min_size=1, max_size=6)


def chats(source: str, count: int, **tags: str) -> list[Record]:
    return [
        Record(
            messages=(
                Message(role="user", content=f"{source} {place}"),
                Message(role="assistant", content="Tell me more?"),
            ),
            lessons=(Lesson(turn=1, move=list(Move)[place % 4], corrections=("x",)),),
            provenance=Provenance(source=source, licence="MIT"),
            tags=tags,
        )
        for place in range(count)
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    spanish, korean = chats("es", 60, l1="es", level="a2"), chats("ko", 40, l1="ko")
    write_rows(tmp_path / "tutor.jsonl", spanish + korean)
    write_rows(tmp_path / "chat.jsonl", chats("chat", 30))
    return tmp_path


def run(folder: Path, *parts: str, **more: int) -> tuple[str, list[Record]]:
    settings = MixSettings(
        part=tuple(f"{folder}/{part}" for part in parts), output=folder / "mix.jsonl", **more
    )
    summary = mix(settings, Silent())
    return summary, list(read_records(settings.output))


@given(shares, st.integers(0, 10_000))
def test_quotas_are_whole_add_up_and_miss_by_less_than_one(
    parts: list[Fraction], size: int
) -> None:
    found = quotas(parts, size)
    assert sum(found) == size
    assert all(abs(q - p * size / sum(parts)) < 1 for q, p in zip(found, parts, strict=True))


@given(shares, st.integers(0, 1000), st.data())
def test_fitted_quotas_never_overflow_and_use_the_room(
    parts: list[Fraction], size: int, data: st.DataObject
) -> None:
    room = data.draw(st.lists(st.integers(0, 400), min_size=len(parts), max_size=len(parts)))
    found = fitted(parts, size, room)
    assert all(0 <= count <= most for count, most in zip(found, room, strict=True))
    assert sum(found) == min(size, sum(room))


def test_shares_are_reached_exactly_and_rows_do_not_repeat(folder: Path) -> None:
    summary, rows = run(folder, "tutor.jsonl:0.9", "chat.jsonl:0.1", size=100)
    assert summary == "100 records: tutor 90 (90.0%), chat 10 (10.0%)"
    assert Counter(row.provenance.source == "chat" for row in rows) == {False: 90, True: 10}
    assert len({row.id for row in rows}) == 100


def test_without_a_size_the_mix_is_as_large_as_the_shares_allow(folder: Path) -> None:
    _, rows = run(folder, "tutor.jsonl:80", "chat.jsonl:20")
    assert len(rows) == 125
    _, rows = run(folder, "tutor.jsonl:1", "chat.jsonl:1")
    assert len(rows) == 60


def test_a_shortfall_is_shared_out_and_said(folder: Path) -> None:
    summary, rows = run(folder, "tutor.jsonl:0.5", "chat.jsonl:0.5", size=100)
    assert len(rows) == 100
    assert "chat.jsonl:0.5 has 30 of the 50 asked: made up from the others" in summary
    summary, rows = run(folder, "tutor.jsonl:0.5", "chat.jsonl:0.5", size=1000)
    assert len(rows) == 130
    assert summary.endswith("130 records in all")
    facts = read_manifest(folder / "mix.jsonl").facts
    assert facts["parts"] == [
        {"part": f"{folder}/tutor.jsonl:0.5", "available": 100, "asked": 500, "reached": 100},
        {"part": f"{folder}/chat.jsonl:0.5", "available": 30, "asked": 500, "reached": 30},
    ]


def test_tags_source_and_move_narrow_a_part(folder: Path) -> None:
    _, rows = run(folder, "tutor.jsonl:1[l1=es, level=a2]")
    assert {row.provenance.source for row in rows} == {"es"}
    assert len(rows) == 60
    _, rows = run(folder, "tutor.jsonl:1[source=ko,move=recast]")
    assert {(row.provenance.source, row.lessons[0].move) for row in rows} == {("ko", Move.RECAST)}


def test_a_record_goes_to_the_first_part_that_admits_it(folder: Path) -> None:
    _, rows = run(folder, "tutor.jsonl:0.5[l1=es]", "tutor.jsonl:0.5", size=80)
    assert Counter(row.provenance.source for row in rows) == {"es": 40, "ko": 40}


def test_rows_repeat_only_as_often_as_allowed(folder: Path) -> None:
    _, rows = run(folder, "tutor.jsonl:0.5", "chat.jsonl:0.5x3", size=160)
    times = Counter(row.id for row in rows if row.provenance.source == "chat")
    assert sum(times.values()) == 80
    assert set(times.values()) == {2, 3}  # every row twice before any comes a third time


@given(st.randoms(use_true_random=False))
@settings(max_examples=5)
def test_the_bytes_depend_on_seed_and_content_alone(
    tmp_path_factory: pytest.TempPathFactory, chance: random.Random
) -> None:
    rows = chats("es", 20) + chats("ko", 20)
    mixes = []
    for seed in (0, 0, 1):
        folder = tmp_path_factory.mktemp("mix")
        chance.shuffle(rows)
        write_rows(folder / "tutor.jsonl", rows)
        run(folder, "tutor.jsonl:1", size=30, seed=seed)
        mixes.append((folder / "mix.jsonl").read_bytes())
    assert mixes[0] == mixes[1] != mixes[2]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.jsonl",
        "a.jsonl:",
        "a.jsonl:0",
        "a.jsonl:-1",
        "a.csv:1",
        "a.jsonl:1[l1",
        "a.jsonl:1x0",
    ],
)
def test_a_misspelt_part_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(RecipeError, match=r"must be path.jsonl:share"):
        MixPart.parse(text)


def test_other_mistakes_are_one_line(folder: Path) -> None:
    with pytest.raises(RecipeError, match=r"'l1' must be tag=value"):
        MixPart.parse("a.jsonl:1[l1]")
    with pytest.raises(RecipeError, match="part is empty"):
        MixSettings(part=(), output=folder / "mix.jsonl")
    with pytest.raises(RecipeError, match="size -1 is negative"):
        MixSettings(part=("a.jsonl:1",), output=folder / "mix.jsonl", size=-1)
    with pytest.raises(DataError, match=r"tutor.jsonl:1\[l1=zh\]': no record fits"):
        run(folder, "tutor.jsonl:1[l1=zh]")
    with pytest.raises(DataError, match=r"gone.jsonl: no such file"):
        run(folder, "gone.jsonl:1")
