"""The curves of a run: losses over training, and behaviour beside perplexity over the steps."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from quimbot.evaluate.charts import WIDTH, Chart, Key, Layer, number, svg, table
from quimbot.evaluate.table import Row
from quimbot.records.jsonl import read_rows

_MOST = 100
"""Points of a line; beyond, each is the mean of its neighbours."""
_MARKED = 8
"""Steps that an axis names one by one."""
_ROUND = tuple(digit * 10**power for power in range(6) for digit in (1, 1.5, 2, 3, 5, 7))
_WIDE = 3
"""How many times the least the largest must be for a logarithmic axis."""
_HEIGHT = 190
_TALL = 300
_LETTER = (7, 13)
"""Width and height of a letter beside a dot, in units of the drawing."""

_SHARE: Layer = {"zero": True, "nice": True}
_PERCENT: Layer = {"format": "%"}

Value = dict[str, Any]
"""A point as Vega-Lite takes it."""


def all_charts(rows: Sequence[Row], metrics: Sequence[Path]) -> list[Chart]:
    """Every curve that there are numbers for."""
    drawn = [
        over_steps(rows),
        trade(rows),
        *(training(path, path.parent.name) for path in metrics),
    ]
    return [chart for chart in drawn if chart]


def over_steps(rows: Sequence[Row]) -> Chart | None:
    """Verified replies above, held-out perplexity below, over the same steps; the base as a line.

    Every training is a line of its own.
    """
    values = [value for row in rows if (value := _point(row))["step"] is not None]
    if len(values) < 2:  # noqa: PLR2004 - one point is no curve
        return None
    says = "; ".join(_in_words(value) for value in values)
    base = [_point(row) for row in rows if row.role == "base"]
    low = [value for value in [*values, *base] if value["perplexity"] is not None]
    panels = [_panel(values, base, "rate", "verified replies", axis=_PERCENT, scale=_SHARE)]
    if low:
        scale, axis = _span([value["perplexity"] for value in low])
        title = "held-out perplexity a token"
        panels.append(_panel(values, base, "perplexity", title, scale=scale, axis=axis))
    return Chart(
        title=f"Behaviour {'and perplexity ' if low else ''}over the steps",
        says=says,
        about="The band is the 95% interval; the broken line is the base model.",
        svg=svg({"vconcat": panels, "spacing": 26}, says),
        keys=_keys(base),
        heads=("model", "verified", "95% interval", "perplexity"),
        rows=tuple(_cells(value) for value in [*base, *values]),
    )


def trade(rows: Sequence[Row]) -> Chart | None:
    """Verified replies against held-out perplexity, step after step: does one buy the other?"""
    values = [value for row in rows if (value := _point(row))["perplexity"] is not None]
    if len(values) < 2:  # noqa: PLR2004 - one point is no relation
        return None
    says = "; ".join(_in_words(value) for value in values)
    scale, axis = _span([value["perplexity"] for value in values])
    x = number("perplexity", "held-out perplexity a token", scale=scale, axis=axis)
    y = number("rate", "verified replies", axis=_PERCENT, scale=_SHARE)
    line = {
        "transform": [{"filter": "isValid(datum.step)"}],
        "mark": {"type": "line", "stroke": "var(--ours)", "strokeWidth": 1.4, "opacity": 0.6},
        "encoding": {"x": x, "y": y, "detail": {"field": "training"}, "order": number("step")},
    }
    tags = {
        "data": table(_apart(values, logarithmic=scale.get("type") == "log")),
        "encoding": {"x": x, "y": y, "text": {"field": "tag"}},
    }
    text = {"type": "text", "align": "left", "dx": 8, "dy": -7}
    halo = {**text, "stroke": "var(--paper)", "strokeWidth": 3, "strokeJoin": "round"}
    layers = [
        *(_whiskers(x), line),
        *({**tags, "mark": mark} for mark in (halo, text)),
        _dots(x, y),
    ]
    return Chart(
        title="Does lower perplexity buy better tutoring?",
        says=says,
        about="Numbers are steps, where there is room; bars are 95% intervals. Further left, the "
        "held-out replies surprise the model less; further up, more of its own are verified.",
        svg=svg(_spec(values, layers, height=_TALL), says),
        keys=_keys([value for value in values if value["look"] == "base"]),
        heads=("model", "verified", "95% interval", "perplexity"),
        rows=tuple(_cells(value) for value in values),
    )


def training(path: Path, name: str) -> Chart | None:
    """Training and held-out loss over the steps of one metrics file."""
    rows = list(read_rows(path, dict[str, Any]))
    train, held = _line(rows, "loss"), _line(rows, "valid_loss")
    if not train and not held:
        return None
    thinned = bool(train) and train[0]["of"] > 1
    says = f"{name}: loss in nats a token"
    if train:
        says += f", in training from {train[0]['loss']:.2f} to {train[-1]['loss']:.2f}"
    if held:
        says += f", held out from {held[0]['loss']:.2f} to {held[-1]['loss']:.2f}"
    encoding = {
        "x": number("step", "step", scale={"nice": False}),
        "y": number("loss", "nats a token", scale={"zero": False}),
    }
    layers: list[Layer] = [
        {
            "data": table(train),
            "mark": {"type": "line", "stroke": "var(--faint)", "strokeWidth": 1.2},
            "encoding": encoding,
        },
        {
            "data": table(held),
            "mark": {"type": "line", "stroke": "var(--ours)", "strokeWidth": 2},
            "encoding": encoding,
        },
        {
            "data": table(held),
            "mark": {"type": "circle", "size": 34, "opacity": 1, "fill": "var(--ours)"},
            "encoding": {**encoding, "description": {"field": "says"}},
        },
    ]
    return Chart(
        title=f"Loss, {name}",
        says=says,
        about=f"In training, the mean of every {train[0]['of']} steps." if thinned else "",
        svg=svg({"width": WIDTH, "height": _HEIGHT, "layer": layers}, says),
        keys=(Key(name="training", look="faint"), Key(name="held out", look="ours")),
        heads=("step", "held-out loss"),
        rows=tuple((f"{value['step']:g}", f"{value['loss']:.3f}") for value in held),
    )


def _point(row: Row) -> Value:
    """A model as a point: its place, its interval, how it looks and what it says."""
    rate = row.score.verified
    value = {
        "name": row.name,
        "step": row.score.step if row.role != "base" else None,
        "training": str(PurePath(row.address).parent),
        "rate": rate.value,
        "low": rate.low,
        "high": rate.high,
        "perplexity": row.perplexity,
        "look": row.role or "other",
        "tag": "base" if row.role == "base" else str(row.score.step or row.name),
    }
    return value | {"says": _in_words(value)}


def _in_words(value: Value) -> str:
    words = f"{value['name']}: verified {value['rate']:.0%}"
    words += f" ({100 * value['low']:.0f} to {100 * value['high']:.0f})"
    return words + (f", perplexity {value['perplexity']:.2f}" if value["perplexity"] else "")


def _cells(value: Value) -> tuple[str, ...]:
    surprise = value["perplexity"]
    return (
        value["name"],
        f"{value['rate']:.0%}",
        f"{100 * value['low']:.0f}\N{EN DASH}{100 * value['high']:.0f}",
        f"{surprise:.2f}" if surprise is not None else "\N{EN DASH}",
    )


def _panel(
    values: Sequence[Value],
    base: Sequence[Value],
    field: str,
    title: str,
    *,
    scale: Layer,
    axis: Layer,
) -> Layer:
    """One quantity over the steps."""
    steps = sorted({value["step"] for value in values})
    marked: Layer = {"values": steps} if len(steps) <= _MARKED else {"tickMinStep": 1}
    x = number("step", "step", scale={"nice": False, "padding": 8}, axis=marked)
    y = number(field, title, scale=scale, axis=axis)
    lines = {"detail": {"field": "training"}}
    layers: list[Layer] = []
    if field == "rate":
        band = {"x": x, "y": number("low", title, scale=scale), "y2": {"field": "high"}}
        area = {"type": "area", "fill": "var(--ours)", "opacity": 0.14}
        layers.append({"mark": area, "encoding": {**band, **lines}})
    if any(value[field] is not None for value in base):
        rule = {"type": "rule", "stroke": "var(--base)", "strokeDash": [4, 3], "strokeWidth": 1.3}
        layers.append({"data": table(base), "mark": rule, "encoding": {"y": y}})
    line = {"type": "line", "stroke": "var(--ours)", "strokeWidth": 2}
    layers += [{"mark": line, "encoding": {"x": x, "y": y, **lines}}, _dots(x, y)]
    return _spec(values, layers, height=_HEIGHT if field == "rate" else _HEIGHT - 90)


def _spec(values: Sequence[Value], layers: list[Layer], *, height: int) -> Layer:
    return {"data": table(values), "width": WIDTH, "height": height, "layer": layers}


def _dots(x: Layer, y: Layer) -> Layer:
    """The models as dots; the picked one is a ring, the base model grey."""
    looks = {"domain": ["base", "picked", "other"]}
    return {
        "mark": {"type": "point", "filled": True, "opacity": 1, "strokeWidth": 2.2},
        "encoding": {
            "x": x,
            "y": y,
            "fill": {
                "field": "look",
                "legend": None,
                "scale": {**looks, "range": ["var(--base)", "var(--paper)", "var(--ours)"]},
            },
            "stroke": {
                "field": "look",
                "legend": None,
                "scale": {**looks, "range": ["var(--base)", "var(--ours)", "var(--ours)"]},
            },
            "size": {"condition": {"test": "datum.look == 'picked'", "value": 80}, "value": 40},
            "description": {"field": "says"},
        },
    }


def _whiskers(x: Layer) -> Layer:
    return {
        "mark": {"type": "rule", "stroke": "var(--faint)", "strokeWidth": 1.4},
        "encoding": {"x": x, "y": number("low", "verified replies"), "y2": {"field": "high"}},
    }


def _span(values: Sequence[float]) -> tuple[Layer, Layer]:
    """The scale and the axis of perplexities: logarithmic where they span much."""
    low, high = min(values), max(values)
    if high <= _WIDE * low:
        return {"zero": False, "padding": 14}, {"format": ".3~g"}
    marked = [value for value in _ROUND if 0.85 * low <= value <= 1.2 * high]
    return {"type": "log", "nice": False, "padding": 14}, {"format": ".3~g", "values": marked}


def _apart(values: Sequence[Value], *, logarithmic: bool) -> list[Value]:
    """The points whose labels leave each other room; picked, base and ends come first."""
    measure = math.log if logarithmic else float
    low, high = (measure(end(each["perplexity"] for each in values)) for end in (min, max))
    across, up = (
        WIDTH / ((high - low) or 1.0),
        _TALL / (max(each["high"] for each in values) or 1.0),
    )
    dots = [(across * measure(each["perplexity"]), up * each["rate"]) for each in values]
    ends = (0, len(values) - 1)
    order = sorted(
        range(len(values)), key=lambda i: (values[i]["look"] == "other", i not in ends, i)
    )
    kept: list[tuple[float, float, float]] = []
    named = []
    for i in order:
        x, y = dots[i][0] + 8, dots[i][1] + 7
        end = x + _LETTER[0] * len(values[i]["tag"])
        room = all(abs(y - v) >= _LETTER[1] or end < u or far < x for u, v, far in kept)
        free = not any(x - 4 < u < end + 4 and abs(y - v) < _LETTER[1] for u, v in dots)
        if room and (free or values[i]["look"] != "other"):
            kept.append((x, y, end))
            named.append(values[i])
    return named


def _keys(base: Sequence[Value]) -> tuple[Key, ...]:
    keys = (Key(name="checkpoints", look="ours"), Key(name="picked", look="picked"))
    return (*keys, *([Key(name="base model", look="base")] if base else []))


def _line(rows: Sequence[Mapping[str, Any]], key: str) -> list[Value]:
    """A column of the metrics over the steps, thinned by means when there is much of it."""
    points = [
        (float(row["step"]), float(row[key]))
        for row in rows
        if isinstance(row.get(key), int | float) and isinstance(row.get("step"), int)
    ]
    size = max(1, round(len(points) / _MOST))
    made = []
    for start in range(0, len(points), size):
        own = points[start : start + size]
        step, loss = (sum(axis) / len(own) for axis in zip(*own, strict=True))
        made.append({"step": step, "loss": loss, "of": size, "says": f"step {step:g}: {loss:.3f}"})
    return made
