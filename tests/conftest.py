"""Settings of every test."""

from hypothesis import settings

settings.register_profile("shared-machine", deadline=None)  # a busy machine is not a failure; benchmarks watch the time
settings.load_profile("shared-machine")
