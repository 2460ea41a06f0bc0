"""What a night measured, from its shortlists alone: tiers, coverage, exposure, needs without an eligible capability."""

import json
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from matcher import exposure

if TYPE_CHECKING:
    from service.releases.reading import Release


def measure(release: "Release") -> dict[str, Any]:
    """Count over every shortlist. Exposure is over all providers with a capability, shown or not."""
    tiers: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    coverage = without = shortlists = 0.0
    for header, columns in release.each_shortlist(("organisation_id", "tier", "coverage")):
        shortlists += 1
        without += header.eligible == 0
        tiers.update(columns["tier"])
        shown.update(columns["organisation_id"][: exposure.TOP])
        coverage += sum(columns["coverage"])
    matches = sum(tiers.values())
    providers = len(_providers(release) | set(shown))
    return {
        "shortlists": int(shortlists),
        "matches": matches,
        "tiers": {tier: tiers[tier] for tier in ("A", "B", "C")},
        "one_tier_only": sum(count > 0 for count in tiers.values()) == 1,
        "coverage_mean": round(coverage / matches, 6) if matches else None,
        "needs_without_eligible": int(without),
        "exposure": asdict(exposure.measure(list(shown.values()), providers)),
    }


def _providers(release: "Release") -> set[str]:
    """Read the organisation of every capability; as plain JSON, which is six times as fast as building each record."""
    capabilities = release.capabilities
    lines = (capabilities.line(row) for row in range(len(capabilities)))
    return {json.loads(line)["organisation_id"] for line in lines}
