"""Files in: accepted records, and rejects that say where, what and what to do."""

from service.intake.mapping import load as load_profile
from service.intake.mapping import names as profile_names
from service.intake.reading import Batch, read, read_capabilities, read_needs
from service.intake.refusals import Refusals, nothing_in
from service.intake.rejects import RejectFile, count_by_code, reject_file, write_rejects
from service.intake.results import CODES, Accepted, Limits, Reject, Severity

__all__ = [
    "CODES",
    "Accepted",
    "Batch",
    "Limits",
    "Refusals",
    "Reject",
    "RejectFile",
    "Severity",
    "count_by_code",
    "load_profile",
    "nothing_in",
    "profile_names",
    "read",
    "read_capabilities",
    "read_needs",
    "reject_file",
    "write_rejects",
]
