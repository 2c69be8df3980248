"""Tables for a spreadsheet, in which nobody's words are ever run."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quimbot.pedagogy.kinds import Kind
from quimbot.serve.class_csv import overview_csv, written
from quimbot.serve.overview import Overview, Row, Uptake


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\uff1d1", '=HYPERLINK("x")'],
)
def test_a_cell_that_begins_a_formula_is_made_harmless(cell: str) -> None:
    assert read(written(["name"], [[cell]]))[1] == [f"'{cell}"]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_whatever_a_name_holds_it_stays_one_cell(cells: list[str]) -> None:
    table = read(written(["a"] * len(cells), [cells]))
    assert [cell.removeprefix("'") for cell in table[-1]] == [c.removeprefix("'") for c in cells]


def test_numbers_stay_numbers() -> None:
    assert read(written(["n"], [[-3], [0.5]]))[1:] == [["-3"], ["0.5"]]


def test_what_is_not_told_says_why() -> None:
    seen = Overview(
        learners=4,
        active=4,
        turns=9,
        seconds=60,
        uptake=None,
        l1s=("es", "", "-zh"),
        rows=(
            Row(
                kind=Kind.TENSE,
                errors=7,
                by_l1={"es": 7, "": None, "-zh": None},
                uptake=Uptake(repaired=1, of=3),
            ),
            Row(kind=Kind.ARTICLE, errors=None, by_l1={"es": 0, "": None, "-zh": 0}, uptake=None),
        ),
    )
    few = "fewer than 3"
    helped = ["mended after help", "helped"]
    assert read(overview_csv(seen)) == [
        ["kind", "errors", "errors: es", "errors: not told", "errors: -zh", *helped],
        ["tense", "7", "7", few, few, "1", "3"],
        ["article", few, "0", few, "0", few, few],
    ]
