"""What a chat program asks for by itself, without its person: a title, tags, what to ask next."""

from collections.abc import Sequence

from quimbot.records.record import Message

_MARK = "### Task:"
"""How Open WebUI begins such a request; it sends it to the model of the conversation."""
_ORDER = Message(role="system", content="Do the task. Answer with its result and nothing else.")


def is_task(messages: Sequence[Message]) -> bool:
    """Whether the last words of the user are a task that no learner wrote."""
    said = [message.content for message in messages if message.role == "user"]
    return bool(said) and said[-1].lstrip().startswith(_MARK)


def as_task(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The task for a model that is no tutor now: what the tutor is told would spoil the result."""
    return (_ORDER, *(message for message in messages if message.role != "system"))
