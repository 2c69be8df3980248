"""Raters in words: what was done is told, and doubt only where there is reason."""

from msgspec import structs

from quimbot.evaluate.blind.raters import doubts, in_words, whoever_stood_there
from quimbot.evaluate.blind.tally import Rater

ANA = Rater(
    name="Ana",
    judged=33,
    of=33,
    same=1,
    twice=2,
    sides=(1, 0),
    identical=5,
    missed=0,
    attention=2,
    seconds=21.4,
    minutes=13.6,
)


def test_a_careful_rater_raises_no_doubt() -> None:
    judged, again, alike, reading = in_words(ANA)
    assert judged == "Judged 33 of 33 in 14 minutes, typically 21 seconds each."
    assert again == "Met 2 again with the sides swapped, and said the same of 1."
    assert alike.endswith("preferred none in 4 of 5, reply 1 in 1, reply 2 in 0.")
    assert reading == "Saw in 2 of 2 that a reply was meant for somebody else."
    assert doubts(ANA) == ()


def test_what_speaks_against_a_rater_is_told() -> None:
    hasty = structs.replace(ANA, judged=20, sides=(0, 5), missed=1)
    partial, inattentive, leaning = doubts(hasty)
    assert partial == "Ana has judged 20 of 33 so far."
    assert inattentive.startswith("Ana did not see in 1 of 2 that a reply was meant for somebody")
    assert leaning.startswith("Ana chose reply 2 in all 5 cases where the replies were the same")
    assert len(in_words(structs.replace(ANA, twice=0, identical=0, attention=0))) == 1
    assert doubts(structs.replace(ANA, sides=(3, 0), identical=3)) == ()


def test_a_leaning_is_told_from_chance() -> None:
    assert whoever_stood_there((20, 28)).endswith("no more uneven than by chance.")
    assert whoever_stood_there((10, 30)).endswith("so raters lean to a side.")
    assert whoever_stood_there((12, 12, 16)).endswith("no more uneven than by chance.")
    assert whoever_stood_there((0, 0)).endswith("no more uneven than by chance.")
