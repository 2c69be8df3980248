"""The plan of a campaign: every row decided before the first call, so it can go on after any stop.

The same settings and bank give the same plan; its hash tells whether rows belong to it.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import msgspec

from quimbot.exceptions import RecipeError
from quimbot.generate.rules_teacher import moves_for
from quimbot.generate.teacher import Cell
from quimbot.pedagogy.moves import tutor_prompt
from quimbot.pedagogy.seed import Seed
from quimbot.records.record import Move

_WEIGHT = re.compile(r"(\w+)=(\d+)")


def move_weights(texts: Sequence[str]) -> dict[Move, int]:
    """The weights that texts such as `recast=6` spell.

    Raises:
        RecipeError: a text spells no move and weight, or no weight is above 0.
    """
    known = ", ".join(move.value for move in Move)
    weights: dict[Move, int] = {}
    for text in texts:
        found = _WEIGHT.fullmatch(text.strip())
        if not found or found[1] not in set(Move):
            raise RecipeError(f"moves {text!r} must be move=weight, as in recast=6; moves: {known}")
        weights[Move(found[1])] = int(found[2])
    if not any(weights.values()):
        raise RecipeError(f"moves gives no move a weight above 0; expected some of {known}")
    return weights


def make_plan(seeds: Sequence[Seed], weights: Mapping[Move, int], l1: str) -> list[Cell]:
    """One cell a seed: moves come in turn by weight, so that a run cut short holds them all."""
    turns = _rotation(weights)
    owed: list[Move] = []
    cells = []
    for index, seed in enumerate(seeds):
        move = _next_move(moves_for(seed), turns, owed) if seed.corrections else Move.RECAST
        cells.append(Cell(index=index, seed=seed, move=move, prompt=tutor_prompt(move, l1), l1=l1))
    return cells


def plan_hash(cells: Sequence[Cell], *facts: str) -> str:
    """Twelve hex digits of the cells and of what else decides the rows, such as the teacher."""
    digest = hashlib.blake2b("\n".join(facts).encode(), digest_size=6)
    for cell in cells:
        digest.update(msgspec.json.encode(cell))
    return digest.hexdigest()


def _rotation(weights: Mapping[Move, int]) -> Iterator[Move]:
    """Moves for ever, each as often as its weight and spread evenly."""
    total = sum(weights.values())
    credit = dict.fromkeys(weights, 0)
    while True:
        for move, weight in weights.items():
            credit[move] += weight
        chosen = max(credit, key=lambda move: credit[move])
        credit[chosen] -= total
        yield chosen


def _next_move(possible: frozenset[Move], turns: Iterator[Move], owed: list[Move]) -> Move:
    """The next move that the seed allows; those passed over are owed to later seeds."""
    late = next((move for move in owed if move in possible), None)
    if late is not None:
        owed.remove(late)
        return late
    for move in islice(turns, 1000):
        if move in possible:
            return move
        owed.append(move)
    return Move.RECAST
