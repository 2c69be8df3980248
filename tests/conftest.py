"""Settings that must stand before the first heavy import of a test run."""

import os

from hypothesis import settings

os.environ.setdefault("GOMP_SPINCOUNT", "0")  # as in the command line: tests run beside others
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # no test asks a hub

settings.register_profile("untimed", deadline=None)  # how long a test takes says nothing here
settings.load_profile("untimed")

pytest_plugins = ["stores"]
