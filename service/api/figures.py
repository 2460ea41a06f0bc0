"""A release in figures, as far as somebody may see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from service.reports.names import ReportName

if TYPE_CHECKING:
    from service.api.context import Context
    from service.api.keys import Principal
    from service.releases import Release
    from service.reports.tiers import TierReport
    from service.reports.unserved import UnservedReport
    from service.visibility import Visibility


@dataclass(frozen=True, slots=True)
class Figures:
    """Records and matches that may be seen, shares of the tiers, and needs for which nobody is eligible."""

    counts: Mapping[str, int]
    tiers: Mapping[str, float]
    needs_without_eligible: int


def seen_figures(context: Context, asker: Principal, release: Release) -> Figures:
    """Return the night's own figures to who sees everything, and the same counted anew to anybody else."""
    manifest, visible = release.manifest, context.live.visible(asker)
    hidden = _hidden(release, visible)
    if not any(hidden.values()):
        return Figures(manifest.counts, manifest.tiers, release.metrics["needs_without_eligible"])
    tiers = cast("TierReport", context.reporting.get(ReportName.TIERS, release, visible).report)
    unserved = cast("UnservedReport", context.reporting.get(ReportName.UNSERVED, release, visible).report)
    counts = {kind: count - hidden.get(kind, 0) for kind, count in manifest.counts.items()}
    return Figures(
        counts | {"matches": tiers.matches, "shortlists": tiers.needs},
        {each.tier.value: each.share or 0.0 for each in tiers.tiers},
        unserved.no_partner + unserved.near_misses_only,
    )


def _hidden(release: Release, visible: Visibility) -> dict[str, int]:
    """Count the records of the release, by kind, that may not be seen."""
    kinds = visible.hidden.keys() & release.manifest.counts.keys()
    return {kind: sum(release.records(kind).row_of(one) is not None for one in visible.hidden[kind]) for kind in kinds}
