"""What the checks of `filter` take out of record files, what a row costs, and what `pii` misses.

    quimbot pull alpaca_1000.json --output alpaca.jsonl
    python benchmarks/filters.py alpaca.jsonl ... [--show red-pen]

Misses are counted on private data planted in the learner turns of ErAConD, which ships with us.
"""

import argparse
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import phonenumbers
import stdnum.iban
import stdnum.luhn

import quimbot.evaluate
from quimbot.records.jsonl import read_records
from quimbot.records.record import Record
from quimbot.verify.catalog import verifier
from quimbot.verify.private_data import private_data

CHECKS = (
    "structure",
    "length:3-400",
    "pii",
    "moderation",
    "refusals",
    "quality:good,excellent",
    "red-pen",
    "language",
    "language:en,es",
    "toxicity",
)
BATCH = 256
TURNS = Path(quimbot.evaluate.__path__[0]) / "suites" / "eracond.jsonl"
LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
"""Check letters of a Spanish DNI, by its number modulo 23."""


def measured(records: list[Record], spelling: str) -> tuple[float, Counter[str], list[str]]:
    """CPU microseconds a row (the best of three), what fell by reason, and the details."""
    check, best = verifier(spelling), float("inf")
    check.check(records[:1])  # loads a model
    for _ in range(3):
        began = time.process_time()
        verdicts = [
            verdict
            for at in range(0, len(records), BATCH)
            for verdict in check.check(records[at : at + BATCH])
        ]
        best = min(best, time.process_time() - began)
    fallen = [verdict for verdict in verdicts if not verdict.passed]
    reasons = Counter(verdict.reason for verdict in fallen)
    return best / len(records) * 1e6, reasons, [verdict.detail for verdict in fallen]


def planted(rng: random.Random) -> dict[str, Callable[[], str]]:
    """How each kind of private data is made up."""

    def digits(count: int) -> str:
        return "".join(rng.choice("0123456789") for _ in range(count))

    def phone(regions: str, form: int) -> str:
        while True:
            region = rng.choice(regions.split())
            given = digits({"ES": 9, "DE": 10, "SA": 9}.get(region, 10))
            number = phonenumbers.PhoneNumber(
                country_code=phonenumbers.country_code_for_region(region),
                national_number=int(given),
            )
            if phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) in {
                0,
                1,
                2,
            }:
                return phonenumbers.format_number(number, form)

    def card() -> str:
        body = f"4{digits(14)}"
        return body + stdnum.luhn.calc_check_digit(body)

    def account() -> str:
        body = digits(18)
        return f"DE{stdnum.iban.calc_check_digits('DE00' + body)}{body}"

    def dni() -> str:
        number = rng.randrange(10**8)
        return f"{number:08d}{LETTERS[number % 23]}"

    world, home = (
        phonenumbers.PhoneNumberFormat.INTERNATIONAL,
        phonenumbers.PhoneNumberFormat.NATIONAL,
    )
    return {
        "email": lambda: (
            f"{rng.choice(['maria', 'j.smith', 'lee_99'])}@"
            f"{rng.choice(['gmail.com', 'naver.com', 'uni-bonn.de'])}"
        ),
        "phone with +": lambda: phone("ES US MX KR SA DE GB", world),
        "phone, American": lambda: phone("US", home),
        "phone, national, named": lambda: f"my phone is {phone('ES MX KR SA', home)}",
        "phone, national, bare": lambda: phone("ES MX KR SA", home),
        "card": card,
        "IBAN": account,
        "US SSN": lambda: (
            f"{rng.randint(1, 665):03}-{rng.randint(1, 99):02}-{rng.randint(1, 9999):04}"
        ),
        "Spanish DNI": dni,
        "public IP": lambda: (
            f"{rng.choice([81, 92, 151])}." + ".".join(str(rng.randint(1, 250)) for _ in range(3))
        ),
    }


def misses() -> None:
    """Print how much of what is planted in learner turns is found."""
    turns = [msgspec.json.decode(line)["learner"] for line in TURNS.read_bytes().splitlines()]
    rng = random.Random(7)
    for kind, make in planted(rng).items():
        found = 0
        for turn in turns:
            words = turn.split()
            place = rng.randint(0, len(words))
            text = " ".join([*words[:place], make(), *words[place:]])
            found += any(True for _ in private_data(text))
        print(f"planted {kind:24} found {found} of {len(turns)}")


def main() -> None:
    """Print a line a file and check, then the misses."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--show", default="", help="print what this check found")
    given = parser.parse_args()
    for path in given.files:
        records = list(read_records(path))
        for spelling in CHECKS:
            cost, reasons, details = measured(records, spelling)
            fell = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
            print(f"{path.stem:18} {spelling:24} {cost:7.2f} us/row  {len(records)} rows  {fell}")
            if spelling == given.show:
                print(*(f"    {detail}" for detail in details), sep="\n")
    misses()


if __name__ == "__main__":
    main()
