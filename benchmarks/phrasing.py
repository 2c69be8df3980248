"""How often the words that stand in for the model perform the level of help they are for.

    python benchmarks/phrasing.py

Each error of turns from the error bank and of the suites is answered at each level; a reply counts
when `verify.performing` lets it pass, as it judges a model's.
"""

import argparse
from collections import Counter
from collections.abc import Iterator

from quimbot.pedagogy.bank.bank import shipped_bank
from quimbot.pedagogy.error import errors
from quimbot.pedagogy.levels import Level
from quimbot.pedagogy.phrasing import phrase
from quimbot.pedagogy.say_back import say_back
from quimbot.verify.noticing import notice
from quimbot.verify.performing import performs
from quimbot.verify.suite import load_suite


def pairs(count: int, seed: int) -> Iterator[tuple[str, str, str]]:
    """Where a turn is from, the turn and its correction."""
    for drawn in shipped_bank().draw(count, seed=seed, long=0.3):
        yield "bank", drawn.learner, drawn.corrections[0]
    for suite in ("grammar", "dialogue_flow", "scaffolding"):
        for turn in load_suite(suite):
            if turn.corrections:
                yield suite, turn.learner, turn.corrections[0]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=600, help="turns of the bank")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", action="store_true", help="list what does not perform")
    asked = parser.parse_args()
    counts: Counter[tuple[str, str, Level, bool]] = Counter()
    names: dict[tuple[str, str], None] = {}
    for number, (where, learner, right) in enumerate(pairs(asked.count, asked.seed)):
        known = {"known": errors(learner, right), "noticed": notice(learner, say_back(right))}
        for how, found in known.items():
            names[where, how] = None
            for error in found:
                for level in Level:
                    said = phrase(level, error, learner, number)
                    reason = performs(learner, error, said, level)
                    counts[where, how, level, not reason] += 1
                    if reason and asked.show:
                        print(f"[{where} {level.name}] {reason}: {learner} => {said}")
    print(f"| errors of | {' | '.join(level.name for level in Level)} |")
    print("|---|" + "---|" * len(Level))
    for where, how in names:
        shares = []
        for level in Level:
            right_, wrong = counts[where, how, level, True], counts[where, how, level, False]
            shares.append(f"{right_}/{right_ + wrong} = {right_ / max(right_ + wrong, 1):.3f}")
        print(f"| {where}, {how} | {' | '.join(shares)} |")


if __name__ == "__main__":
    main()
