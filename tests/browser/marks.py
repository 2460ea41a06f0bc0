"""What every module of browser tests is marked with."""

import os

import pytest

from tests.browser.conftest import CHROMIUM

BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM.exists() and not os.environ.get("CI"),  # CI must have it
        reason=f"no browser at {CHROMIUM}: install chromium, or set CHROMIUM",
    ),
]
