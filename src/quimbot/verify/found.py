"""What a check found in a chat, in words for the reader of the rejected rows."""

from collections.abc import Sequence

from quimbot.exceptions import RecipeError
from quimbot.records.record import Message, Verdict

PASSED = Verdict(passed=True)
_AROUND = 30
"""Characters shown on each side of what was found."""
_NAMES = {"user": "learner turn", "assistant": "reply", "system": "system prompt"}


def place(messages: Sequence[Message], at: int) -> str:
    """A message as people count them: `learner turn 2`, `reply 1`."""
    role = messages[at].role
    number = sum(message.role == role for message in messages[: at + 1])
    return _NAMES[role] if role == "system" else f"{_NAMES[role]} {number}"


def fallen(reason: str, messages: Sequence[Message], at: int, start: int, end: int) -> Verdict:
    """The verdict on characters of a message that fail: where they stand, and their context."""
    text = messages[at].content
    shown = " ".join(text[max(start - _AROUND, 0) : end + _AROUND].split())
    before = "..." if start > _AROUND else ""
    after = "..." if end + _AROUND < len(text) else ""
    return Verdict(
        passed=False, reason=reason, detail=f'{place(messages, at)}: "{before}{shown}{after}"'
    )


def no_arguments(check: str, arguments: Sequence[str]) -> tuple[()]:
    """Nothing, for a check that takes nothing.

    Raises:
        RecipeError: something was given.
    """
    if arguments:
        raise RecipeError(f"the check {check!r} takes no arguments; found {','.join(arguments)!r}")
    return ()


def known_arguments(check: str, arguments: Sequence[str], known: Sequence[str]) -> None:
    """Refuse an argument that a check does not know.

    Raises:
        RecipeError: there is none, or one is not known; the known are listed.
    """
    wrong = [argument for argument in arguments if argument not in known]
    if wrong or not arguments:
        found = f"found {wrong[0]!r}" if wrong else "it has none"
        raise RecipeError(f"the check {check!r} takes some of {', '.join(known)}; {found}")
