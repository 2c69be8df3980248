"""The checks that stand on heavy libraries, run for real."""

import socket

import pytest

from quimbot.records.record import Message, Provenance, Record
from quimbot.verify.presidio import Presidio
from quimbot.verify.toxicity import Toxicity


def chat(*turns: str) -> Record:
    messages = tuple(
        Message(role="assistant" if place % 2 else "user", content=turn)
        for place, turn in enumerate(turns)
    )
    return Record(messages=messages, provenance=Provenance(source="s", licence="MIT"))


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any look-up of an address is a failure."""

    def refuse(*asked: object, **more: object) -> None:
        raise AssertionError(f"went to the network: {asked} {more}")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.slow
@pytest.mark.usefixtures("offline")
def test_presidio_finds_names_and_addresses_without_the_network() -> None:
    rows = [
        chat("My name is John Smith and I live in Boston.", "Nice to meet you!"),
        chat("Write to maria.lopez@gmail.com", "Thanks, I will!"),
        chat("I goed to the park yesterday.", "You went to the park? Was it fun?"),
    ]
    usual = Presidio().check(rows)
    assert [verdict.reason for verdict in usual] == ["", "pii-email-address", ""]
    assert "maria.lopez" not in usual[1].detail
    names = Presidio("person").check(rows)
    assert [verdict.reason for verdict in names] == ["pii-person", "", ""]


@pytest.mark.usefixtures("offline")
def test_insults_fall_and_moods_do_not() -> None:
    rows = [
        chat("You are a stupid idiot and I hate you", "I am sorry to hear that."),
        chat("I hate Mondays", "Me too! What do you do then?"),
        chat("I want to die", "I am glad that you told me."),
        chat("My dog was killed by a car", "Oh no, I am so sorry."),
        Record(messages=(), provenance=Provenance(source="s", licence="MIT")),
    ]
    verdicts = Toxicity().check(rows)
    assert [verdict.reason for verdict in verdicts] == ["toxic", "", "", "", ""]
    assert verdicts[0].detail.startswith("learner turn 1: probability 1.0")
    assert not Toxicity("0.9").check(rows)[1].passed
    assert Toxicity().check([]) == []
