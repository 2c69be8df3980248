"""Ctrl-C in a long job: the first asks it to end well, the second ends it at once."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)  # the second is how a cluster takes its machine back


@contextmanager
def patient(tell: Callable[[str], None]) -> Iterator[Callable[[], bool]]:
    """Inside it, whether the job was asked to end; a second time it is interrupted as ever.

    Outside the main thread nothing can be caught, and the answer is always no.
    """
    asked = threading.Event()

    def first(number: int, _: FrameType | None) -> None:
        asked.set()
        for each, before in earlier.items():
            signal.signal(each, before)
        tell(f"{signal.Signals(number).name}: ends after this step; once more ends at once")

    earlier: dict[signal.Signals, signal._HANDLER] = {}
    if threading.current_thread() is threading.main_thread():
        earlier = {each: signal.signal(each, first) for each in _SIGNALS}
    try:
        yield asked.is_set
    finally:
        for each, before in earlier.items():
            signal.signal(each, before)
