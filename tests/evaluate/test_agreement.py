"""Agreement against published values and its own definition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quimbot.evaluate.agreement import cohen_kappa, krippendorff_alpha

labels = st.sampled_from("abc")


def test_kappa_gives_the_value_of_its_table() -> None:
    # 20 both yes, 5 only the first, 10 only the second, 15 both no: (.7 - .5) / (1 - .5)
    first = "y" * 25 + "n" * 25
    second = "y" * 20 + "n" * 5 + "y" * 10 + "n" * 15
    found = cohen_kappa(first, second)
    assert found.value == pytest.approx(0.4)
    assert found.observed == pytest.approx(0.7)
    # Wilson's interval of 35 of 50 is .5625 to .8090; chance is one half
    assert found.low == pytest.approx(2 * 0.5625 - 1, abs=1e-4)
    assert found.high == pytest.approx(2 * 0.8090 - 1, abs=1e-4)


def test_alpha_gives_the_published_value() -> None:
    # Krippendorff (2011), section C: four observers, twelve units, missing values, nominal: .743
    observers = {
        "A": "1 2 3 3 2 1 4 1 2 * * *",
        "B": "1 2 3 3 2 2 4 1 2 5 * 3",
        "C": "* 3 3 3 2 3 4 2 2 5 1 *",
        "D": "1 2 3 3 2 4 4 1 2 5 1 *",
    }
    rows = {name: row.split() for name, row in observers.items()}
    items = [
        {name: row[unit] for name, row in rows.items() if row[unit] != "*"} for unit in range(12)
    ]
    found = krippendorff_alpha(items)
    assert found.value == pytest.approx(0.743, abs=5e-4)
    assert found.n == 11


@given(st.lists(st.tuples(labels, labels), min_size=1, max_size=12))
def test_full_agreement_is_one_and_swapping_raters_changes_nothing(
    pairs: list[tuple[str, str]],
) -> None:
    first, second = [one for one, _ in pairs], [two for _, two in pairs]
    same = cohen_kappa(first, first)
    assert same.value == (None if len(set(first)) == 1 else 1)
    assert cohen_kappa(first, second).value == cohen_kappa(second, first).value
    items = [{"x": one, "y": one} for one in first]
    assert krippendorff_alpha(items).value == (None if len(set(first)) == 1 else 1)


def test_an_item_judged_once_does_not_count() -> None:
    items = [{"x": "a", "y": "a"}, {"x": "b", "y": "b"}]
    assert krippendorff_alpha([*items, {"x": "c"}]) == krippendorff_alpha(items)


def test_chance_is_exactly_zero() -> None:
    found = cohen_kappa("n" * 60, "y" * 20 + "n" * 40)
    assert f"{found.value:.2f}" == "0.00"


def test_nothing_judged_twice_has_no_value() -> None:
    found = krippendorff_alpha([{"x": "a"}])
    assert (found.n, found.value, found.low) == (0, None, None)
    assert cohen_kappa([], []).value is None


@pytest.mark.parametrize("yes", [12, 1])
def test_a_few_raters_who_always_agree_are_not_known_to_be_perfect(yes: int) -> None:
    said = "y" * yes + "n" * (24 - yes)
    kappa = cohen_kappa(said, said)
    alpha = krippendorff_alpha([{"x": one, "y": one} for one in said])
    for found in (kappa, alpha):
        assert (found.value, found.high) == (1, 1)
        assert found.low is not None
        assert found.low < (0.75 if yes == 12 else 0)  # of one yes in 24, chance explains much


@given(st.lists(st.dictionaries(st.sampled_from("xyz"), labels), max_size=12))
def test_alpha_is_in_its_interval_and_follows_the_definition(items: list[dict[str, str]]) -> None:
    found = krippendorff_alpha(items)
    units = [list(item.values()) for item in items if len(item) > 1]
    every = [label for unit in units for label in unit]
    by_chance = sum(
        one != other for n, one in enumerate(every) for m, other in enumerate(every) if n != m
    )
    if not by_chance:
        assert found.value is None
        return
    seen = sum(
        (unit[n] != unit[m]) / (len(unit) - 1)
        for unit in units
        for n in range(len(unit))
        for m in range(len(unit))
    )
    expected = 1 - (seen / len(every)) / (by_chance / (len(every) * (len(every) - 1)))
    assert found.value == pytest.approx(expected)
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    assert -1 <= found.low <= found.value <= found.high <= 1
