"""Who else is told of each step, when asked: TensorBoard or trackio, both on this machine.

`metrics.jsonl` is written in any case; it is what the report draws.
"""

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, Literal

from quimbot.exceptions import RecipeError
from quimbot.train.metrics import Row

Tracker = Literal["", "tensorboard", "trackio"]
Track = Callable[[Row], None]


@contextmanager
def tracking(tracker: Tracker, run: Path, made_from: dict[str, Any]) -> Iterator[Track]:
    """What to call with each row of a run; a run that is gone on with goes on there, too.

    Raises:
        RecipeError: the tracker is not installed.
    """
    match tracker:
        case "tensorboard":
            summary = _installed("tensorboard.summary")
            with closing(summary.Writer(str(run / "tensorboard"))) as writer:

                def tell(row: Row) -> None:
                    for name, value in numbers(row).items():
                        writer.add_scalar(name, value, row.step)

                yield tell
        case "trackio":
            trackio = _installed("trackio")
            with redirect_stdout(sys.stderr):
                trackio.init(
                    project="quimbot", name=str(run), config=made_from, resume="allow", embed=False
                )
                try:
                    yield lambda row: trackio.log(numbers(row), step=row.step)
                finally:
                    trackio.finish()
        case _:
            yield lambda _: None


def numbers(row: Row) -> dict[str, float]:
    """What a step measured, by name."""
    named = {
        "loss": row.loss,
        "learning_rate": row.lr,
        "tokens_per_s": row.tokens_s,
        "grad_norm": row.grad_norm,
        "memory_mb": row.memory_mb,
        "held_out": row.valid_loss,
        **{f"held_out/{source}": loss for source, loss in row.valid_sources.items()},
    }
    return {name: float(value) for name, value in named.items() if value is not None}


def _installed(module: str) -> Any:  # noqa: ANN401 - neither ships types
    name = module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ImportError:
        raise RecipeError(
            f"tracker {name} is not installed; pip install 'quimbot[{name}]'"
        ) from None
