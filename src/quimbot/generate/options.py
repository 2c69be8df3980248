"""A name followed by options, as flags and recipes spell them: `recast=6 temperature=0.7`."""

import re
from dataclasses import fields
from typing import TypeVar

import msgspec

from quimbot.exceptions import RecipeError
from quimbot.runs.recipe import suggestion

T = TypeVar("T")
_BEFORE_OPTION = re.compile(r"\s+(?=\w+=)")


def options(text: str, kind: type[T], what: str) -> tuple[str, T]:
    """The name, and its options as a dataclass of that kind.

    Raises:
        RecipeError: an option is unknown, or its value is not what it must be.
    """
    name, *words = _BEFORE_OPTION.split(text.strip())
    given = dict(word.split("=", 1) for word in words)
    allowed = [field.name for field in fields(kind)]  # type: ignore[arg-type] # a dataclass always
    for key in given:
        if key not in allowed:
            raise RecipeError(
                f"{what} {text!r}: unknown option {key!r}; allowed: {', '.join(allowed)}"
                f"{suggestion(key, allowed)}"
            )
    try:
        return name, msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as fault:
        told = re.sub(r" - at `\$\.?(\w*)`", r" (in \1)", str(fault))
        raise RecipeError(f"{what} {text!r}: {told}") from None
    except RecipeError as fault:
        raise RecipeError(f"{what} {text!r}: {fault}") from None
