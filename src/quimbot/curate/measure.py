"""How much a record is: the bytes of its replies, or the tokens that training learns of it."""

from collections.abc import Callable

from quimbot.records.record import Record
from quimbot.runtimes.chat_format import Thoughts, examples, learnt_style
from quimbot.runtimes.models import find_model


def reply_bytes(record: Record) -> int:
    """Bytes of all replies that count when they are learnt, as UTF-8.

    What can be said of any language without a tokenizer; words cannot be counted in Chinese.
    """
    return sum(
        len(message.content.encode())
        for message in record.messages
        if message.role == "assistant" and message.weight
    )


def token_counter(model: str, thinking: Thoughts, max_tokens: int) -> Callable[[Record], int]:
    """Counts the tokens that `train` would learn of a record with that model: those of replies.

    Raises:
        ModelError: there is no such model, or it cannot be taught so.
    """
    found = find_model(model, weights=False)
    style, tokenizer = learnt_style(found.style, thinking), found.tokenizer()

    def learnt(record: Record) -> int:
        if not any(message.role == "assistant" for message in record.messages):
            return 0
        return sum(
            sum(weight > 0 for weight in example.weights[:max_tokens])
            for example in examples(record.messages, style, tokenizer)
        )

    return learnt
