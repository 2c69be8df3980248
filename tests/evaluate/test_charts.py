"""A chart is the page's own: its colours, its text, and nothing that a script would need."""

import re
from xml.etree import ElementTree as ET

from quimbot.evaluate.charts import number, svg, table

SPEC = {
    "data": table(
        [{"x": 1, "y": 0.25, "says": "one <b> & 25%"}, {"x": 2, "y": 0.5, "says": "two"}]
    ),
    "mark": {"type": "point", "stroke": "var(--ours)"},
    "encoding": {
        "x": number("x", "step"),
        "y": number("y", "share", axis={"format": "%"}),
        "description": {"field": "says"},
    },
}


def test_colours_are_the_pages_and_fonts_too() -> None:
    drawn = svg(SPEC, "a chart")
    coloured = set(re.findall(r'(?:fill|stroke)="([^"]*)"', drawn)) - {"none", "transparent"}
    assert coloured
    assert all(colour.startswith("var(--") for colour in coloured)
    assert "font-family" not in drawn


def test_values_show_when_pointed_at_and_are_escaped() -> None:
    drawn = svg(SPEC, "says <i> & more")
    assert "<title>one &lt;b&gt; &amp; 25%</title>" in drawn
    root = ET.fromstring(drawn)
    assert (root.get("role"), root.get("aria-label")) == ("img", "says <i> & more")


def test_nothing_in_it_runs_or_is_fetched_or_clashes() -> None:
    drawn = svg(SPEC, "a chart")
    assert not re.search(r"<script|<style|href=|url\(| id=| on\w+=| style=", drawn)


def test_numbers_are_text_in_it() -> None:
    drawn = svg(SPEC, "a chart")
    words = [text.text for text in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]
    assert {"step", "share", "50%"} <= set(words)


def test_the_same_values_are_drawn_in_the_same_bytes() -> None:
    assert svg(SPEC, "a chart") == svg(SPEC, "a chart")


def test_what_no_svg_can_hold_is_replaced() -> None:
    named = {**SPEC, "data": table([{"x": 1, "y": 0.5, "says": "a\x00b\x01\ufffe \U0001f600"}])}
    drawn = svg(named, "a chart")
    assert "<title>a\ufffdb\ufffd\ufffd \U0001f600</title>" in drawn
