"""Scripted tutors say what their part says."""

import asyncio

import pytest

from quimbot.exceptions import ModelError, RuntimeFault
from quimbot.records.record import Message
from quimbot.runtimes.runtime import Reply, Sampling, reply
from quimbot.runtimes.scripted import Script, ScriptedRuntime

LEARNER = "Yesterday I go to the store."
RECAST = "Oh, you went to the store? What did you pick up?"
SCRIPT: Script = {(Message(role="user", content=LEARNER),): RECAST}


def said(runtime: ScriptedRuntime, learner: str = LEARNER, max_tokens: int = 64) -> Reply:
    chat = [Message(role="user", content=learner)]
    return asyncio.run(reply(runtime, chat, Sampling(max_tokens=max_tokens)))


def test_perfect_follows_its_script() -> None:
    answer = said(ScriptedRuntime("perfect", SCRIPT))
    assert (answer.text, answer.finish) == (RECAST, "stop")


def test_perfect_does_not_guess() -> None:
    with pytest.raises(RuntimeFault, match=r"no reply to 'Another\.' is known"):
        said(ScriptedRuntime("perfect", SCRIPT), "Another.")


def test_hopeless_never_corrects() -> None:
    assert "went" not in said(ScriptedRuntime("hopeless")).text


def test_echo_repeats() -> None:
    assert said(ScriptedRuntime("echo")).text == LEARNER


def test_length_is_kept() -> None:
    answer = said(ScriptedRuntime("echo"), max_tokens=2)
    assert (answer.text, answer.finish, answer.reply_tokens) == ("Yesterday I", "length", 2)


def test_unknown_part_lists_the_known() -> None:
    with pytest.raises(ModelError, match="expected one of perfect, hopeless, echo"):
        ScriptedRuntime("perfekt")


def test_perfect_needs_a_script() -> None:
    with pytest.raises(ModelError, match="follows the script of a suite"):
        ScriptedRuntime("perfect")
