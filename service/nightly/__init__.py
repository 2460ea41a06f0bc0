"""The night: one straight line from a snapshot of the store to a published release, resumable at every step."""

from service.nightly.allocating import read_policy
from service.nightly.errors import NightRefused, NightRunning
from service.nightly.night import Night, Outcome, State, run_night

__all__ = ["Night", "NightRefused", "NightRunning", "Outcome", "State", "read_policy", "run_night"]
