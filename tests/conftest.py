"""Settings that must stand before the first heavy import of a test run."""

import os

os.environ.setdefault("GOMP_SPINCOUNT", "0")  # as in the command line: tests run beside others
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # no test asks a hub
