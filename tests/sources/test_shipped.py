"""The shipped chats are what the recipes take them for: short, varied, correct in form."""

import re

import pytest

from quimbot.records.jsonl import read_records
from quimbot.records.record import Record
from quimbot.sources.pull import SHIPPED
from quimbot.verify.language import Language
from quimbot.verify.near_duplicates import NearDuplicates
from quimbot.verify.scaffolding import red_pen
from quimbot.verify.structure import Structure
from quimbot.verify.suite import SHIPPED as SUITES
from quimbot.verify.suite import load_suite

SENTENCE_END = re.compile(r"[.?!](?:\s|$)")


@pytest.fixture(scope="module")
def chats() -> list[Record]:
    return list(read_records(SHIPPED["general"]))


def test_there_are_enough_and_half_have_the_tutor_prompt(chats: list[Record]) -> None:
    prompted = sum(chat.messages[0].role == "system" for chat in chats)
    assert len(chats) >= 160
    assert 0.4 < prompted / len(chats) < 0.6


def test_replies_are_short_and_prompted_ones_ask(chats: list[Record]) -> None:
    for chat in chats:
        prompted = chat.messages[0].role == "system"
        for reply in (m.content for m in chat.messages if m.role == "assistant"):
            assert 10 <= len(reply.split()) <= 45, reply
            assert 1 <= len(SENTENCE_END.findall(reply)) <= 3, reply
            assert not prompted or reply.endswith("?"), reply


def test_every_chat_has_its_licence_and_passes_the_checks(chats: list[Record]) -> None:
    assert {chat.provenance.licence for chat in chats} == {"Apache-2.0"}
    assert {chat.provenance.source for chat in chats} == {"quimbot-general"}
    for check in (Structure(), Language(), NearDuplicates(threshold=0.3)):
        assert all(verdict.passed for verdict in check.check(chats))


@pytest.fixture(scope="module")
def care() -> list[Record]:
    return list(read_records(SHIPPED["care"]))


def test_careful_replies_pass_the_checks_ask_once_and_correct_nothing(care: list[Record]) -> None:
    assert len(care) >= 120
    assert {chat.provenance.licence for chat in care} == {"Apache-2.0"}
    assert {chat.provenance.source for chat in care} == {"quimbot-care"}
    for check in (Structure(), Language(), NearDuplicates(threshold=0.3)):
        assert all(verdict.passed for verdict in check.check(care))
    for chat in care:
        reply = chat.messages[-1].content
        assert 12 <= len(reply.split()) <= 38, reply
        assert reply.count("?") == 1, reply
        assert reply.endswith("?"), reply
        assert not red_pen(reply), reply


def test_no_suite_has_been_seen_in_them(care: list[Record]) -> None:
    asked = {run for name in SUITES for turn in load_suite(name) for run in _runs(turn.learner)}
    for chat in care:
        assert not asked & _runs(chat.messages[1].content), chat.messages[1].content


def _runs(text: str, length: int = 4) -> set[tuple[str, ...]]:
    words = re.findall(r"[\w']+", text.lower())
    return {tuple(words[at : at + length]) for at in range(len(words) - length + 1)}
