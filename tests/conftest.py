"""Settings of every test."""

import signal

from hypothesis import settings

settings.register_profile("shared-machine", deadline=None)  # a busy machine is not a failure; benchmarks watch the time
settings.load_profile("shared-machine")


def pytest_configure() -> None:
    """Take Ctrl-C as at a terminal: a job in the background ignores it, and so would every program the tests start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
