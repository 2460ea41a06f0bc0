"""Fixtures that the tests of the service share."""

import os

import pytest


@pytest.fixture
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip waiting for the disk: only a loss of power could tell, and no test here takes the power away."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
