"""`generate --dry-run`: a campaign seen before it begins, without a single call."""

from collections import Counter
from collections.abc import Iterator, Sequence

from quimbot.generate.budget import Budget
from quimbot.generate.teacher import Cell, brief
from quimbot.records.record import Move
from quimbot.runs.watch import aligned

_SHOWN = 3
_LETTERS_A_TOKEN = 4.0  # in English; a rule of thumb that no tokenizer is needed for
_REPLY_TOKENS = 40
"""Of a reply in two short sentences, on average."""
_NONE = "no-error"


def preview(
    cells: Sequence[Cell],
    plan: str,
    *,
    teacher: str,
    attempts: int,
    budget: Budget,
    at_once: int,
) -> str:
    """What would be asked: the plan, its coverage, three prompts as they are sent, and the cost."""
    lines = [f"plan {plan}: {len(cells)} dialogues by {teacher}", ""]
    lines += aligned(_coverage(cells))
    lines += ["", *_spread("level", [cell.seed.level or "any" for cell in cells])]
    lines += _spread("first language", [cell.seed.l1 or "any" for cell in cells])
    for cell in _one_of_each(cells):
        lines += ["", f"row {cell.index}, {cell.move}", *_asked(cell, teacher)]
    lines += ["", *_estimate(cells, teacher, attempts, budget)]
    if teacher != "rules":
        minutes = len(cells) / at_once / 60
        lines.append(
            f"time: {minutes:.1f} minutes for each second that an answer takes, {at_once} at a time"
        )
    return "\n".join(lines)


def _coverage(cells: Sequence[Cell]) -> Iterator[tuple[str, ...]]:
    """Rows of a table: each kind of error by each move; a turn with two counts in both rows."""
    counts = Counter(
        (kind, cell.move) for cell in cells for kind in (cell.seed.category or _NONE).split("+")
    )
    yield "error", *(move.value for move in Move), "all"
    for kind in sorted({kind for kind, _ in counts}):
        of_kind = [counts[kind, move] for move in Move]
        yield kind, *(str(count or "-") for count in of_kind), str(sum(of_kind))
    by_move = Counter(cell.move for cell in cells)
    yield "dialogues", *(str(by_move[move] or "-") for move in Move), str(len(cells))


def _spread(name: str, values: Sequence[str]) -> list[str]:
    shares = [f"{value} {count}" for value, count in sorted(Counter(values).items())]
    return [f"{name}: {', '.join(shares)}"]


def _one_of_each(cells: Sequence[Cell]) -> list[Cell]:
    """The first cells of different moves."""
    first: dict[Move, Cell] = {}
    for cell in cells:
        first.setdefault(cell.move, cell)
    return list(first.values())[:_SHOWN]


def _asked(cell: Cell, teacher: str) -> list[str]:
    system = cell.prompt if teacher == "rules" else brief(cell, ())
    return [f"  system  {system.content}", f"  user    {cell.seed.learner}"]


def _estimate(cells: Sequence[Cell], teacher: str, attempts: int, budget: Budget) -> Iterator[str]:
    """How much would be asked and what it would cost, if every first reply passes and if none."""
    if teacher == "rules":
        yield "cost: none, the rule teacher works offline"
        return
    letters = sum(len(brief(cell, ()).content) + len(cell.seed.learner) for cell in cells)
    prompts, replies = round(letters / _LETTERS_A_TOKEN), len(cells) * _REPLY_TOKENS
    yield (
        f"tokens: about {prompts:,} in prompts and {replies:,} in replies if every first reply "
        f"passes, {attempts} times as many if none does"
    )
    cost = budget.price(prompts, replies)
    if budget.priced:
        yield f"cost: {cost:.2f} to {cost * attempts:.2f} at the prices given"
    else:
        yield "cost: unknown; give --prompt-price and --reply-price for a million tokens"
