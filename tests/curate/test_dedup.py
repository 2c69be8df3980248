"""Dedup drops what repeats, keeps the four moves, and does not depend on the order of rows."""

import random
from itertools import combinations, pairwise
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from deduped import chat, run
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import records, sentences

from quimbot.curate.corpus import Corpus
from quimbot.curate.dedup import DedupSettings, dedup
from quimbot.curate.groups import differing
from quimbot.curate.preference import Preference
from quimbot.exceptions import DataError, RecipeError
from quimbot.records.jsonl import read_records, read_rows, write_rows
from quimbot.records.manifest import read_manifest
from quimbot.records.record import Move, Provenance, Record
from quimbot.records.rejected import Rejected, rejected_path
from quimbot.runs.watch import Silent
from quimbot.verify.near_duplicates import Link

TURN = "Last summer I go to Italy with my whole family and we visit many old churches in Rome."


@given(st.lists(records(sentences), min_size=1, max_size=15), st.randoms(use_true_random=False))
@settings(max_examples=15)
def test_the_same_records_stay_in_whatever_order(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Record], chance: random.Random
) -> None:
    folder = tmp_path_factory.mktemp("dedup")
    stay, fallen = run(folder, rows)
    assert len(stay) + len(fallen) == len(rows)
    shuffled = rows.copy()
    chance.shuffle(shuffled)
    stay_shuffled, _ = run(folder, shuffled)
    assert sorted(map(repr, stay)) == sorted(map(repr, stay_shuffled))
    again, none = run(folder, stay)
    assert again == stay
    assert not none


def test_four_moves_on_one_long_turn_stay(tmp_path: Path) -> None:
    replies = ["You went there?", "Where exactly?", "Rome is lovely!", "Look at the verb."]
    rows = [chat(TURN, reply, move) for reply, move in zip(replies, Move, strict=True)]
    near = chat(TURN, "You went there, really?", Move.RECAST)
    stay, fallen = run(tmp_path, [*rows, near])
    assert {row.lessons[0].move for row in stay} == set(Move)
    assert [row.reason for row in fallen] == ["near-duplicate"]
    assert fallen[0].match in {row.id for row in stay}
    assert fallen[0].similarity is not None
    assert fallen[0].similarity >= 0.5


def test_a_file_already_owned_makes_its_repeats_fall(tmp_path: Path) -> None:
    write_rows(tmp_path / "owned.jsonl", [chat("Hello there.", "Hi! How are you today?")])
    rows = [chat("hello there", "Hi, how are you today?"), chat("Bye.", "See you tomorrow!")]
    stay, fallen = run(tmp_path, rows, against=(tmp_path / "owned.jsonl",))
    assert stay == rows[1:]
    assert [row.reason for row in fallen] == ["exact-duplicate"]


def test_earlier_files_win(tmp_path: Path) -> None:
    one, two = chat("Hello there.", "Hi!"), chat("hello there", "Hi!")
    for first, second in ((one, two), (two, one)):
        write_rows(tmp_path / "a.jsonl", [first])
        write_rows(tmp_path / "b.jsonl", [second])
        dedup(
            DedupSettings(
                input=(tmp_path / "a.jsonl", tmp_path / "b.jsonl"), output=tmp_path / "o.jsonl"
            ),
            Silent(),
        )
        assert list(read_records(tmp_path / "o.jsonl")) == [first]


def test_the_cap_on_a_turn_takes_moves_in_turns(tmp_path: Path) -> None:
    rows = [
        chat("I has a dog.", f"{word} is what number {place} has to say about it.", move)
        for place, move in enumerate(Move)
        for word in ("This", "Another thing entirely, unlike the first,", "A third one")
    ]
    stay, fallen = run(tmp_path, rows, per_turn=4, threshold=1.0)
    assert {row.lessons[0].move for row in stay} == set(Move)
    assert len(stay) == 4
    assert {row.reason for row in fallen} == {"turn-over-cap"}


def test_a_fallen_row_names_what_stays_and_where(tmp_path: Path) -> None:
    rows = [chat(TURN, "You went there?"), chat("Bye.", "See you!"), chat(TURN, "You went, then?")]
    lines = [msgspec.json.encode(row) for row in rows]
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"\n\n  " + lines[0] + b"\n\n" + lines[1] + b"  \n" + lines[2])
    output = tmp_path / "out.jsonl"
    dedup(DedupSettings(input=(path,), output=output), Silent())
    stay = output.read_bytes().splitlines()
    (fallen,) = read_rows(rejected_path(output), Rejected)
    where = {rows[0].id: f"{path}:3", rows[2].id: f"{path}:6"}
    assert fallen.match_at == where[fallen.match]
    assert set(stay) < set(lines)
    assert read_manifest(output).rows == 2


def test_a_copy_of_what_fell_says_so(tmp_path: Path) -> None:
    near = chat(TURN.replace("Italy", "Spain"), "You went there?")
    write_rows(tmp_path / "owned.jsonl", [chat(TURN, "You went there?")])
    stay, fallen = run(tmp_path, [near, near], against=(tmp_path / "owned.jsonl",))
    assert stay == []
    copy, one = sorted(fallen, key=lambda row: row.reason)
    assert (copy.reason, copy.detail) == ("exact-duplicate", "a copy of one that fell for this")
    assert (one.reason, one.detail) == ("near-duplicate", "")
    assert copy.match_at == one.match_at == f"{tmp_path / 'owned.jsonl'}:1"
    assert copy.similarity == one.similarity


@given(st.lists(records(sentences), min_size=1, max_size=12), st.sampled_from(get_args(Link)))
@settings(max_examples=15)
def test_what_falls_names_a_row_that_stays(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Record], link: Link
) -> None:
    folder = tmp_path_factory.mktemp("dedup")
    stay, fallen = run(folder, rows, link=link)
    lines = (folder / "in.jsonl").read_bytes().splitlines()
    ids = {row.id for row in stay}
    for row in fallen:
        assert row.match in ids
        file, _, number = row.match_at.rpartition(":")
        assert file == str(folder / "in.jsonl")
        assert msgspec.json.decode(lines[int(number) - 1], type=Record).id == row.match


def test_a_chain_of_small_edits_falls_whole_only_by_components(tmp_path: Path) -> None:
    words = [f"w{place}" for place in range(20)]
    chain = []
    for step in range(8):
        chain.append(chat(" ".join(words), "ok"))
        words[2 * step] = f"other{step}"
    stay, _ = run(tmp_path, chain)
    assert len(stay) > 1
    assert all(overlap(one, other) < 0.5 for one, other in combinations(stay, 2))
    stay, fallen = run(tmp_path, chain, link="components")
    assert len(stay) == 1
    assert min(row.similarity or 0 for row in fallen) < 0.5


def overlap(one: Record, other: Record) -> float:
    left, right = (
        set(pairwise((record.messages[0].content + " ok").split())) for record in (one, other)
    )
    return len(left & right) / len(left | right)


def test_the_preferred_of_a_group_stays_wherever_it_stands(tmp_path: Path) -> None:
    def tagged(source: str, **tags: str) -> Record:
        record = chat("Hello there.", "Hi!")
        where = Provenance(source=source, licence="MIT")
        return msgspec.structs.replace(record, provenance=where, tags=tags)

    fair, good = tagged("b", quality="fair"), tagged("b", quality="excellent")
    pilot = tagged("pilot", quality="fair")
    for rows in ([fair, good, pilot], [pilot, good, fair]):
        assert run(tmp_path, rows, prefer=("quality=excellent", "source=pilot"))[0] == [good]
        assert run(tmp_path, rows, prefer=("source=pilot", "quality=excellent"))[0] == [pilot]


def test_the_largest_groups_are_shown_with_what_differs(tmp_path: Path) -> None:
    said: list[str] = []

    class Said(Silent):
        def say(self, text: str) -> None:
            said.append(text)

    rows = [chat(TURN, "You went there?")] * 3 + [chat("Bye.", "See you!")] * 2
    rows.append(chat(TURN.replace("Italy", "Spain"), "You went there?"))
    write_rows(tmp_path / "in.jsonl", rows)
    wanted = DedupSettings(
        input=(tmp_path / "in.jsonl",), output=tmp_path / "out.jsonl", show_groups=1
    )
    dedup(wanted, Said())
    shown = "\n".join(said)
    assert "group 1 of 2: 4 rows" in shown
    assert "See you!" not in shown
    assert "[-Italy-]{+Spain+}" in shown or "[-Spain-]{+Italy+}" in shown
    assert f"{tmp_path / 'in.jsonl'}:" in shown


@pytest.mark.parametrize(
    ("kept", "fallen", "marked"),
    [
        ("I go home.", "i go home", ""),
        ("I go home.", "I went home.", "I [-go-]{+went+} home."),
        ("I go.", "I go home.", "I go {+home.+}"),
        ("a b c d e f g h", "a b c d e f g x", "... e f g [-h-]{+x+}"),
    ],
)
def test_words_that_differ_are_marked(kept: str, fallen: str, marked: str) -> None:
    assert differing(kept, fallen) == marked


def test_a_file_that_changes_meanwhile_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    for later in ([], [chat("A new one.", "Yes?")], [chat("Bye.", "See you!")] * 3):
        write_rows(path, [chat("Bye.", "See you!")] * 2)
        corpus = Corpus((), (path,), Preference(()))
        list(corpus.texts(Silent()))
        write_rows(path, later)
        with pytest.raises(DataError, match=r"in.jsonl: changed while it was read"):
            list(corpus.again())


def test_bad_settings_and_empty_files_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"threshold 1.5 must be"):
        DedupSettings(input=(tmp_path,), output=tmp_path, threshold=1.5)
    with pytest.raises(RecipeError, match="per_turn -1 is negative"):
        DedupSettings(input=(tmp_path,), output=tmp_path, per_turn=-1)
    with pytest.raises(RecipeError, match="words 0 must be from 1 to 8"):
        DedupSettings(input=(tmp_path,), output=tmp_path, words=0)
    with pytest.raises(RecipeError, match="prefer names 'excellent'; write key=value"):
        DedupSettings(input=(tmp_path,), output=tmp_path, prefer=("excellent",))
    with pytest.raises(RecipeError, match="input names no file"):
        DedupSettings(input=(), output=tmp_path)
    with pytest.raises(DataError, match=r"in.jsonl: holds no records"):
        run(tmp_path, [])
