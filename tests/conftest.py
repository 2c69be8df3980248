"""Settings that must stand before the first heavy import of a test run."""

import os
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import settings

from quimbot.runs.machine import cores

os.environ.setdefault("GOMP_SPINCOUNT", "0")  # as in the command line: tests run beside others
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # no test asks a hub
if workers := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")):  # `make test`: no core twice
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, cores() // workers)))

# How long a test takes says nothing here. Continuous integration tries the same examples each time,
# so that a change is judged by what it changed; elsewhere every run tries new ones, twice as many.
SAME = "CI" in os.environ
settings.register_profile(
    "untimed", deadline=None, derandomize=SAME, max_examples=50 if SAME else 100
)
settings.load_profile("untimed")

pytest_plugins = ["pages", "stores"]


@pytest.fixture(scope="session", autouse=True)
def no_data_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a server keeps without being told where is kept in a folder of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield


def pytest_collection_finish(session: pytest.Session) -> None:
    """Two tests of one id would be one test to workers that share out files."""
    found = Counter(item.nodeid for item in session.items)
    if twice := [name for name, count in found.items() if count > 1]:
        raise pytest.UsageError(f"several tests have the id {twice[0]}")
