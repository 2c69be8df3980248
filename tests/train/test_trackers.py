"""Both trackers are really written to, and read again."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import trackio.sqlite_storage
import trackio.utils
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

from quimbot.exceptions import RecipeError
from quimbot.train.metrics import Row
from quimbot.train.trackers import Tracker, numbers, tracking

ROWS = [
    Row(step=1, loss=2.5, lr=1e-3, tokens_s=100.0, grad_norm=0.5, memory_mb=900),
    Row(
        step=2, loss=2.0, lr=5e-4, tokens_s=120.0, grad_norm=0.25, memory_mb=901,
        valid_loss=2.25, valid_sources={"rules": 2.25},
    ),
]  # fmt: skip


def tell(tracker: Tracker, run: Path) -> None:
    with tracking(tracker, run, {"rank": 16}) as track:
        for row in ROWS:
            track(row)


def test_tensorboard_has_every_number(tmp_path: Path) -> None:
    tell("tensorboard", tmp_path)
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    for row in ROWS:
        for name, value in numbers(row).items():
            found = {each.step: make_ndarray(each.tensor_proto) for each in events.Tensors(name)}
            assert found[row.step] == pytest.approx(value)
    assert [each.step for each in events.Tensors("held_out/rules")] == [2]


def test_trackio_has_every_number_on_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in (trackio.sqlite_storage, trackio.utils):
        monkeypatch.setattr(module, "TRACKIO_DIR", tmp_path, raising=False)
    tell("trackio", tmp_path / "run")
    assert not capsys.readouterr().out
    with sqlite3.connect(tmp_path / "quimbot.db") as database:
        rows = database.execute("SELECT step, metrics FROM metrics ORDER BY step").fetchall()
    assert [step for step, _ in rows] == [1, 2]
    assert '"held_out/rules"' in str(rows[1][1])


def test_nobody_is_told_unless_asked(tmp_path: Path) -> None:
    tell("", tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("tracker", ["tensorboard", "trackio"])
def test_a_tracker_that_is_not_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tracker: Tracker
) -> None:
    def missing(name: str) -> Callable[[], None]:
        raise ImportError(name)

    monkeypatch.setattr("importlib.import_module", missing)
    with pytest.raises(RecipeError, match=rf"pip install 'quimbot\[{tracker}\]'"):
        tell(tracker, tmp_path)
