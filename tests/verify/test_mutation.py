"""Replies built from real learner turns, some sound and some spoiled on purpose, meet the judge.

The turns are ErAConD's, which nobody here wrote; each class of reply says by itself whether it
must pass, so that no labels are needed.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import pytest

from quimbot.pedagogy.correction import Edit, edits_all
from quimbot.pedagogy.say_back import say_back
from quimbot.records.record import Move, Verdict
from quimbot.verify.scaffolding import Item, judge_all

SENTENCE = re.compile(r"[^.!?]*\w[^.!?]*[.!?]*")
QUESTION = "What else can you tell me?"


@dataclass(frozen=True)
class Real:
    """A real learner turn with at least one error."""

    learner: str
    correction: str
    edits: tuple[Edit, ...]

    @property
    def form(self) -> str:
        """The longest corrected form that can be quoted, or nothing."""
        forms = [" ".join(e.right) for e in self.edits if e.right and e.right != e.wrong]
        return max(forms, key=len, default="")


@cache
def turns() -> tuple[Real, ...]:
    suite = files("quimbot.verify") / "suites" / "eracond.jsonl"
    rows = [json.loads(line) for line in suite.read_text(encoding="utf-8").splitlines()]
    pairs = [(row["learner"], row["correction"]) for row in rows]
    found = [
        Real(learner, correction, tuple(edit for edit in some if edit.real))
        for (learner, correction), some in zip(pairs, edits_all(pairs), strict=True)
    ]
    return tuple(turn for turn in found if turn.edits)


def echo(text: str) -> str:
    """The text said back, without an end, as a weak model writes it."""
    return say_back(text).rstrip(".!?, ")


def changed(turn: Real) -> str:
    """The sentences of the correction that the learner did not write so."""
    own = {part.strip() for part in SENTENCE.findall(turn.learner)}
    return " ".join(part for part in SENTENCE.findall(turn.correction) if part.strip() not in own)


@dataclass(frozen=True)
class Class:
    """One way to answer, whether it must pass, and how often the judge must see that."""

    name: str
    move: Move
    passes: bool
    at_least: float
    reply: Callable[[Real], str]


CLASSES = (
    Class("echo", Move.RECAST, True, 0.98, lambda t: f"Oh, {echo(t.correction)}? {QUESTION}"),
    Class("lower case", Move.RECAST, True, 0.98, lambda t: f"so {echo(t.correction).lower()}? "
          f"{QUESTION}"),
    Class("statement", Move.RECAST, True, 0.98, lambda t: f"{echo(t.correction)}! {QUESTION}"),
    Class("changed part", Move.RECAST, True, 0.98, lambda t: f"So {echo(changed(t))}. {QUESTION}"),
    Class("unrelated", Move.RECAST, False, 0.99, lambda _: "That sounds really interesting! What "
          "happened next?"),
    Class("error kept", Move.RECAST, False, 0.98, lambda t: f"Oh, {echo(t.learner)}? {QUESTION}"),
    Class("error and echo", Move.RECAST, False, 0.95, lambda t: f"{echo(t.correction)}! So "
          f"{echo(t.learner)}?"),
    Class("red pen", Move.RECAST, False, 0.99, lambda t: f'You should say "{t.correction}". '
          f"{QUESTION}"),
    Class("arrow", Move.RECAST, False, 0.99, lambda t: f"{t.learner} -> {t.correction}. "
          f"{QUESTION}"),
    Class("no question", Move.RECAST, False, 0.99, lambda t: "Oh, "
          f"{echo(t.correction).replace('?', '.')}."),
    Class("empty", Move.RECAST, False, 1.0, lambda _: " \n"),
    Class("clarification", Move.ELICITATION, True, 0.98, lambda _: "Sorry, I did not quite catch "
          "that. Could you say it again in another way?"),
    Class("no request", Move.ELICITATION, False, 0.99, lambda _: "How lovely! Do you do that "
          "often?"),
    Class("form given", Move.ELICITATION, False, 0.98, lambda t: "Could you say that again, maybe: "
          f"{echo(t.correction)}?"),
    Class("hint", Move.HINT, True, 0.98, lambda _: "Nice! Look at the grammar there once more. "
          "Which word would you change?"),
    Class("no grammar", Move.HINT, False, 0.99, lambda _: "Nice! Could you try that again?"),
    Class("form quoted", Move.HINT, False, 0.97, lambda t: f'Think about the grammar: try "{t.form}'
          '". Can you say it again?' if t.form else ""),
)  # fmt: skip


def judged(kind: Class) -> Iterator[tuple[Item, Verdict]]:
    items: list[Item] = [
        (turn.learner, (turn.correction,), reply, kind.move)
        for turn in turns()
        if (reply := kind.reply(turn))
    ]
    return zip(items, judge_all(items), strict=True)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.name)
def test_the_judge_sees_what_a_reply_was_built_to_do(kind: Class) -> None:
    outcomes = list(judged(kind))
    wrong = [(item, verdict) for item, verdict in outcomes if verdict.passed is not kind.passes]
    share = 1 - len(wrong) / len(outcomes)
    assert share >= kind.at_least, (share, wrong[:3])


def test_there_are_as_many_real_turns_as_the_suite_says() -> None:
    assert len(turns()) > 210


def test_a_quoted_form_is_known_on_nearly_every_turn() -> None:
    assert sum(bool(turn.form) for turn in turns()) > 200
