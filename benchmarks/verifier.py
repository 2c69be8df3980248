"""The move verifier against the plain way: rows a CPU-second over the same file, same verdicts.

    python benchmarks/verifier.py runs/demo/data/generated.jsonl

The plain way is ERRANT as its own documentation shows it: parse the learner's turn, parse the
correction, annotate, row by row. Both run on one core, in turn; the ratio is the figure to quote.
Time to load spaCy is left out, nothing is remembered from one round to the next.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from quimbot.pedagogy import correction
from quimbot.pedagogy.words import words
from quimbot.records.jsonl import read_records
from quimbot.records.record import Record, Verdict
from quimbot.verify import scaffolding
from quimbot.verify.turns import prepare


def ours(records: Sequence[Record]) -> list[Verdict]:
    """All rows at once."""
    return scaffolding.Scaffolding().check(records)


def plain(records: Sequence[Record]) -> list[Verdict]:
    """Row by row, each text parsed whole and alone."""
    annotator: Any = correction._annotator()
    nlp, errant = annotator._nlp, annotator._errant

    def real_edits_all(pairs: Sequence[tuple[str, str]]) -> list[tuple[correction.Edit, ...]]:
        found = []
        for pair in pairs:
            old, new = (words(text) for text in pair)
            before, after = (nlp(_doc(nlp, [word.text for word in part])) for part in (old, new))
            edits = correction._spaced(
                correction._edit(e.type, (e.o_start, e.o_end, e.c_start, e.c_end), old, new)
                for e in errant.annotate(before, after)
            )
            found.append(tuple(edit for edit in edits if edit.real))
        return found

    remembered, scaffolding.real_edits_all = scaffolding.real_edits_all, real_edits_all
    try:
        return [scaffolding.Scaffolding().check([record])[0] for record in records]
    finally:
        scaffolding.real_edits_all = remembered


def _doc(nlp: Any, said: list[str]) -> Any:  # noqa: ANN401 - spaCy's own
    from spacy.tokens import Doc  # noqa: PLC0415 - loaded with the model

    return Doc(nlp.vocab, words=said)


def measured(
    check: Callable[[Sequence[Record]], list[Verdict]], records: Sequence[Record]
) -> tuple[float, list[Verdict]]:
    """Rows per CPU-second, and the verdicts."""
    correction._annotator()._seen.clear()
    prepare.cache_clear()
    words.cache_clear()
    start = time.process_time()
    verdicts = check(records)
    return len(records) / (time.process_time() - start), verdicts


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("file", type=Path, help="records with lessons (.jsonl)")
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    records = [record for record in read_records(asked.file) if record.lessons][: asked.rows]
    measured(ours, records[:8])  # loads the model
    rates: dict[str, list[float]] = {"ours": [], "plain": []}
    same: list[float] = []
    for _ in range(asked.rounds):
        quick, verdicts = measured(ours, records)
        slow, reference = measured(plain, records)
        rates["ours"].append(quick)
        rates["plain"].append(slow)
        agree = [a.passed is b.passed for a, b in zip(verdicts, reference, strict=True)]
        same.append(sum(agree) / len(agree))
    for name, found in rates.items():
        print(f"{name:6} {statistics.median(found):7.0f} rows/CPU-s")
    ratio = statistics.median(a / b for a, b in zip(rates["ours"], rates["plain"], strict=True))
    print(f"ours / plain: {ratio:.1f}; verdicts that agree: {min(same):.2%} of {len(records)}")


if __name__ == "__main__":
    main()
