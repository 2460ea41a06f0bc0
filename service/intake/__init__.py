"""Files in: accepted records, and rejects that say where, what and what to do."""

from service.intake.reading import Batch, read, read_capabilities, read_needs
from service.intake.results import CODES, Accepted, Limits, Reject, Severity

__all__ = ["CODES", "Accepted", "Batch", "Limits", "Reject", "Severity", "read", "read_capabilities", "read_needs"]
