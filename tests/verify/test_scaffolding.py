"""Replies judged as a careful teacher would judge them, and records with many lessons."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import records, sentences, texts

from quimbot.records.record import Lesson, Message, Move, Provenance, Record, Verdict
from quimbot.verify.scaffolding import LONGEST, Scaffolding, judge, judge_all

GOLDEN = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "golden" / "replies.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
GO, WENT = "Yesterday I go to the store.", "Yesterday I went to the store."
RECAST = "Oh, you went to the store? What did you pick up?"


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: row["reply"])
def test_replies_are_judged_as_a_teacher_would(row: dict[str, Any]) -> None:
    verdict = judge(row["learner"], [row["correction"]], row["reply"], Move(row["move"]))
    assert verdict.passed is row["passes"], verdict


@pytest.mark.parametrize(
    ("move", "reply", "reason"),
    [
        (Move.RECAST, "", "empty"),
        (Move.RECAST, "That is a mistake: you went to the store?", "red-pen"),
        (Move.RECAST, "You went to the store, not go. What for?", "red-pen"),
        (Move.RECAST, "You went home? So you go to the store?", "repeats-error"),
        (Move.RECAST, "How nice! What did you buy there?", "no-recast"),
        (Move.RECAST, "I went swimming. And you?", "form-only"),
        (Move.RECAST, "You went to the store, past tense! What for?", "grammar-term"),
        (Move.RECAST, "Oh, you went to the store.", "no-question"),
        (Move.RECAST, "You went to the store? " + "La " * LONGEST, "too-long"),
        (Move.ELICITATION, "You went where? Could you say that again?", "leak"),
        (Move.ELICITATION, "What did you buy at the store?", "no-elicitation"),
        (Move.HINT, "Look at the verb: went. Can you try again?", "leak"),
        (Move.HINT, "Can you try it again?", "no-hint"),
        (Move.EXPANSION, "What store?", "nothing-new"),
        (Move.EXPANSION, "Dark green mountains surround beautiful rivers. Right?", "off-topic"),
    ],
)
def test_the_first_failing_check_is_named(move: Move, reply: str, reason: str) -> None:
    assert judge(GO, [WENT], reply, move).reason == reason


def test_evidence_shows_the_words_of_the_reply() -> None:
    verdict = judge(GO, [WENT], RECAST, Move.RECAST)
    shown = {(RECAST[e.start : e.end], e.label) for e in verdict.evidence}
    assert ("went", "recast") in shown
    assert ("What did you pick up?", "question") in shown


def test_every_error_must_be_recast() -> None:
    learner, right = "my brother have two dog", "my brother has two dogs"
    half = judge(learner, [right], "Your brother has some pets! Which ones?", Move.RECAST)
    assert (half.passed, half.level, half.score) == (False, "none", 0.5)
    assert judge(learner, [right], "Your brother has two dogs! Since when?", Move.RECAST).passed


def test_any_acceptable_correction_may_be_recast_and_none_may_be_given_away() -> None:
    corrections = ["He explained the problem to me", "He told me about the problem"]
    learner, reply = "He explained me the problem", "He told you about the problem? What was it?"
    assert judge(learner, corrections, reply, Move.RECAST).passed
    asked = "He told you about the problem? Could you say that again?"
    assert judge(learner, corrections, asked, Move.ELICITATION).reason == "leak"


@pytest.mark.parametrize("move", Move)
@pytest.mark.parametrize("corrections", [[], ["I like dogs."]])
def test_a_turn_without_an_error_asks_for_talk_only(move: Move, corrections: list[str]) -> None:
    assert judge("i like dogs", corrections, "Dogs are lovely! Have you one?", move).passed
    assert judge("i like dogs", corrections, "Dogs are lovely.", move).reason == "no-question"
    fixed = judge("i like dogs", corrections, 'You should say "I". Dogs?', move)
    assert (fixed.reason, fixed.level, fixed.score) == ("red-pen", "", None)


def chat(*turns: str, lessons: tuple[Lesson, ...] = ()) -> Record:
    return Record(
        messages=tuple(
            Message(role="assistant" if at % 2 else "user", content=text)
            for at, text in enumerate(turns)
        ),
        lessons=lessons,
        provenance=Provenance(source="test", licence="MIT"),
    )


def lesson(turn: int) -> Lesson:
    return Lesson(turn=turn, move=Move.RECAST, corrections=(WENT,))


def test_a_record_is_as_good_as_its_worst_lesson() -> None:
    both = (lesson(1), lesson(3))
    good = chat(GO, RECAST, GO, RECAST, lessons=both)
    bad = chat(GO, RECAST, GO, "Nice! What for?", lessons=both)
    bare = chat(GO, "Nice!")
    checked = Scaffolding().check([good, bad, bare])
    assert [(v.passed, v.reason) for v in checked] == [(True, ""), (False, "no-recast"), (True, "")]


@pytest.mark.parametrize("turn", [-1, 0, 2, 9])
def test_a_lesson_that_points_at_no_reply_fails(turn: int) -> None:
    (verdict,) = Scaffolding().check([chat(GO, RECAST, GO, lessons=(lesson(turn),))])
    assert verdict == Verdict(passed=False, reason="lesson-without-turns")


@settings(max_examples=60)
@given(st.lists(records(content=texts | sentences), max_size=4))
def test_any_records_have_their_verdicts_in_order(some: list[Record]) -> None:
    verdicts = Scaffolding().check(some)
    assert len(verdicts) == len(some)
    for record, verdict in zip(some, verdicts, strict=True):
        assert verdict.passed is (not verdict.reason)
        assert verdict == Scaffolding().check([record])[0]


@settings(max_examples=60)
@given(sentences, sentences, texts | sentences, st.sampled_from(Move))
def test_evidence_lies_in_the_reply(learner: str, right: str, reply: str, move: Move) -> None:
    verdict = judge(learner, [right], reply, move)
    assert all(0 <= e.start < e.end <= len(reply) for e in verdict.evidence)
    assert verdict.level in {"", "none", "form", "recast"}


def test_odd_model_output_is_judged_all_the_same() -> None:
    odd = [
        "",
        "?",
        "\x00\ufffd",
        "you went " * 5000,
        "<b>went</b> \u202e?",
        "\u0336" * 50,
        "_" * 99,
    ]
    items = [(GO, (WENT,), reply, move) for reply in odd for move in Move]
    assert not any(verdict.passed for verdict in judge_all(items))
