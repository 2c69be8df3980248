"""Which engine runs the inner loops of near-duplicate search."""

import importlib.util
from typing import cast, get_args

from quimbot.exceptions import QuimbotError, RecipeError
from quimbot.verify import numpy_kernels
from quimbot.verify.kernels import Engine, Kernels

_WORTH_LOADING = 1 << 20
"""Shingles from which numba gains more than the half second that it takes to load."""


def kernels(engine: Engine, shingles: int) -> Kernels:
    """What runs for so many shingles.

    Raises:
        RecipeError: there is no such engine.
        QuimbotError: numba is not installed.
    """
    if chosen(engine, shingles) == "numpy":
        return cast("Kernels", numpy_kernels)
    if not _has_numba():
        raise QuimbotError("engine 'numba' needs numba; run: pip install 'quimbot[fast]'")
    from quimbot.verify import numba_kernels  # noqa: PLC0415 - numba may be missing

    return cast("Kernels", numba_kernels)


def chosen(engine: Engine, shingles: int) -> Engine:
    """The engine that runs: `auto` takes numba where it is installed and there is much to do.

    Raises:
        RecipeError: there is no such engine.
    """
    if engine not in get_args(Engine):
        raise RecipeError(f"unknown engine {engine!r}; expected {', '.join(get_args(Engine))}")
    if engine == "auto":
        return "numba" if shingles >= _WORTH_LOADING and _has_numba() else "numpy"
    return engine


def _has_numba() -> bool:
    return importlib.util.find_spec("numba") is not None
