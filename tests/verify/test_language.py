"""Learners' mistakes stay English; another language does not pass."""

import pytest

from quimbot.records.record import Message, Provenance, Record
from quimbot.verify.language import Language


def chat(learner: str, reply: str) -> Record:
    return Record(
        messages=(
            Message(role="user", content=learner),
            Message(role="assistant", content=reply),
        ),
        provenance=Provenance(source="s", licence="MIT"),
    )


REPLY = "Oh, you went to the store? What did you buy there?"


@pytest.mark.parametrize(
    "learner",
    [
        "Yesterday I go to the store with my sister.",
        "I hope I like",
        "she dont know nothing about it",
        "My mother she cook very good paella every Sunday.",
        "HE IS MORE TALL THAN ME",
        "Ok!",
        "Hola",
        "",
    ],
)
def test_learner_english_passes(learner: str) -> None:
    assert Language().check([chat(learner, REPLY)])[0].passed


@pytest.mark.parametrize(
    ("learner", "language"),
    [
        ("Ayer fui a la tienda con mi hermana.", "es"),
        ("Hier je suis allé au magasin avec ma sœur.", "fr"),
        ("我昨天去了商店买了很多东西", "zh"),
        ("어제 가게에 갔어요", "ko"),
        ("أنا أحب القهوة في الصباح", "ar"),
    ],
)
def test_another_language_is_named_by_its_side(learner: str, language: str) -> None:
    both = [chat(learner, REPLY), chat("I like it.", learner)]
    assert [v.reason for v in Language().check(both)] == ["learner-language", "reply-language"]
    assert all(verdict.passed for verdict in Language("en", language).check(both))


def test_the_end_of_a_long_text_counts() -> None:
    long = "Hello. " + "Ayer fui a la tienda con mi hermana y compramos pan. " * 5
    assert Language().check([chat(long, REPLY)])[0].reason == "learner-language"
