"""Where the marks of a small chart go: numbers in, places in a 400 x 260 drawing out.

The page draws the marks as inline SVG; nothing here knows HTML.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 400, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 12, 14, 40


@dataclass(frozen=True, kw_only=True)
class Point:
    """A value to draw; `low` and `high` are its interval on the y axis."""

    x: float
    y: float
    label: str = ""
    tag: str = ""
    """A few letters to write beside it."""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Series:
    """Points that belong together; `look` is a class of the style sheet."""

    name: str
    look: str
    points: tuple[Point, ...]
    line: bool = True
    dots: bool = False


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A place on an axis and the number there."""

    at: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Dot:
    """A point's place, its interval's ends, and what it says when pointed at."""

    x: float
    y: float
    low: float | None
    high: float | None
    label: str
    tag: str


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A series as drawn."""

    name: str
    look: str
    path: str
    dots: tuple[Dot, ...]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart ready to draw."""

    title: str
    says: str
    """The chart in one sentence, for readers who do not see it."""
    x_name: str
    y_name: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    marks: tuple[Mark, ...]
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    top: int = _TOP
    bottom: int = HEIGHT - _BOTTOM
    width: int = WIDTH
    height: int = HEIGHT


def chart(
    *,
    title: str,
    says: str,
    x_name: str,
    y_name: str,
    series: Sequence[Series],
    percent: bool = False,
    y_from_zero: bool = False,
) -> Chart | None:
    """Place the series; none when there is nothing to place."""
    points = [point for row in series for point in row.points]
    if not points:
        return None
    heights = [y for point in points for y in (point.y, point.low, point.high) if y is not None]
    x_range = _wide(min(point.x for point in points), max(point.x for point in points))
    y_range = _wide(0.0 if y_from_zero else min(heights), max(heights))
    x_steps, y_steps = ticks(*x_range), ticks(*y_range)
    x_steps = [x for x in x_steps if x_range[0] <= x <= x_range[1]]
    y_range = min(y_range[0], y_steps[0]), max(y_range[1], y_steps[-1])

    def across(x: float) -> float:
        return _between(x, x_range, (_LEFT + 6, WIDTH - _RIGHT - 6))

    def up(y: float) -> float:
        return _between(y, y_range, (HEIGHT - _BOTTOM, _TOP))

    def placed(point: Point) -> Dot:
        return Dot(
            x=across(point.x),
            y=up(point.y),
            low=None if point.low is None else up(point.low),
            high=None if point.high is None else up(point.high),
            label=point.label,
            tag=point.tag,
        )

    return Chart(
        title=title,
        says=says,
        x_name=x_name,
        y_name=y_name,
        x_ticks=tuple(Tick(at=across(x), text=f"{x:g}") for x in x_steps),
        y_ticks=tuple(Tick(at=up(y), text=f"{y:.0%}" if percent else f"{y:g}") for y in y_steps),
        marks=tuple(
            Mark(
                name=row.name,
                look=row.look,
                path=_path([placed(point) for point in row.points]) if row.line else "",
                dots=tuple(placed(point) for point in row.points) if row.dots else (),
            )
            for row in series
            if row.points
        ),
    )


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers that span a range: steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    digits = max(0, 1 - math.floor(math.log10(step)))
    return [round(index * step, digits) for index in range(first, last + 1)]


def _wide(low: float, high: float) -> tuple[float, float]:
    """The range, opened where it is a single value."""
    if high > low:
        return low, high
    margin = abs(low) / 10 or 0.5
    return low - margin, high + margin


def _between(value: float, range_: tuple[float, float], place: tuple[float, float]) -> float:
    share = (value - range_[0]) / (range_[1] - range_[0])
    return round(place[0] + share * (place[1] - place[0]), 1)


def _path(dots: Sequence[Dot]) -> str:
    return " ".join(f"{'L' if i else 'M'}{dot.x:g} {dot.y:g}" for i, dot in enumerate(dots))
