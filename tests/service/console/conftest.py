"""The worlds of the interface's tests, for the pages too."""

from tests.service.api.conftest import client, served, world

__all__ = ["client", "served", "world"]
