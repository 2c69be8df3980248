"""What a model is told for each move: four Markdown files, shipped or your own."""

import re
from collections.abc import Mapping
from pathlib import Path

from quimbot.exceptions import RecipeError
from quimbot.pedagogy.moves import of_language
from quimbot.pedagogy.seed import Seed
from quimbot.records.record import Move

CORRECTION = "{correction}"
"""Where a prompt tells the corrected turn, or that there is nothing to correct."""
_FIRST_LANGUAGE = "{first_language}"
_PLACEHOLDER = re.compile(r"\{\w*\}")
_SHIPPED = Path(__file__).with_name("prompts")

Prompts = Mapping[Move, str]


def read_prompts(folder: Path | None = None) -> Prompts:
    """The prompts in a folder: `recast.md`, `elicitation.md`, `expansion.md`, `hint.md`.

    Raises:
        RecipeError: a file is missing, lacks its placeholder or has an unknown one.
    """
    return {move: _read((folder or _SHIPPED) / f"{move}.md") for move in Move}


def fill_prompt(prompts: Prompts, move: Move, seed: Seed) -> str:
    """The prompt of a move for one learner turn."""
    known = (
        f'Correctly, the learner\'s turn is: "{seed.corrections[0]}".'
        if seed.corrections
        else "The learner's turn is correct: just chat, and ask a question."
    )
    # the correction last: what a learner wrote is never read as a placeholder
    return prompts[move].replace(_FIRST_LANGUAGE, of_language(seed.l1)).replace(CORRECTION, known)


def _read(path: Path) -> str:
    try:
        text = path.read_text("utf-8").strip()
    except FileNotFoundError:
        names = ", ".join(f"{move}.md" for move in Move)
        raise RecipeError(f"{path}: no such prompt; the folder must hold {names}") from None
    except (OSError, UnicodeDecodeError) as fault:
        raise RecipeError(f"{path}: cannot be read ({fault}); save it as UTF-8 text") from None
    for number, line in enumerate(text.splitlines(), 1):
        for name in _PLACEHOLDER.findall(line):
            if name not in (CORRECTION, _FIRST_LANGUAGE):
                raise RecipeError(
                    f"{path}:{number}: unknown placeholder {name}; "
                    f"allowed: {CORRECTION}, {_FIRST_LANGUAGE}"
                )
    if CORRECTION not in text:
        raise RecipeError(
            f"{path}: has no {CORRECTION}; write it where the teacher is to be told what is right"
        )
    return text
