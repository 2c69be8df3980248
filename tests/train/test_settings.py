"""Learning rates and milestones of a run."""

from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quimbot.train.settings import TrainSettings


def settings(
    *,
    checkpoints: int = 4,
    warmup: float = 0.1,
    schedule: Literal["linear", "cosine", "constant"] = "linear",
    start: str = "",
) -> TrainSettings:
    return TrainSettings(
        data=Path("data.jsonl"),
        output=Path("run"),
        learning_rate=1e-3,
        checkpoints=checkpoints,
        warmup=warmup,
        schedule=schedule,
        start=start,
    )


@pytest.mark.parametrize("schedule", ["linear", "cosine", "constant"])
@given(total=st.integers(1, 300), warmup=st.floats(0, 1))
def test_the_rate_rises_then_falls_and_never_ends_before_the_run(
    schedule: Literal["linear", "cosine", "constant"], total: int, warmup: float
) -> None:
    chosen = settings(warmup=warmup, schedule=schedule)
    rates = [chosen.rate(step, total) for step in range(total)]
    top = rates.index(max(rates))
    assert all(0 < rate <= 1e-3 for rate in rates)
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)


def test_linear_rates_are_these() -> None:
    rates = [settings(warmup=0.2).rate(step, 10) * 1e3 for step in range(10)]
    assert rates == pytest.approx([0.5, 1, 1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8])


@given(total=st.integers(1, 1000), checkpoints=st.integers(1, 50))
def test_milestones_are_even_and_end_with_the_run(total: int, checkpoints: int) -> None:
    steps = settings(checkpoints=checkpoints).milestones(total)
    assert steps[-1] == total
    assert len(steps) == min(total, checkpoints)
    gaps = [after - before for before, after in zip((0, *steps), steps, strict=False)]
    assert min(gaps) >= 1
    assert max(gaps) - min(gaps) <= 1


def test_a_checkpoint_to_start_from_is_an_input(tmp_path: Path) -> None:
    assert settings().inputs() == (Path("data.jsonl"),)
    assert settings(start=str(tmp_path)).inputs() == (Path("data.jsonl"), tmp_path)
    assert settings().outputs() == (Path("run"),)
