"""How the picked tutor does by kind of error and by first language, beside the base model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from quimbot.evaluate.charts import Chart, Key, Layer, number, svg, table
from quimbot.evaluate.rates import FEW, turns_of
from quimbot.runs.scorecard import Rate

_DRAWN = 14
"""Rows of a chart; the table has all."""
_LABEL = 165
_SHARES = (0, 0.25, 0.5, 0.75, 1)
_NOBODY = Rate.of(0, 0)


@dataclass(frozen=True, kw_only=True)
class Part:
    """The turns of one kind: how often each tutor passes."""

    name: str
    code: str
    turns: int
    ours: Rate
    base: Rate

    @property
    def few(self) -> bool:
        """Whether there are too few turns to read much into."""
        return self.turns < FEW


@dataclass(frozen=True, kw_only=True)
class Breakdown:
    """All parts, those with most turns first."""

    title: str
    parts: list[Part]

    @property
    def chart(self) -> Chart:
        """The larger ones, drawn."""
        return _chart(self.title, self.parts)

    @property
    def few(self) -> int:
        """Parts with too few turns."""
        return sum(part.few for part in self.parts)


def breakdown(
    ours: Mapping[str, Rate],
    base: Mapping[str, Rate],
    *,
    title: str,
    name: Callable[[str], str],
    samples: int = 1,
) -> Breakdown | None:
    """The parts of one table; none where its turns are not told apart."""
    parts = sorted(
        (
            Part(
                name=name(code),
                code=code,
                turns=turns_of(rate, samples),
                ours=rate,
                base=base.get(code, _NOBODY),
            )
            for code, rate in ours.items()
        ),
        key=lambda part: (-part.ours.n, part.code),
    )
    return Breakdown(title=title, parts=parts) if parts else None


def _chart(title: str, parts: Sequence[Part]) -> Chart:
    values = [
        {
            "name": part.name,
            "n": f"n = {part.turns}",
            "rate": part.ours.value,
            "low": part.ours.low,
            "high": part.ours.high,
            "base": part.base.value,
            "few": part.few,
            "says": f"{part.name}: {part.ours.value:.0%} of {part.turns}, "
            f"base model {part.base.value:.0%}",
        }
        for part in parts[:_DRAWN]
    ]
    says = f"{title}. " + "; ".join(str(value["says"]) for value in values)
    return Chart(
        title=title,
        says=says,
        about="",
        svg=svg(_spec(values), says),
        keys=(
            Key(name="picked, with 95% interval", look="ours"),
            Key(name="base model", look="base"),
        ),
    )


def _spec(values: Sequence[Mapping[str, object]]) -> Layer:
    names = {
        "field": "name",
        "type": "nominal",
        "sort": None,
        "title": None,
        "axis": {
            "labelLimit": _LABEL,
            "minExtent": _LABEL,
            "maxExtent": _LABEL,
            "labelColor": "var(--ink)",
            "grid": False,
        },
    }
    axis = {"format": "%", "grid": True, "domain": False, "orient": "top", "values": _SHARES}
    scale = {"domain": [0, 1]}
    look = {"condition": {"test": "datum.few", "value": "var(--faint)"}, "value": "var(--ours)"}
    dot = {"type": "circle", "opacity": 1}
    layers: list[Layer] = [
        {
            "mark": {"type": "rule", "strokeWidth": 5, "strokeCap": "round", "opacity": 0.28},
            "encoding": {
                "x": number("low", None, axis=axis, scale=scale),
                "x2": {"field": "high"},
                "stroke": look,
            },
        },
        {
            "mark": {**dot, "size": 46, "fill": "var(--base)"},
            "encoding": {"x": number("base", None, axis=axis, scale=scale)},
        },
        {
            "mark": {**dot, "size": 76},
            "encoding": {
                "x": number("rate", None, axis=axis, scale=scale),
                "fill": look,
                "description": {"field": "says"},
            },
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 8},
            "encoding": {"x": {"value": 185}, "text": {"field": "n"}},
        },
    ]
    return {
        "data": table(values),
        "width": 185,
        "height": {"step": 23},
        "encoding": {"y": names},
        "layer": layers,
    }
