"""The checks that a recipe can name."""

from quimbot.exceptions import RecipeError
from quimbot.verify.language import Language
from quimbot.verify.scaffolding import Scaffolding
from quimbot.verify.structure import Structure
from quimbot.verify.verifier import Verifier

KNOWN = ("structure", "language", "scaffolding")


def verifier(name: str) -> Verifier:
    """The check of that name.

    Raises:
        RecipeError: there is none; the known names are listed.
    """
    match name:
        case "structure":
            return Structure()
        case "language":
            return Language()
        case "scaffolding":
            return Scaffolding()
        case _:
            raise RecipeError(f"unknown verifier {name!r}; expected one of {', '.join(KNOWN)}")
