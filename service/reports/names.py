"""Which reports there are; light to import, for the command line."""

from enum import StrEnum


class ReportName(StrEnum):
    """A report of a release."""

    UNSERVED = "unserved"  # needs without a partner, and whom to recruit
    EXPOSURE = "exposure"  # how often each organisation is shown, and its load
    COVERAGE = "coverage"  # needs served, by vulnerable group
    DORMANT = "dormant"  # partners worth reactivating, and for which needs
    TIERS = "tiers"  # how matches share out over the tiers
    CLUSTERS = "clusters"  # needs that are alike


class Named(StrEnum):
    """What ``matcher report`` makes: each report of a release, and the one of a period."""

    UNSERVED = ReportName.UNSERVED
    EXPOSURE = ReportName.EXPOSURE
    COVERAGE = ReportName.COVERAGE
    DORMANT = ReportName.DORMANT
    TIERS = ReportName.TIERS
    CLUSTERS = ReportName.CLUSTERS
    PERIOD = "period"  # what a tenant achieved, from events and records
