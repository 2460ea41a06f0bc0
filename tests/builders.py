"""Builders: the smallest valid record of each kind; a test states only what it is about."""

from typing import Any

from matcher.profiles import (
    Capability,
    CaseStory,
    FacilitatorProgramme,
    FundingMechanism,
    Need,
    Organisation,
)


def an_organisation(id: str = "org-1", **facts: Any) -> Organisation:  # noqa: A002 - the record's own field name
    return Organisation.model_validate({"id": id, "name": f"Organisation {id}", "roles": ["provider"], **facts})


def a_capability(id: str = "cap-1", **facts: Any) -> Capability:  # noqa: A002 - the record's own field name
    text = {"title": "Small hydropower turbines", "summary": "Low-head turbines for village mini-grids."}
    return Capability.model_validate({"id": id, "organisation_id": f"capability:{id}", **text, **facts})


def a_need(id: str = "need-1", **facts: Any) -> Need:  # noqa: A002 - the record's own field name
    text = {"title": "Electricity for a hill village", "summary": "Power from a small river without a grid."}
    return Need.model_validate({"id": id, "owner_organisation_id": f"need:{id}", **text, **facts})


def a_mechanism(id: str = "fund-1", **facts: Any) -> FundingMechanism:  # noqa: A002 - the record's own field name
    return FundingMechanism.model_validate({"id": id, "organisation_id": "funder-1", "title": "A window", **facts})


def a_programme(id: str = "prog-1", **facts: Any) -> FacilitatorProgramme:  # noqa: A002 - the record's own field name
    return FacilitatorProgramme.model_validate({"id": id, "organisation_id": "hub-1", "title": "A hub", **facts})


def a_case(id: str = "case-1", **facts: Any) -> CaseStory:  # noqa: A002 - the record's own field name
    return CaseStory.model_validate({"id": id, "title": "A case", "summary": "What was done.", **facts})
