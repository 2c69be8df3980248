"""`generate --dry-run`: a campaign seen before it begins, without a single call."""

from collections import Counter
from collections.abc import Iterator, Sequence

from quimbot.generate.plan import Plan
from quimbot.generate.provider import Terms, read_terms
from quimbot.generate.teacher import Brief, Cell
from quimbot.records.record import Move
from quimbot.runs.watch import aligned

_SHOWN = 3
_LETTERS_A_TOKEN = 4.0  # in English; a rule of thumb that no tokenizer is needed for
_REPLY_TOKENS = 40
"""Of a reply in two short sentences, on average."""
_NONE = "no-error"


def preview(
    plan: Plan, digest: str, *, teachers: Sequence[str], attempts: int, brief: Brief
) -> str:
    """What would be asked: the plan, its coverage, three prompts as they are sent, and the cost."""
    lines = [f"plan {digest}: {len(plan)} dialogues by {', then '.join(teachers)}", ""]
    lines += aligned(_coverage(plan))
    lines += ["", *_spread("level", [cell.seed.level or "any" for cell in plan])]
    lines += _spread("first language", [cell.seed.l1 or "any" for cell in plan])
    offline = tuple(teachers) == ("rules",)
    for cell in _one_of_each(plan):
        system = cell.prompt if offline else brief.messages(cell)[0]
        said = system.content.replace("\n", "\n          ")
        lines += ["", f"row {cell.index}, {cell.move}", f"  system  {said}"]
        lines += [f"  user    {cell.seed.learner}"]
    lines.append("")
    if offline:
        lines.append("cost: none, the rule teacher works offline")
    else:
        lines += _estimate(plan, [read_terms(text) for text in teachers], attempts, brief)
    return "\n".join(lines)


def _coverage(plan: Plan) -> Iterator[tuple[str, ...]]:
    """Rows of a table: each kind of error by each move; a turn with two counts in both rows."""
    counts = Counter(
        (kind, cell.move) for cell in plan for kind in (cell.seed.category or _NONE).split("+")
    )
    yield "error", *(move.value for move in Move), "all"
    for kind in sorted({kind for kind, _ in counts}):
        of_kind = [counts[kind, move] for move in Move]
        yield kind, *(str(count or "-") for count in of_kind), str(sum(of_kind))
    by_move = Counter(cell.move for cell in plan)
    yield "dialogues", *(str(by_move[move] or "-") for move in Move), str(len(plan))


def _spread(name: str, values: Sequence[str]) -> list[str]:
    shares = [f"{value} {count}" for value, count in sorted(Counter(values).items())]
    return [f"{name}: {', '.join(shares)}"]


def _one_of_each(plan: Plan) -> list[Cell]:
    """The first cells of different moves."""
    first: dict[Move, Cell] = {}
    for cell in plan:
        first.setdefault(cell.move, cell)
    return list(first.values())[:_SHOWN]


def _estimate(
    plan: Plan, chain: Sequence[tuple[str, Terms]], attempts: int, brief: Brief
) -> Iterator[str]:
    """How much would be asked and what it would cost, if every first reply passes and if none."""
    letters = sum(len(message.content) for cell in plan for message in brief.messages(cell))
    prompts, replies = round(letters / _LETTERS_A_TOKEN), len(plan) * _REPLY_TOKENS
    yield (
        f"tokens: about {prompts:,} in prompts and {replies:,} in replies if every first reply "
        f"passes, {attempts} times as many if none does"
    )
    for address, terms in chain:
        if terms.priced:
            cost = terms.price(prompts, replies)
            yield f"cost: {cost:.2f} to {cost * attempts:.2f} if all is by {address}"
        else:
            yield f"cost: unknown for {address}; give its prompt_price and reply_price"
    at_once = chain[0][1].at_once
    yield (
        f"time: {len(plan) / at_once / 60:.1f} minutes for each second that an answer takes, "
        f"{at_once} at a time"
    )
