"""The checks that a recipe can name: `name`, or `name:argument,argument`."""

from quimbot.exceptions import RecipeError
from quimbot.verify.columns import Column, Moderation
from quimbot.verify.found import no_arguments
from quimbot.verify.language import Language
from quimbot.verify.length import Length
from quimbot.verify.manner import Addressed, Readable, Talk
from quimbot.verify.pii import Pii
from quimbot.verify.presidio import Presidio
from quimbot.verify.red_pen import RedPen
from quimbot.verify.refusals import Refusals
from quimbot.verify.scaffolding import Scaffolding
from quimbot.verify.structure import Structure
from quimbot.verify.toxicity import Toxicity
from quimbot.verify.verifier import Verifier

KNOWN = (
    "structure",
    "length",
    "language",
    "pii",
    "presidio",
    "moderation",
    "toxicity",
    "refusals",
    "quality",
    "difficulty",
    "safety",
    "red-pen",
    "talk",
    "address",
    "readable",
    "scaffolding",
)


def verifier(spelling: str) -> Verifier:  # noqa: C901, PLR0911, PLR0912 - one case a check
    """The check of that spelling.

    Raises:
        RecipeError: there is none of that name, or it does not take those arguments; what it knows
            is listed.
    """
    name, _, rest = spelling.partition(":")
    arguments = tuple(argument.strip() for argument in rest.split(",")) if rest else ()
    match name:
        case "structure":
            return Structure(*no_arguments(name, arguments))
        case "length":
            return Length(*arguments)
        case "language":
            return Language(*arguments)
        case "pii":
            return Pii(*arguments)
        case "presidio":
            return Presidio(*arguments)
        case "toxicity":
            return Toxicity(*arguments)
        case "moderation":
            return Moderation(*no_arguments(name, arguments))
        case "refusals":
            return Refusals(*no_arguments(name, arguments))
        case "quality" | "difficulty" | "safety":
            return Column(name, *arguments)
        case "red-pen":
            return RedPen(*no_arguments(name, arguments))
        case "talk":
            return Talk(*arguments)
        case "address":
            return Addressed(*arguments)
        case "readable":
            return Readable(*arguments)
        case "scaffolding":
            return Scaffolding(*no_arguments(name, arguments))
    raise RecipeError(f"unknown check {name!r}; allowed: {', '.join(KNOWN)}")
