"""A mix has the shares asked for in whole numbers, repeats nothing unasked, and is made again."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import tiny_model

from quimbot.curate.mix import MixSettings, mix
from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import read_records, write_rows
from quimbot.records.manifest import read_manifest
from quimbot.records.record import Lesson, Message, Move, Provenance, Record
from quimbot.runs.watch import Silent, Task


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


def run(folder: Path, *parts: str, **more: object) -> tuple[str, list[Record]]:
    settings = MixSettings(
        part=tuple(f"{folder}/{part}" for part in parts),
        output=folder / "mix.jsonl",
        **more,  # type: ignore[arg-type] # settings by name
    )
    summary = mix(settings, Silent())
    return summary, list(read_records(settings.output))


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
    parts: Any = facts["parts"]
    tutor, chat = parts
    assert tutor["part"] == f"{folder}/tutor.jsonl:0.5"
    assert (tutor["available"], tutor["asked"], tutor["reached"]) == (100, 500, 100)
    assert (chat["available"], chat["asked"], chat["reached"], chat["missing"]) == (
        30,
        500,
        30,
        470,
    )
    assert chat["rows"] == {"available": 30, "reached": 30, "share": round(30 / 130, 6)}
    assert tutor["bytes"]["reached"] == 100 * len("Tell me more?")


def test_strict_fails_before_anything_is_written(folder: Path) -> None:
    with pytest.raises(DataError, match=r"chat.jsonl:0.5 has 30 of the 50 asked; add records"):
        run(folder, "tutor.jsonl:0.5", "chat.jsonl:0.5", size=100, strict=True)
    assert not (folder / "mix.jsonl").exists()
    _, rows = run(folder, "tutor.jsonl:0.5", "chat.jsonl:0.5x2", size=100, strict=True)
    assert len(rows) == 100


def test_tags_source_and_move_narrow_a_part(folder: Path) -> None:
    _, rows = run(folder, "tutor.jsonl:1[l1=es, level=a2]")
    assert {row.provenance.source for row in rows} == {"es"}
    assert len(rows) == 60
    _, rows = run(folder, "tutor.jsonl:1[source=ko,move=recast]")
    assert {(row.provenance.source, row.lessons[0].move) for row in rows} == {("ko", Move.RECAST)}
    _, rows = run(folder, "tutor.jsonl:1[source=es|ko,move=recast|hint]")
    assert {row.provenance.source for row in rows} == {"es", "ko"}
    assert {row.lessons[0].move for row in rows} == {Move.RECAST, Move.HINT}


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


def test_other_mistakes_are_one_line(folder: Path) -> None:
    with pytest.raises(RecipeError, match="by tokens needs a model whose tokenizer counts"):
        MixSettings(part=("a.jsonl:1",), output=folder / "mix.jsonl", by="tokens")
    with pytest.raises(RecipeError, match="by 'words' is unknown; allowed: rows, tokens, bytes"):
        MixSettings(part=("a.jsonl:1",), output=folder / "mix.jsonl", by="words")  # type: ignore[arg-type] # a mistake
    with pytest.raises(RecipeError, match="part is empty"):
        MixSettings(part=(), output=folder / "mix.jsonl")
    with pytest.raises(RecipeError, match="size -1 is negative"):
        MixSettings(part=("a.jsonl:1",), output=folder / "mix.jsonl", size=-1)
    with pytest.raises(DataError, match=r"tutor.jsonl:1\[l1=zh\]': no record fits"):
        run(folder, "tutor.jsonl:1[l1=zh]")
    with pytest.raises(DataError, match=r"gone.jsonl: no such file"):
        run(folder, "gone.jsonl:1")


def test_shares_may_be_of_tokens_or_bytes(folder: Path) -> None:
    long = [
        msgspec.structs.replace(
            row, messages=(row.messages[0], Message(role="assistant", content="word " * 9)), id=""
        )
        for row in chats("long", 60)
    ]
    write_rows(folder / "long.jsonl", long)
    model = str(tiny_model(folder / "model", layers=1))
    for by, more in (("tokens", {"model": model}), ("bytes", {})):
        summary, rows = run(folder, "tutor.jsonl:0.5", "long.jsonl:0.5", by=by, size=1000, **more)
        facts: Any = read_manifest(folder / "mix.jsonl").facts
        assert summary.startswith(f"{len(rows)} records, {facts['total'][by]} {by}: tutor ")
        assert facts["by"] == by
        assert [part["asked"] for part in facts["parts"]] == [500, 500]
        for part in facts["parts"]:
            assert abs(part[by]["share"] - 0.5) < 0.03
            assert part[by]["reached"] == part["reached"]
        counts = Counter(row.provenance.source == "long" for row in rows)
        assert counts[False] > 2 * counts[True]  # one long reply is as much as many short ones


class _Ignored:
    def advance(self, by: int = 1, **facts: float | str) -> None:
        pass


class Stopped(Silent):
    """Ends the command in the middle of its writing."""

    @contextmanager
    def task(self, name: str, total: int, *, done: int = 0) -> Iterator[Task]:
        del total, done
        yield self if name == "mix: write" else _Ignored()

    def advance(self, by: int = 1, **facts: float | str) -> None:
        del by, facts
        raise KeyboardInterrupt


def test_a_mix_that_was_killed_is_made_again_with_the_same_bytes(tmp_path: Path) -> None:
    write_rows(tmp_path / "chat.jsonl", chats("chat", 2500))
    run(tmp_path, "chat.jsonl:1", size=2000)
    bytes_ = (tmp_path / "mix.jsonl").read_bytes()
    settings = MixSettings(
        part=(f"{tmp_path}/chat.jsonl:1",), output=tmp_path / "again.jsonl", size=2000
    )
    with pytest.raises(KeyboardInterrupt):
        mix(settings, Stopped())
    assert sorted(path.name for path in tmp_path.glob("*again*")) == []
    mix(settings, Silent())
    assert (tmp_path / "again.jsonl").read_bytes() == bytes_


def test_what_a_licence_forbids_is_said(folder: Path) -> None:
    said: list[str] = []

    class Listening(Silent):
        def say(self, text: str) -> None:
            said.append(text)

    owned = msgspec.structs.replace(
        chats("nc", 1)[0], provenance=Provenance(source="nc", licence="CC-BY-NC-4.0")
    )
    write_rows(folder / "nc.jsonl", [owned])
    parts = (f"{folder}/chat.jsonl:0.9", f"{folder}/nc.jsonl:0.1")
    mix(MixSettings(part=parts, output=folder / "mix.jsonl"), Listening())
    assert said == ["warning: licence CC-BY-NC-4.0 (10.0% of the records) allows no commercial use"]
