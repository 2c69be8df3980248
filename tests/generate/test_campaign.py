"""Campaigns: every row proved, and none lost or changed by a kill."""

import asyncio
import multiprocessing
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quimbot.exceptions import OutputError, RecipeError, RuntimeFault
from quimbot.generate import asking, campaign
from quimbot.generate.campaign import GenerateSettings, generate
from quimbot.generate.ledger import Ledger, Row
from quimbot.generate.plan import Plan, make_plan, plan_hash, read_moves
from quimbot.generate.proof import record_of
from quimbot.generate.rules_teacher import AUTHOR, RulesTeacher
from quimbot.generate.teacher import Answer, Cell
from quimbot.pedagogy.bank.bank import shipped_bank
from quimbot.records.jsonl import read_records, read_rows
from quimbot.records.record import Message, Move
from quimbot.records.rejected import Rejected
from quimbot.runs.watch import Silent
from quimbot.verify.near_duplicates import NearDuplicates


def test_every_row_is_proved_tagged_and_distinct(tmp_path: Path) -> None:
    output = tmp_path / "a.jsonl"
    summary = generate(GenerateSettings(output=output, dialogues=256, l1="es"), Silent())
    records = list(read_records(output))
    assert len(records) >= 253
    assert f"{len(records)} of 256" in summary
    for record in records:
        assert {"stage", "l1", "level", "category", "family"} <= record.tags.keys()
        assert "Spanish" in record.messages[0].content
        assert record.tags["stage"] == "2"
        for lesson in record.lessons:
            assert lesson.verdict is not None
            assert lesson.verdict.passed
            assert lesson.error_types
    assert len({record.messages[1].content for record in records}) == len(records)
    assert 10 <= sum(not record.lessons for record in records) <= 50
    moves = Counter(lesson.move for record in records for lesson in record.lessons)
    assert moves[Move.RECAST] > 2 * moves[Move.EXPANSION] > 2 * moves[Move.HINT]
    assert not list(tmp_path.glob(".*"))


def turns_of(path: Path) -> list[str]:
    return [record.messages[1].content for record in read_records(path)]


def test_turns_that_one_has_already_do_not_come_again(tmp_path: Path) -> None:
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    generate(GenerateSettings(output=first, dialogues=150), Silent())
    summary = generate(
        GenerateSettings(output=second, dialogues=150, against=(first,), near=0.6), Silent()
    )
    assert "of 150 planned" in summary
    had, new = turns_of(first), turns_of(second)
    matches = NearDuplicates(threshold=0.6).matches([*had, *new], owned=len(had))
    assert not any(matches[len(had) :])
    without = tmp_path / "c.jsonl"
    generate(GenerateSettings(output=without, dialogues=150), Silent())
    assert turns_of(without) == had  # the same draw repeats every turn


OWN = """
[[seed]]
id = "own-pets"
category = "pets"
level = "B1"
topic = "family"
learner = "I have two {pet}"
correction = "I have two {pet}"
types = ["R:NOUN:NUM"]
slots = { pet = [["dog", "dogs"], ["cat", "cats"]] }
hints = ["Think about the number."]
follow_ups = ["What are they called?"]
details = ["Animals are good company."]
"""


def test_seeds_of_ones_own_are_used_and_run_out(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(OWN, encoding="utf-8")
    few = GenerateSettings(
        output=tmp_path / "a.jsonl",
        own=(own,),
        category="pets",
        injected=0.0,
        no_error=0.0,
        long=0.0,
        dialogues=2,
        near=0.5,
    )
    generate(few, Silent())
    assert all("two" in turn.lower() for turn in turns_of(few.output))
    with pytest.raises(RecipeError, match=r"only \d+ of 480 turns drawn repeat no other"):
        generate(replace(few, dialogues=60, output=tmp_path / "b.jsonl"), Silent())


def test_killed_again_and_again_it_ends_with_the_same_bytes(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole" / "a.jsonl", tmp_path / "broken" / "a.jsonl"
    generate(_choice(whole), Silent())
    chance = Random(1)
    for _ in range(50):
        _run_and_kill(broken, chance.uniform(0.0, 0.3))
    generate(_choice(broken), Silent())
    assert broken.read_bytes() == whole.read_bytes()
    name = "a.rejected.jsonl"
    assert broken.with_name(name).read_bytes() == whole.with_name(name).read_bytes()


def _choice(output: Path) -> GenerateSettings:
    return GenerateSettings(output=output, dialogues=200)


def _run_and_kill(output: Path, wait_s: float) -> None:
    """Start a campaign in a copy of this process, and kill it after a while."""
    process = multiprocessing.get_context("fork").Process(
        target=generate, args=(_choice(output), Silent())
    )
    process.start()
    process.join(wait_s)
    process.kill()
    process.join()


ME = Answer(text="Oh?", author="me")


@settings(max_examples=25)
@given(data=st.data())
def test_a_ledger_cut_anywhere_keeps_its_whole_rows(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    output = tmp_path_factory.mktemp("ledger") / "a.jsonl"
    rows = [Row(index=cell.index, record=record_of(cell, ME)) for cell in _cells(6)]
    ledger = Ledger(output, "abc", 6)
    ledger.append(rows)
    raw = ledger.path.read_bytes()
    cut = data.draw(st.integers(0, len(raw)))
    ledger.path.write_bytes(raw[:cut])
    again = Ledger(output, "abc", 6)
    assert list(again.rows()) == rows[: raw[:cut].count(b"\n")]
    again.append(rows[len(again) :])
    assert again.path.read_bytes() == raw
    assert list(again.rows()) == rows


def test_rows_of_another_plan_are_never_lost(tmp_path: Path) -> None:
    output = tmp_path / "a.jsonl"
    other = Ledger(output, "other", 1)
    other.append([Row(index=0, record=record_of(_cells(1)[0], ME))])
    small = GenerateSettings(output=output, dialogues=20)
    with pytest.raises(OutputError, match=r"a\.jsonl: \.a\.other\.partial keeps rows of another"):
        generate(small, Silent())
    other.close()
    generate(small, Silent())
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a.coverage.html",
        "a.jsonl",
        "a.manifest.json",
        "a.rejected.jsonl",
    ]


class _Faulty(RulesTeacher):
    """Writes one bad reply, breaks now and then, never answers one cell; else as rules say."""

    at_once = 2

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[int] = Counter()
        self.refusals: list[str] = []

    async def answer(self, cell: Cell, refused: Sequence[str]) -> Answer:
        self.asked[cell.index] += 1
        if cell.index == 9 or (cell.index in (5, 70) and self.asked[cell.index] < 3):
            raise RuntimeFault("no answer", kind="500")
        self.refusals += refused
        if cell.index == 3:
            return Answer(text="The correct form is another one. Do you see?", author=AUTHOR)
        if not refused:
            return Answer(text="I see.", author=AUTHOR)
        return await super().answer(cell, refused)


def test_every_cell_ends_accepted_refused_or_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher = _Faulty()
    monkeypatch.setattr(campaign, "RulesTeacher", lambda _: teacher)
    monkeypatch.setattr(asking, "_PAUSE_S", 0.001)
    choice = GenerateSettings(output=tmp_path / "a.jsonl", dialogues=80, no_error=0.0)
    summary = generate(choice, Silent())
    assert "1 red-pen" in summary
    assert "1 failed" in summary
    assert summary.endswith("faults met: 9 of 500")
    accepted = list(read_records(choice.output))
    refused = list(read_rows(tmp_path / "a.rejected.jsonl", Rejected))
    assert len(accepted) + len(refused) == 80
    assert [row.detail for row in refused if row.reason == "failed"] == ["no answer"]
    assert teacher.asked[9] == 5
    assert "red-pen" in teacher.refusals


class _Slow(RulesTeacher):
    """Answers as the rules do, each after a while of its own; counts what is under way."""

    def __init__(self, at_once: int, seed: int) -> None:
        super().__init__()
        self.at_once = at_once
        self.most = self.now = self.answered = 0
        self._chance = Random(seed)

    async def answer(self, cell: Cell, refused: Sequence[str]) -> Answer:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(self._chance.uniform(0.0, 0.02))
        self.now -= 1
        self.answered += 1
        return await super().answer(cell, refused)


@pytest.mark.parametrize(("at_once", "seed"), [(1, 0), (7, 1), (50, 2)])
def test_rows_are_the_same_in_whatever_order_they_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int, seed: int
) -> None:
    choice = GenerateSettings(output=tmp_path / "a.jsonl", dialogues=140)
    generate(choice, Silent())
    teacher = _Slow(at_once, seed)
    monkeypatch.setattr(campaign, "RulesTeacher", lambda _: teacher)
    other = replace(choice, output=tmp_path / "b.jsonl")
    generate(other, Silent())
    assert other.output.read_bytes() == choice.output.read_bytes()
    assert teacher.most == at_once


class _GivingUp(_Slow):
    """Gives up at one cell, once."""

    async def answer(self, cell: Cell, refused: Sequence[str]) -> Answer:
        if cell.index == 20 and not self.answered > 100:
            self.given_up = RuntimeFault("no answer")
            self.answered += 100
            raise self.given_up
        return await super().answer(cell, refused)


def test_what_is_under_way_when_a_teacher_gives_up_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher = _GivingUp(8, 3)
    monkeypatch.setattr(campaign, "RulesTeacher", lambda _: teacher)
    choice = GenerateSettings(output=tmp_path / "a.jsonl", dialogues=60)
    with pytest.raises(RuntimeFault, match=r"no answer; \d+ of 60 rows are kept"):
        generate(choice, Silent())
    teacher.given_up = None
    assert teacher.answered >= 120
    generate(choice, Silent())
    # nothing is paid for twice: 60 rows and as many more as replies were refused
    assert 0 <= teacher.answered - 160 <= 3


def test_a_reply_used_too_often_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Parrot(_Slow):
        async def answer(self, cell: Cell, refused: Sequence[str]) -> Answer:
            if not cell.seed.corrections:
                return Answer(text="Really? Tell me more!", author=AUTHOR)
            return await super().answer(cell, refused)

    monkeypatch.setattr(campaign, "RulesTeacher", lambda _: Parrot(16, 4))
    choice = GenerateSettings(output=tmp_path / "a.jsonl", dialogues=400, no_error=0.5)
    assert "worn-out" in generate(choice, Silent())
    said = Counter(record.messages[2].content for record in read_records(choice.output))
    assert said["Really? Tell me more!"] == 5


def test_a_plan_depends_on_its_settings_only() -> None:
    plan = _plan(300)
    assert plan_hash(plan, "rules") == plan_hash(_plan(300), "rules")
    assert plan_hash(plan, "rules") != plan_hash(plan, "other")
    assert plan_hash(_plan(299), "rules") != plan_hash(plan, "rules")
    assert list(plan) == list(plan)
    head = Counter(cell.move for cell in islice(plan, 50))
    assert all(head[move] >= 3 for move in Move)


WEIGHTS = {Move.RECAST: 6, Move.ELICITATION: 1, Move.EXPANSION: 2, Move.HINT: 1}


def _plan(count: int) -> Plan:
    return make_plan(list(shipped_bank().draw(count, seed=8)), WEIGHTS, "")


def _cells(count: int) -> list[Cell]:
    return list(_plan(count))


def test_moves_may_come_in_blocks() -> None:
    seeds = list(shipped_bank().draw(60, seed=8))
    cells = make_plan(seeds, dict.fromkeys(Move, 1), "", block=15, able=lambda _: tuple(Move))
    moves = [cell.move for cell in cells]
    assert [moves[at] for at in (0, 15, 30, 45)] == list(Move)
    assert all(len(set(moves[at : at + 15])) == 1 for at in (0, 15, 30, 45))


def test_moves_say_how_a_model_is_asked() -> None:
    weights, samplings = read_moves(["hint=2 temperature=0.3 tokens=40"])
    assert weights == {Move.HINT: 2}
    assert (samplings[Move.HINT].temperature, samplings[Move.HINT].max_tokens) == (0.3, 40)
    assert samplings[Move.RECAST].max_tokens == 96  # for turns without an error


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("dialogues", 0, "at least 1"),
        ("moves", ("recast",), "move=weight"),
        ("moves", ("scold=2",), "moves: recast, elicitation, expansion, hint"),
        ("moves", ("recast=0",), "above 0"),
        ("l1", "fr", "expected one of es, zh, ar, ko"),
        ("long", 1.5, "between 0 and 1"),
        ("attempts", 0, "at least 1"),
        ("block", 0, "at least 1"),
        ("moves", ("recast=1 heat=2",), "unknown option 'heat'; allowed: temperature, top_p"),
        ("moves", ("recast=1 tokens=many",), "Expected `int`, got `str`"),
        ("moves", ("recast=1 temperature=3",), "must be between 0 and 2"),
        ("max_cost", 0.0, "max_cost 0.0 buys nothing; leave it out"),
        ("max_tokens", 0, "max_tokens 0 buys nothing"),
        ("max_minutes", -1.0, "buys nothing"),
        ("teacher", ("rules", "http://a/v1#m"), "stands alone"),
        ("teacher", ("http://a/v1#m at_onc=3",), "unknown option 'at_onc'.*did you mean 'at_once'"),
        ("teacher", ("http://a/v1#m at_once=0",), "at_once 0 must be at least 1"),
    ],
)
def test_bad_settings_are_told(field: str, value: object, fault: str) -> None:
    with pytest.raises(RecipeError, match=fault):
        GenerateSettings(output=Path("a.jsonl"), **{field: value})  # type: ignore[arg-type] # on purpose


def test_a_prompt_message_is_stored_as_it_is() -> None:
    cell = _cells(1)[0]
    record = record_of(cell, Answer(text="Oh, really?", author=AUTHOR))
    assert record.messages[0] == Message(role="system", content=cell.prompt.content)
    assert record.provenance.source == "quimbot-rules"
    assert record.provenance.prompt_hash
