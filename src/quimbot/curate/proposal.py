"""How much of what a Stage-2 mix should hold, and why: shares, repeats, and the size they allow."""

from dataclasses import dataclass
from fractions import Fraction

from quimbot.curate.criteria import Proposed
from quimbot.curate.design_report import Criterion, Part, Variant
from quimbot.curate.quotas import fitted
from quimbot.pedagogy.bank.bank import shipped_bank
from quimbot.pedagogy.seed import FIRST_LANGUAGES
from quimbot.runs.scorecard import Rate

CARE = 123
"""Dialogues that ship as `care`."""
MOST = 20_000
RESERVE = 1.2
"""Rows generated for each that is wanted: some fall in `filter`, `dedup` and `decontaminate`."""
_HELD_OUT = Fraction(1, 50)
_MOST_HELD_OUT = Fraction(1, 5)
_FEWEST_HELD_OUT = 20
_CARE_TIMES = 4
_ROUND = 10


@dataclass(frozen=True, kw_only=True)
class Learners:
    """One kind of learner that a variant is for."""

    name: str
    who: str
    new: Fraction
    tutoring: Fraction
    why_new: str
    why_tutoring: str
    checks: tuple[Proposed, ...] = ()


_TWENTIETH = Fraction(1, 20)
_SPANISH = (
    Learners(
        name="heritage",
        who="who hear Spanish at home and answer in English or mix",
        new=Fraction(11, 20),
        tutoring=Fraction(3, 20),
        why_new="more than half, so that home talk sets the tone",
        why_tutoring="they speak fluently and need few corrections",
        checks=(
            (
                "address:tu,vos,mixed,none",
                "they are spoken to as family is; usted and vosotros sound strange to most",
                "judgement",
            ),
            (
                "length:learner=1-80,reply=1-80",
                "they read less Spanish than they understand",
                "judgement",
            ),
        ),
    ),
    Learners(
        name="learner",
        who="who learn Spanish as a second language",
        new=Fraction(9, 20),
        tutoring=Fraction(1, 4),
        why_new="less than half, since few rows are both easy and in their register",
        why_tutoring="they make more errors, and each should be met by a proved reply",
        checks=(
            (
                "address:usted,ustedes,none",
                "courses begin with the form that offends nobody",
                "judgement",
            ),
            ("readable:65", "rather easy on the INFLESZ scale", "judgement"),
            (
                "length:learner=1-60,reply=1-60",
                "two or three sentences are enough to answer",
                "judgement",
            ),
        ),
    ),
)
_ANY = Learners(
    name="variant",
    who="who speak this language",
    new=Fraction(1, 2),
    tutoring=Fraction(1, 5),
    why_new="half, so that the variant's own language leads",
    why_tutoring="one row in five teaches, as Stage 1 did",
)


def learners(language: str) -> tuple[Learners, ...]:
    """Who variants in that language are for."""
    return _SPANISH if language == "es" else (_ANY,)


def wanted(stage1_rows: int) -> int:
    """Rows that a variant's mix should have if the corpus has enough."""
    return min(MOST, max(stage1_rows // 2, _ROUND))


def held_out(clean: int) -> float:
    """Share of so many new rows that is never learnt: one in fifty, more where that is too few."""
    least = Fraction(_FEWEST_HELD_OUT, max(1, clean))
    return round(float(min(_MOST_HELD_OUT, max(_HELD_OUT, least))), 2)


def available(usable: Rate, rows: int, held: float) -> int:
    """The fewest rows of the corpus that are likely usable, without those held out."""
    likely = usable.passed if usable.n == rows else usable.low * rows
    return int(likely * (1 - held))


def propose(
    who: Learners,
    checks: tuple[Criterion, ...],
    usable: Rate,
    *,
    language: str,
    rows: int,
    stage1_rows: int,
    held: float,
    learning_rate: float,
) -> Variant:
    """The mix for one kind of learner."""
    new, goal = available(usable, rows, held), wanted(stage1_rows)
    by_corpus = int(new / who.new)
    size = min(goal, by_corpus) // _ROUND * _ROUND
    size = size or min(goal, by_corpus)
    if by_corpus < goal:
        why = f"as many as {float(who.new):.0%} of new rows allow, with {new:,} usable"
    elif goal == MOST:
        why = f"{MOST:,} at the most: a branch of Stage 1, not a second training"
    else:
        why = f"half of Stage 1's {stage1_rows:,}: a branch, not a second training"
    return Variant(
        name=who.name,
        who=who.who,
        checks=checks,
        usable=usable,
        available=new,
        size=size,
        size_why=why,
        parts=_parts(who, size, new=new, language=language, stage1_rows=stage1_rows),
        learning_rate=learning_rate,
    )


def _parts(
    who: Learners, size: int, *, new: int, language: str, stage1_rows: int
) -> tuple[Part, ...]:
    taught = language in FIRST_LANGUAGES
    tutoring = who.tutoring if taught else Fraction(0)
    shares = {"new": who.new, "tutoring": tutoring, "care": _TWENTIETH}
    shares["replay"] = 1 - sum(shares.values(), Fraction(0))
    care_times = min(_CARE_TIMES, max(1, -(-int(size * _TWENTIETH) // CARE)))
    made = int(size * tutoring * Fraction(RESERVE)) + 1 if taught else 0
    room = {"new": new, "replay": stage1_rows, "tutoring": made, "care": CARE * care_times}
    names = [name for name in room if shares[name]]
    reached = fitted([shares[name] for name in names], size, [room[name] for name in names])
    whys = {
        "new": f"{who.why_new}; {new:,} rows are usable",
        "replay": "what Stage 1 taught, recasts above all, is forgotten without it; "
        "how much is needed was not measured",
        "tutoring": f"{who.why_tutoring}; {_seeds(language)}" if taught else "",
        "care": f"no tutor may recast a cry for help; {CARE} dialogues ship, so each is taken "
        + ("once" if care_times == 1 else f"up to {care_times} times"),
    }
    return tuple(
        Part(
            name=name,  # type: ignore[arg-type] # the names above
            share=float(shares[name]),
            available=CARE if name == "care" else room[name],
            times=care_times if name == "care" else 1,
            rows=count,
            why=whys[name],
            basis="judgement",
        )
        for name, count in zip(names, reached, strict=True)
    )


def _seeds(language: str) -> str:
    entries = shipped_bank().entries
    own = sum(language in entry.l1 for entry in entries)
    return (
        f"{own} of the bank's {len(entries)} errors are typical of its speakers "
        "(they are errors in English)"
    )
