"""Errors a user can act on: one line that says what was found, what was allowed, what to do.

The command line prints these without a traceback; anything else is our bug and keeps its own.

    QuimbotError
    ├── DataError       a file or a row is not what it must be
    ├── RecipeError     a setting is unknown, missing or out of range
    ├── ModelError      a model or adapter cannot be found, reached or used
    ├── OutputError     a result cannot be written, or is already there
    ├── NotFound        what was asked for is not there, or belongs to somebody else
    ├── NotAllowed      a person may not do what they asked for
    ├── TrainingFault   a training run cannot go on
    └── RuntimeFault    something that answers a chat failed to answer
        ├── PromptTooLong   the conversation does not fit the model's context
        ├── Busy            it asks to be left alone for a while
        └── Unusable        it will not answer, however often it is asked
            └── OutOfCredit     the account behind it cannot pay for more
"""


class QuimbotError(Exception):
    """Base of every error that a user can act on; its text is one line."""


class DataError(QuimbotError, ValueError):
    """A file or a row is not what it must be."""


class RecipeError(QuimbotError, ValueError):
    """A setting is unknown, missing or out of range."""


class ModelError(QuimbotError, LookupError):
    """A model or adapter cannot be found, reached or used."""


class OutputError(QuimbotError, OSError):
    """A result cannot be written, or is already there."""


class NotFound(QuimbotError, LookupError):  # noqa: N818 - an everyday answer
    """What was asked for is not there, or belongs to somebody else; which, is not told."""


class NotAllowed(QuimbotError):  # noqa: N818 - as NotFound
    """A person may not do what they asked for."""


class TrainingFault(QuimbotError, RuntimeError):  # noqa: N818 - as RuntimeFault
    """A training run cannot go on: its loss is no number, or memory is short."""


class RuntimeFault(QuimbotError, RuntimeError):  # noqa: N818 - the built-in has the other name
    """Something that answers a chat failed to answer.

    `kind` is a slug to count by: an HTTP status, `broke-off`, `timed-out`, …
    """

    def __init__(self, text: str, *, kind: str = "fault") -> None:
        super().__init__(text)
        self.kind = kind


class PromptTooLong(RuntimeFault):
    """The conversation does not fit the model's context; a shorter one may."""


class Busy(RuntimeFault):
    """It asks to be left alone for a while; the chat may be asked again, here or elsewhere."""

    def __init__(self, text: str, *, kind: str = "busy", wait_s: float | None = None) -> None:
        super().__init__(text, kind=kind)
        self.wait_s = wait_s
        """Seconds that it asked for, if it said."""


class Unusable(RuntimeFault):
    """It will not answer, however often it is asked: a wrong key, an unknown model."""


class OutOfCredit(Unusable):
    """The account behind an endpoint cannot pay for more."""
