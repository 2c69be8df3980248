"""What is read first holds what speaks against the choice, and counts turns, not replies."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import structs
from scorecards import as_check, choice, judged, write_scores

from quimbot.evaluate.measured import measured
from quimbot.evaluate.table import names
from quimbot.evaluate.verdict import Verdict, verdict
from quimbot.runs.scorecard import Judged, Picked, read_scorecard

PICKED = choice("s/step-2")
RIGHT = {"base": 2, "s/step-1": 44, "s/step-2": 30, "s/step-3": 50}


def _rows(right: int, address: str, n: int = 60, *, red_pen: bool = False) -> list[Judged]:
    return [judged(address, i, passed=i * 37 % n < right, red_pen=red_pen) for i in range(n)]


def _verdict(
    folder: Path,
    rows: Mapping[str, Sequence[Judged]],
    picked: Picked,
    other: Mapping[str, Sequence[Judged]] | None = None,
    samples: int = 1,
) -> Verdict:
    folders = [write_scores(folder / "scaffolding", rows)]
    if other:
        folders.append(write_scores(folder / "chat", other, suite="chat"))
    tables = [
        table
        for path in folders
        for table in measured(
            structs.replace(read_scorecard(path), samples=samples),
            path,
            None,
            picked,
            names([*rows]),
        )
    ]
    by_address = {row.address: row for row in tables[0].rows}
    ours, base = by_address[picked.address], by_address[picked.base]
    return verdict(tables[:1], tables, ours, base, picked)


def _field() -> Mapping[str, Sequence[Judged]]:
    return {address: _rows(right, address) for address, right in RIGHT.items()}


def test_a_choice_that_does_nothing_worse_has_nothing_against_it(tmp_path: Path) -> None:
    found = _verdict(tmp_path, _field(), PICKED)
    assert found.cautions == []
    assert not any(figure.worse for figure in found.figures)
    assert [figure.name for figure in found.figures][:2] == [
        "verified recasts",
        "says the error back",
    ]


def test_the_interval_of_one_picked_from_many_holds_for_all_at_once(tmp_path: Path) -> None:
    one = _verdict(tmp_path / "one", _field(), PICKED).interval
    many = _verdict(tmp_path / "many", _field(), structs.replace(PICKED, of=8)).interval
    assert "95% interval +" in one
    assert "95% interval for 8 at once +" in many


def test_broken_limits_a_fallen_suite_and_worse_replies_are_told_first(tmp_path: Path) -> None:
    field = dict(_field()) | {"s/step-2": _rows(30, "s/step-2", red_pen=True)}
    chat = {
        address: [as_check(row, "tone") for row in _rows(right, address)]
        for address, right in {"base": 50, "s/step-2": 10}.items()
    }
    reason = "general fell: -22 points, 95% interval -35 to -8"
    found = _verdict(tmp_path, field, structs.replace(PICKED, aside={"s/step-2": (reason,)}), chat)
    assert found.cautions[0].endswith(f"this one neither: {reason}.")
    assert found.cautions[1].startswith(
        "Chat fell: 17% of its replies pass, and 83% of the base model's (-67 points, 95% interval"
    )
    assert found.cautions[2].startswith(
        "It uses red-pen language in 100% of replies, the base model in 0% (+100 points"
    )
    assert len(found.cautions) == 3
    assert [figure.head for figure in found.figures if figure.worse] == ["red pen"]


def test_what_a_limit_tells_is_not_told_twice(tmp_path: Path) -> None:
    chat = {
        address: [as_check(row, "tone") for row in _rows(right, address)]
        for address, right in {"base": 50, "s/step-2": 10}.items()
    }
    aside = {"s/step-2": ("chat fell: -67 points, 95% interval -80 to -50",)}
    found = _verdict(tmp_path, _field(), structs.replace(PICKED, aside=aside), chat)
    assert len(found.cautions) == 1


def test_of_many_others_the_next_and_the_highest_are_told_and_why_not(tmp_path: Path) -> None:
    picked = structs.replace(
        PICKED, next="s/step-1", aside={"s/step-3": ("red-pen language in 9% (5-16)",)}
    )
    following, highest = _verdict(tmp_path, _field(), picked).rivals
    assert following.startswith("Step 1, the next choice: 73% with a verified recast, higher than")
    assert highest.startswith("Step 3: 83% with a verified recast, higher than step 2")
    assert highest.endswith("It was set aside: red-pen language in 9% (5-16).")


def test_several_replies_to_a_turn_are_one_turn(tmp_path: Path) -> None:
    twice = {
        address: [
            structs.replace(row, sample=sample)
            for sample in range(2)
            for row in _rows(right, address)
        ]
        for address, right in RIGHT.items()
    }
    found = _verdict(tmp_path, twice, PICKED, samples=2)
    assert found.sentence.startswith(
        "Step 2 answers 50% of 60 real learner turns, each asked 2 times, with a verified recast"
    )
