"""Scores to label, and files as people save them, made up for tests of labels."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import structs
from reviews import written
from scorecards import judged

from quimbot.evaluate.criteria import Criterion
from quimbot.runs.scorecard import Judged

REASONS = ("no-recast", "red-pen", "off-topic")


def failed(row: Judged, reason: str) -> Judged:
    """The same reply, failed by another check."""
    verdict = structs.replace(row.verdict, passed=False, reason=reason)
    return structs.replace(row, verdict=verdict)


def some_judged(passed: int = 30, failures: tuple[int, ...] = (40, 20, 5)) -> list[Judged]:
    """So many replies that pass, and so many that fail by each check."""
    rows = [judged("secret-model", n, passed=True) for n in range(passed)]
    for reason, count in zip(REASONS, failures, strict=False):
        start = len(rows)
        for n in range(start, start + count):
            red_pen = reason == "red-pen"
            rows.append(failed(judged("secret-model", n, passed=False, red_pen=red_pen), reason))
    return rows


def save_labels(
    path: Path, rater: str, answers: Mapping[str, Mapping[Criterion, bool]], note: str = ""
) -> Path:
    """A file of a rater: reply -> question -> answer."""
    rows = (
        {
            "sheet": "5ee7",
            "rater": rater,
            "place": place,
            "reply": reply,
            "answers": dict(own),
            "note": note,
            "seconds": 10 + place,
        }
        for place, (reply, own) in enumerate(answers.items(), 1)
    )
    path.write_text(written(*rows), "utf-8")
    return path
