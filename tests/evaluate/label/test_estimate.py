"""Estimates are about all replies, and their intervals hold the truth as often as they say."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from labelled import some_judged

from quimbot.evaluate.label.estimate import Cell, Estimate, estimates
from quimbot.evaluate.label.make import draw
from quimbot.evaluate.labels import labelled_replies, strata


@st.composite
def cells(draw: st.DrawFn) -> Cell:
    labelled = draw(st.integers(1, 20))
    return Cell(
        says=draw(st.booleans()),
        of=labelled + draw(st.integers(0, 300)),
        labelled=labelled,
        yes=draw(st.integers(0, labelled)),
    )


@given(st.lists(cells(), min_size=1, max_size=8))
def test_an_estimate_is_a_share_and_lies_in_its_interval(found: list[Cell]) -> None:
    whole = estimates(found)
    assert whole.of == sum(cell.of for cell in found)
    assert (whole.precision is None) == (not any(cell.says for cell in found))
    assert (whole.recall is None) == (not any(cell.yes for cell in found))
    for share in (whole.precision, whole.recall, whole.f1):
        if share is not None:
            assert 0 <= share.low <= share.value <= share.high <= 1 + 1e-9


def test_what_is_wholly_labelled_is_known() -> None:
    whole = estimates(
        [Cell(says=True, of=30, labelled=30, yes=20), Cell(says=False, of=65, labelled=65, yes=7)]
    )
    exact = pytest.approx(20 / 27)
    assert whole.recall == Estimate(value=exact, low=exact, high=exact)  # type: ignore[arg-type] # approx


def test_a_large_cell_with_few_labels_keeps_recall_open() -> None:
    passed = Cell(says=True, of=100, labelled=30, yes=30)
    few = estimates([passed, Cell(says=False, of=300, labelled=6, yes=0)]).recall
    many = estimates([passed, Cell(says=False, of=300, labelled=200, yes=0)]).recall
    assert few is not None
    assert many is not None
    assert (few.value, few.high) == (1, 1)
    assert few.low < 0.75
    assert many.low > 0.95


def test_the_intervals_hold_the_truth_of_an_uneven_whole() -> None:
    """A person who differs about every eighth reply, met on 100 sheets of 40 out of 395."""
    rows = some_judged(75, (250, 60, 10))
    chance = Random(5)
    person = {row.record.id: row.verified ^ (chance.random() < 1 / 8) for row in rows}
    kinds = strata(labelled_replies(rows).values())
    truth = sum(person[row.record.id] for row in kinds["passed"]) / sum(person.values())
    held, plain = 0, 0.0
    for seed in range(100):
        drawn = {row.record.id for row in draw(rows, 40, seed)}
        found = [
            Cell(
                says=kind == "passed",
                of=len(own),
                labelled=len(mine := [person[i] for i in ids if i in drawn]),
                yes=sum(mine),
            )
            for kind, own in kinds.items()
            for ids in [[row.record.id for row in own]]
        ]
        recall = estimates(found).recall
        assert recall is not None
        held += recall.low <= truth <= recall.high
        yes = [row for row in rows if row.record.id in drawn and person[row.record.id]]
        plain += sum(row.verified for row in yes) / len(yes) / 100
    assert held >= 90
    assert plain > truth + 0.15  # what the sheet itself would say
