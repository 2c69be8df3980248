"""The curves of a run: losses over training, and perplexity against behaviour."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from quimbot.evaluate.charts import Chart, Point, Series, chart
from quimbot.evaluate.table import Row
from quimbot.records.jsonl import read_rows


def all_charts(rows: Sequence[Row], metrics: Sequence[Path]) -> list[Chart]:
    """Every curve that there are numbers for."""
    drawn = [
        *(training(path, path.parent.name) for path in metrics),
        behaviour(rows),
        trade(rows),
    ]
    return [chart for chart in drawn if chart]


def training(path: Path, name: str) -> Chart | None:
    """Training and held-out loss over the steps of one metrics file."""
    rows = list(read_rows(path, dict[str, Any]))
    train, held = _line(rows, "loss"), _line(rows, "valid_loss")
    if not train and not held:
        return None
    says = f"{name}: loss in nats a token"
    if train:
        says += f", in training from {train[0].y:.2f} to {train[-1].y:.2f}"
    if held:
        says += f", held out from {held[0].y:.2f} to {held[-1].y:.2f}"
    return chart(
        title=f"Loss, {name}",
        says=says,
        x_name="step",
        y_name="nats a token",
        series=[
            Series(name="training", look="faint", points=train),
            Series(name="held out", look="ours", points=held, dots=True),
        ],
    )


def behaviour(rows: Sequence[Row]) -> Chart | None:
    """Verified rate over the steps of the checkpoints."""
    steps = [row for row in rows if row.score.step is not None and row.role != "base"]
    if len(steps) < 2:  # noqa: PLR2004 - one point is no curve
        return None
    return chart(
        title="Verified recasts over the steps",
        says="verified recasts: "
        + ", ".join(f"{row.name} {row.score.verified.value:.0%}" for row in steps),
        x_name="step",
        y_name="share of turns",
        percent=True,
        y_from_zero=True,
        series=_marked(steps, places={row.address: float(row.score.step or 0) for row in steps}),
    )


def trade(rows: Sequence[Row]) -> Chart | None:
    """Held-out perplexity against the verified rate: does one buy the other?"""
    known = {
        row.address: row.perplexity
        for row in rows
        if row.perplexity is not None and row.role != "base"
    }
    shown = [row for row in rows if row.address in known]
    if len(shown) < 2:  # noqa: PLR2004 - one point is no relation
        return None
    return chart(
        title="Does lower perplexity buy better tutoring?",
        says="held-out perplexity and verified recasts: "
        + ", ".join(
            f"{row.name} {known[row.address]:.2f}, {row.score.verified.value:.0%}" for row in shown
        ),
        x_name="held-out perplexity a token",
        y_name="share of turns",
        percent=True,
        y_from_zero=True,
        series=_marked(shown, places=known),
    )


def _marked(rows: Sequence[Row], *, places: Mapping[str, float]) -> list[Series]:
    """The checkpoints in step order as one line; the picked one stands out."""

    def points(*role: str, tagged: bool = True) -> tuple[Point, ...]:
        return tuple(
            Point(
                x=places[row.address],
                y=row.score.verified.value,
                low=row.score.verified.low,
                high=row.score.verified.high,
                label=f"{row.name}: {row.score.verified.value:.0%}",
                tag=str(row.score.step) if tagged and row.score.step is not None else "",
            )
            for row in rows
            if row.role in role
        )

    return [
        Series(name="checkpoints, by step", look="ours", points=points("", "picked"), dots=True),
        Series(
            name="picked",
            look="picked",
            points=points("picked", tagged=False),
            line=False,
            dots=True,
        ),
    ]


def _line(rows: Sequence[Mapping[str, Any]], key: str) -> tuple[Point, ...]:
    return tuple(
        Point(x=float(row["step"]), y=float(row[key]), label=f"step {row['step']}: {row[key]:.3f}")
        for row in rows
        if isinstance(row.get(key), int | float) and isinstance(row.get("step"), int)
    )
