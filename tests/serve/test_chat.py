"""A conversation in the terminal: its turns, and what of them still fits."""

import asyncio
from contextlib import aclosing

import pytest
from live_server import Puppet, tutor

from quimbot.exceptions import PromptTooLong, RecipeError, RuntimeFault
from quimbot.runtimes.runtime import Sampling
from quimbot.serve.chat import ChatSettings, Conversation, open_conversation


def said(conversation: Conversation, text: str, *, pieces: int | None = None) -> str:
    """What the tutor answers, left after so many pieces."""

    async def listen() -> str:
        heard: list[str] = []
        async with aclosing(conversation.say(text)) as reply:
            async for piece in reply:
                heard.append(piece)
                if len(heard) == pieces:
                    break
        return "".join(heard)

    return asyncio.run(listen())


def asked(puppet: Puppet) -> list[str]:
    """What the runtime was asked last, the system message aside."""
    return [m.content for m in puppet.asked[-1][0] if m.role != "system"]


def test_turns_are_remembered_until_reset() -> None:
    puppet = Puppet(line=["Ok", "."])
    conversation = Conversation(tutor(puppet), Sampling(seed=5))
    assert said(conversation, "One") == "Ok."
    said(conversation, "Two")
    assert asked(puppet) == ["One", "Ok.", "Two"]
    assert [sampling.seed for _, sampling in puppet.asked] == [5, 7]
    conversation.reset()
    said(conversation, "Three")
    assert asked(puppet) == ["Three"]


def test_the_oldest_turns_are_forgotten_when_they_no_longer_fit() -> None:
    puppet = Puppet(line=["Ok."], longest=4)  # the system message and three turns
    conversation = Conversation(tutor(puppet), Sampling())
    for text in ("One", "Two", "Three"):
        said(conversation, text)
    assert asked(puppet) == ["Two", "Ok.", "Three"]


def test_a_message_too_long_by_itself_is_told() -> None:
    conversation = Conversation(tutor(Puppet(longest=1)), Sampling())
    with pytest.raises(PromptTooLong):
        said(conversation, "One")


def test_a_reply_left_early_is_remembered_as_far_as_it_was_heard() -> None:
    puppet = Puppet(line=["You went ", "there?"])
    conversation = Conversation(tutor(puppet), Sampling())
    assert said(conversation, "One", pieces=1) == "You went "
    assert puppet.left == 1
    said(conversation, "Two")
    assert asked(puppet) == ["One", "You went ", "Two"]


def test_a_turn_without_an_answer_is_forgotten() -> None:
    puppet = Puppet(line=["Ok."], fails_after=0)
    conversation = Conversation(tutor(puppet), Sampling())
    with pytest.raises(RuntimeFault):
        said(conversation, "One")
    puppet.fails_after = None
    said(conversation, "Two")
    assert asked(puppet) == ["Two"]


def test_a_conversation_opens_at_an_address() -> None:
    with open_conversation(ChatSettings(address="scripted:echo")) as conversation:
        assert said(conversation, "Hello you") == "Hello you"


def test_an_unknown_tutor_lists_those_there_are() -> None:
    settings = ChatSettings(address="scripted:echo", tutor="recast")
    with (
        pytest.raises(RecipeError, match="choose one of scripted:echo"),
        open_conversation(settings),
    ):
        pass


@pytest.mark.parametrize("bad", [{"max_tokens": 0}, {"temperature": -1.0}, {"temperature": 3.0}])
def test_settings_out_of_range_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(RecipeError, match=next(iter(bad))):
        ChatSettings(address="x", **bad)  # type: ignore[arg-type] # wrong on purpose
