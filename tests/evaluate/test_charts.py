"""Marks stay inside the drawing, and ticks are round."""

from hypothesis import given
from hypothesis import strategies as st

from quimbot.evaluate.charts import HEIGHT, WIDTH, Point, Series, chart, ticks

numbers = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3))
points = st.lists(st.builds(Point, x=numbers, y=numbers), min_size=1, max_size=20).map(tuple)


@given(points)
def test_every_mark_lies_inside(row: tuple[Point, ...]) -> None:
    drawn = chart(
        title="t",
        says="s",
        x_name="x",
        y_name="y",
        series=[Series(name="a", look="ours", points=row, dots=True)],
    )
    assert drawn
    for dot in drawn.marks[0].dots:
        assert drawn.left <= dot.x <= drawn.right
        assert drawn.top <= dot.y <= drawn.bottom
    assert all(drawn.left <= tick.at <= drawn.right for tick in drawn.x_ticks)
    assert all(drawn.top <= tick.at <= drawn.bottom for tick in drawn.y_ticks)
    assert drawn.right < WIDTH
    assert drawn.bottom < HEIGHT


@given(low=numbers, width=st.floats(1e-3, 1e6))
def test_ticks_are_few_and_span_the_range(low: float, width: float) -> None:
    found = ticks(low, low + width)
    assert 2 <= len(found) <= 8
    slack = width * 1e-6 + 1e-9 * abs(low)
    assert found[0] <= low + slack
    assert found[-1] >= low + width - slack


def test_ticks_are_round() -> None:
    assert ticks(0, 1) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert ticks(3, 117) == [0, 50, 100, 150]


def test_nothing_to_draw_is_no_chart() -> None:
    assert chart(title="t", says="s", x_name="x", y_name="y", series=[]) is None


def test_higher_values_stand_higher() -> None:
    drawn = chart(
        title="t",
        says="s",
        x_name="x",
        y_name="y",
        series=[Series(name="a", look="b", points=(Point(x=0, y=0), Point(x=1, y=5)), dots=True)],
    )
    assert drawn
    low, high = drawn.marks[0].dots
    assert high.y < low.y
    assert high.x > low.x
