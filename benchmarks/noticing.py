"""How well errors are noticed from a tutor's echo, against corrections that are known.

    python benchmarks/noticing.py --replies runs/demo/replies.jsonl
    python benchmarks/noticing.py --suites no_error --rows runs/demo/data/valid.jsonl

The learner turns are those of the suites; what the tutor says is the correction said back, a reply
of the rule teacher, a reply of a scored model (`--replies`, as `quimbot score` keeps them), or the
reply of a training row. A noticed edit is right when the known correction has it, too, and in place
when the correction changes the same words otherwise; recall is over the edits that the move
verifier finds recast in the reply.

New turns, for replies that nobody has seen, are drawn and asked like this:

    python benchmarks/noticing.py --draw turns.jsonl --seed 7
    quimbot score --runtimes runs/demo/stage1 --suites turns.jsonl --moves recast --output new
    python benchmarks/noticing.py --suites turns.jsonl --replies new.replies.jsonl
"""

import argparse
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import msgspec

from quimbot.evaluate.answers import Answer
from quimbot.generate.rules_teacher import write_reply
from quimbot.pedagogy.bank.bank import shipped_bank
from quimbot.pedagogy.correction import Edit, real_edits_all
from quimbot.pedagogy.inject import injected_seeds
from quimbot.pedagogy.say_back import say_back, sentence
from quimbot.pedagogy.seed import Seed
from quimbot.pedagogy.sentences import grammar
from quimbot.records.jsonl import read_records, read_rows
from quimbot.records.record import Move
from quimbot.verify.echo import find
from quimbot.verify.noticing import correction
from quimbot.verify.suite import LearnerTurn, load_suite
from quimbot.verify.turns import change, in_order, prepare

SUITES = ("scaffolding", "grammar", "dialogue_flow", "no_error")


@dataclass
class Count:
    """What was noticed over some turns."""

    turns: int = 0
    noticed: int = 0
    right: int = 0
    placed: int = 0
    recast: int = 0
    found: int = 0
    clean: int = 0
    alarms: int = 0
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def add(self, learner: str, corrections: Sequence[str], reply: str) -> None:
        """Compare what is noticed with the known correction that is nearest."""
        mended = correction(learner, reply)
        golds = corrections or (learner,)
        pairs = [(learner, mended), *((learner, gold) for gold in golds)]
        noticed, *known = real_edits_all(pairs)
        agree = [sum(_among(edit, edits) for edit in noticed) - len(edits) / 99 for edits in known]
        best = known[agree.index(max(agree))]
        gold = golds[known.index(best)]
        self.turns += 1
        self.noticed += len(noticed)
        wrong = [edit for edit in noticed if not _among(edit, best)]
        self.right += len(noticed) - len(wrong)
        self.placed += sum(any(_touch(edit, other) for other in best) for edit in noticed)
        if wrong:
            self.wrong.append(_shown(learner, reply, gold, wrong))
        if not best:
            self.clean += 1
            self.alarms += len(noticed)
        recast = _recast(learner, gold, best, reply)
        missed = [edit for edit in recast if not any(_among(edit, [its]) for its in noticed)]
        self.recast += len(recast)
        self.found += len(recast) - len(missed)
        if missed:
            self.missed.append(_shown(learner, reply, gold, missed))

    def line(self, name: str) -> str:
        """One row of the table."""
        return (
            f"| {name} | {self.turns} | {self.noticed} | {_share(self.right, self.noticed)} | "
            f"{_share(self.placed, self.noticed)} | {_share(self.found, self.recast)} | "
            f"{_share(self.alarms, self.clean)} |"
        )


def _among(edit: Edit, others: Iterable[Edit]) -> bool:
    """Whether an edit does what one of the others does, or a part of it."""
    for other in others:
        one, two = _low(edit.right), _low(other.right)
        if _touch(edit, other) and (one == two or (_part(one, two) or _part(two, one))):
            return True
    return False


def _touch(one: Edit, other: Edit) -> bool:
    return one.start <= other.end and other.start <= one.end


def _part(one: str, other: str) -> bool:
    return bool(one) and f" {one} " in f" {other} "


def _low(said: Sequence[str]) -> str:
    return " ".join(said).lower()


def _recast(learner: str, gold: str, edits: Sequence[Edit], reply: str) -> list[Edit]:
    own, right, said = prepare(learner), prepare(gold), prepare(reply)
    errors = in_order([change(edit, own, right) for edit in edits], own, right)
    return [error.edit for error in errors if find(error, right, said)[0] == "recast"]


def _shown(learner: str, reply: str, gold: str, edits: Sequence[Edit]) -> str:
    named = ", ".join(
        f"{edit.type} {' '.join(edit.wrong)!r}>{' '.join(edit.right)!r}" for edit in edits
    )
    return f"{named}\n    L {learner}\n    T {reply}\n    G {gold}"


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole} = {part / whole:.3f}" if whole else "-"


def echoes(turn: LearnerTurn) -> Iterable[tuple[str, str]]:
    """What a good tutor says: the correction said back, and the rule teacher's reply."""
    said = sentence(say_back((*turn.corrections, turn.learner)[0]))
    yield "correction said back", f"{said} What happened next?"
    seed = Seed(learner=turn.learner, corrections=turn.corrections, family=turn.id)
    yield "rule teacher", write_reply(seed, Move.RECAST, Random(turn.id))


def drawn(seed: int) -> Iterator[LearnerTurn]:
    """Turns of the error bank and of the sentences with slips put in, and clean ones of both."""
    rng, seen = Random(seed), set[str]()
    clean = grammar().draw(Random(seed), 0.4)
    seeds = [
        *shipped_bank().draw(120, seed=seed, long=0.4),
        *injected_seeds(200, seed=seed),
        *(shipped_bank().talk_turn(rng, long=number % 2 == 0) for number in range(50)),
        *(Seed(learner=next(clean).text, family="clean") for _ in range(60)),
    ]
    for number, each in enumerate(seeds):
        if each.learner not in seen:
            seen.add(each.learner)
            yield LearnerTurn(
                id=f"turn-{seed}-{number}",
                learner=each.learner,
                corrections=each.corrections,
                check="move" if each.corrections else "no_error",
                move=Move.RECAST if each.corrections else None,
            )


def count(suites: Sequence[str], replies: Path | None, rows: Path | None) -> dict[str, Count]:
    """What was noticed, by what was said and where the turns are from."""
    counts: dict[str, Count] = defaultdict(Count)
    turns = {turn.id: (Path(suite).stem, turn) for suite in suites for turn in load_suite(suite)}
    golds: dict[str, tuple[str, ...]] = {}  # the same words may have been corrected by several
    for _, turn in turns.values():
        golds[turn.learner] = (*golds.get(turn.learner, ()), *turn.corrections)
    for suite, turn in turns.values():
        for name, reply in echoes(turn):
            counts[f"{name}: {suite}"].add(turn.learner, golds[turn.learner], reply)
    for answer in read_rows(replies, Answer) if replies else ():
        record = answer.record
        if record is not None and record.provenance.origin in turns:
            suite, turn = turns[record.provenance.origin]
            said = record.messages[-1].content
            name = f"{record.provenance.author}: {suite}"
            counts[name].add(turn.learner, golds[turn.learner], said)
    for record in read_records(rows) if rows else ():
        for lesson in record.lessons:
            learner, reply_ = record.messages[lesson.turn - 1], record.messages[lesson.turn]
            name = f"training rows: {lesson.move}"
            counts[name].add(learner.content, lesson.corrections, reply_.content)
    return counts


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--replies", type=Path, help="answers kept by `quimbot score` (.jsonl)")
    parser.add_argument("--rows", type=Path, help="records with lessons (.jsonl)")
    parser.add_argument("--suites", nargs="*", default=SUITES, help="shipped ones or .jsonl files")
    parser.add_argument("--show", choices=["wrong", "missed"], help="list these, too")
    parser.add_argument("--draw", type=Path, help="write new turns there, and stop")
    parser.add_argument("--seed", type=int, default=0, help="of the new turns")
    asked = parser.parse_args()
    if asked.draw:
        lines = b"\n".join(map(msgspec.json.encode, drawn(asked.seed)))
        asked.draw.write_bytes(lines + b"\n")
        return
    counts = count(asked.suites, asked.replies, asked.rows)
    print("| what is said | turns | noticed | right | in place | recall | alarms on clean turns |")
    print("|---|---|---|---|---|---|---|")
    for name, found in counts.items():
        print(found.line(name))
    for name, found in counts.items():
        for text in getattr(found, asked.show) if asked.show else ():
            print(f"\n[{name}] {text}")


if __name__ == "__main__":
    main()
