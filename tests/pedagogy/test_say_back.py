"""A learner's clause, said back by the tutor."""

import pytest

from quimbot.pedagogy.bank.bank import shipped_bank
from quimbot.pedagogy.perspective import facing
from quimbot.pedagogy.say_back import say_back, sentence


@pytest.mark.parametrize(
    ("clause", "said"),
    [
        ("I was at home and my sister helped me.", "you were at home and your sister helped you"),
        ("My sister and I were late", "you and your sister were late"),
        ("My best friend and me went out", "you and your best friend went out"),
        ("Yesterday I went to the park.", "you went to the park yesterday"),
        ("On Monday I have to go", "you have to go on Monday"),
        ("Yesterday when I got up, it rained", "yesterday when you got up, it rained"),
        ("I always was good", "you always were good"),
        ("I'm happy that you are here.", "you're happy that I am here"),
        ("I told you.", "you told me"),
        ("I want you to help me", "you want me to help you"),
        ("I agree with you", "you agree with me"),
        ("You are funny", "I am funny"),
        ("We saw our friends", "you saw your friends"),
        ("Madrid is nice.", "Madrid is nice"),
        ("She was kind to him", "she was kind to him"),
        ("Do you like horror films?", "do I like horror films?"),
        ("Are you a robot?", "am I a robot?"),
        ("Were you there?", "was I there?"),
        ("Was I late?", "were you late?"),
        ("Can you tell me what your name is?", "can I tell you what my name is?"),
        ("What do you think about me?", "what do I think about you?"),
        ("I have to go, thank you", "you have to go"),
        ("Thanks for talking with me", "you thank me for talking with you"),
        ("Please send me a photo", "you want me to send you a photo"),
        ("Let's talk about music", "let's talk about music"),
        ("Can I ask you something personal?", "can you ask me something personal?"),
        ("If you want, we can talk", "if I want, you can talk"),
        ("I think you know it", "you think I know it"),
        ("My friends are kind , so I'm happy", "your friends are kind, so you're happy"),
    ],
)
def test_perspective_turns(clause: str, said: str) -> None:
    assert say_back(clause) == said


def test_time_may_stay_in_front() -> None:
    assert say_back("Last week I was ill", time_last=False) == "last week you were ill"


def test_only_perspective_changes_in_the_bank() -> None:
    for seed in shipped_bank().draw(300, seed=9):
        for echo in seed.echoes:
            said = say_back(echo)
            assert sorted(facing(_words(said))) == sorted(facing(_words(echo))), (echo, said)


def test_a_sentence_has_a_capital_and_one_end() -> None:
    assert sentence("you left") == "You left."
    assert sentence("did I leave?") == "Did I leave?"


def _words(text: str) -> list[str]:
    return text.replace(",", "").replace("?", "").replace(".", "").split()
