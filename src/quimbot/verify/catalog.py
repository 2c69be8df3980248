"""The checks that a recipe can name: `name`, or `name:argument,argument`."""

from quimbot.exceptions import RecipeError
from quimbot.verify.language import Language
from quimbot.verify.scaffolding import Scaffolding
from quimbot.verify.structure import Structure
from quimbot.verify.verifier import Verifier

KNOWN = ("structure", "language", "scaffolding")


def verifier(spelling: str) -> Verifier:
    """The check of that spelling.

    Raises:
        RecipeError: there is none of that name, or it does not take those arguments; what it knows
            is listed.
    """
    name, _, rest = spelling.partition(":")
    arguments = tuple(argument.strip() for argument in rest.split(",")) if rest else ()
    match name:
        case "structure":
            return Structure(*_none(name, arguments))
        case "language":
            return Language(*arguments)
        case "scaffolding":
            return Scaffolding(*_none(name, arguments))
        case _:
            raise RecipeError(f"unknown check {name!r}; expected one of {', '.join(KNOWN)}")


def _none(name: str, arguments: tuple[str, ...]) -> tuple[()]:
    if arguments:
        raise RecipeError(f"the check {name!r} takes no arguments; found {','.join(arguments)!r}")
    return ()
