"""What an account may say of the records of organisations it speaks for."""

from __future__ import annotations

from typing import Final

CLASSIFIED: Final = ("sdg_goals", "sdg_targets", "sectors", "crs_purpose", "keywords")
_TEXTS: Final = ("title_en", "summary_en", "valid_until")
OWN_FIELDS: Final = {
    "organisations": frozenset(
        {"slots_total", "activity_status", "contact_channel", "languages", "website", "city", "aliases"}
    ),
    "capabilities": frozenset(
        {"partner_sought", "transfer_modes", "places_offered", "places_excluded", "trl", "price", "lead_time_months"}
        | {"training_included", "languages_supported", "ip", "deployed_in", "operating_envelope"}
        | {"infrastructure_required", "skills_required", *CLASSIFIED, *_TEXTS}
    ),
    "needs": frozenset(
        {"urgency", "accepted_modes", "rejected_modes", "trl_min", "co_development_ok", "budget", "financing_state"}
        | {"start_by", "complete_by", "languages_required", "site_conditions", "infrastructure_available"}
        | {"skills_available", "ip_requirements", "enabling", "beneficiaries", *CLASSIFIED, *_TEXTS}
    ),
}
"""What an owner may say of its records by itself: profile, slots and interest. Whose a record is, and who sees it, is
a broker's to change."""
