"""The plan of a campaign: every row decided before the first call, so it can go on after any stop.

The same settings and bank give the same plan; its hash tells whether rows belong to it.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import msgspec

from quimbot.exceptions import RecipeError
from quimbot.generate.options import options
from quimbot.generate.rules_teacher import moves_for
from quimbot.generate.teacher import Cell
from quimbot.pedagogy.moves import tutor_prompt
from quimbot.pedagogy.seed import Seed
from quimbot.records.record import Move
from quimbot.runtimes.runtime import Sampling

_HOTTEST = 2.0
_LOOKED_AHEAD = 1000
_WEIGHT = re.compile(r"(\w+)=(\d+)")


@dataclass(frozen=True, kw_only=True)
class Share:
    """How a move is asked of a model."""

    temperature: float = 0.8
    top_p: float = 0.95
    tokens: int = 96
    """Of a reply, at most."""

    def __post_init__(self) -> None:
        """Check the values."""
        if not 0 <= self.temperature <= _HOTTEST:
            raise RecipeError(f"temperature {self.temperature} must be between 0 and {_HOTTEST:g}")
        if not 0 < self.top_p <= 1:
            raise RecipeError(f"top_p {self.top_p} must be above 0 and at most 1")
        if self.tokens < 1:
            raise RecipeError(f"tokens {self.tokens} must be at least 1")

    @property
    def sampling(self) -> Sampling:
        """The same for a runtime."""
        return Sampling(max_tokens=self.tokens, temperature=self.temperature, top_p=self.top_p)


def read_moves(texts: Sequence[str]) -> tuple[dict[Move, int], dict[Move, Sampling]]:
    """The weights and the samplings that texts such as `recast=6 temperature=0.7` spell.

    Raises:
        RecipeError: a text spells no move and weight, or no weight is above 0.
    """
    known = ", ".join(move.value for move in Move)
    weights: dict[Move, int] = {}
    samplings: dict[Move, Sampling] = {}
    for text in texts:
        name, share = options(text, Share, "moves")
        found = _WEIGHT.fullmatch(name)
        if not found or found[1] not in set(Move):
            raise RecipeError(f"moves {text!r} must be move=weight, as in recast=6; moves: {known}")
        weights[Move(found[1])] = int(found[2])
        samplings[Move(found[1])] = share.sampling
    if not any(weights.values()):
        raise RecipeError(f"moves gives no move a weight above 0; expected some of {known}")
    # a turn without an error is answered as for a recast, whatever the moves
    samplings.setdefault(Move.RECAST, Share().sampling)
    return weights, samplings


class Plan:
    """The cells of a campaign, in order; each is made from its seed when its turn comes."""

    def __init__(self, seeds: Iterable[Seed], moves: Sequence[Move], l1: str) -> None:
        self._seeds = seeds
        self._moves = moves
        self._l1 = l1

    def __len__(self) -> int:
        return len(self._moves)

    def __iter__(self) -> Iterator[Cell]:
        """As often as asked, the same cells."""
        l1 = self._l1
        prompts = {move: tutor_prompt(move, l1) for move in Move}
        for index, (seed, move) in enumerate(zip(self._seeds, self._moves, strict=True)):
            yield Cell(index=index, seed=seed, move=move, prompt=prompts[move], l1=l1)


def make_plan(
    seeds: Iterable[Seed],
    weights: Mapping[Move, int],
    l1: str,
    *,
    block: int = 1,
    able: Callable[[Seed], Collection[Move]] = moves_for,
) -> Plan:
    """One cell a seed: moves come in turn by weight, so that a run cut short holds them all.

    `seeds` are gone through each time that the plan is. With a `block` above 1, so many rows of one
    move follow each other; `able` tells which moves a teacher can do on a seed.
    """
    turns = (move for move in _rotation(weights) for _ in range(block))
    owed: list[Move] = []
    moves = [
        _next_move(able(seed), turns, owed) if seed.corrections else Move.RECAST for seed in seeds
    ]
    return Plan(seeds, moves, l1)


def plan_hash(plan: Plan, *facts: str) -> str:
    """Twelve hex digits of the cells and of what else decides the rows, such as the teacher."""
    digest = hashlib.blake2b("\n".join(facts).encode(), digest_size=6)
    for cell in plan:
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


def _next_move(possible: Collection[Move], turns: Iterator[Move], owed: list[Move]) -> Move:
    """The next move that the seed allows; those passed over are owed to later seeds."""
    late = next((move for move in owed if move in possible), None)
    if late is not None:
        owed.remove(late)
        return late
    for move in islice(turns, _LOOKED_AHEAD):
        if move in possible:
            return move
        owed.append(move)
    return Move.RECAST
