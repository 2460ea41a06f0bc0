"""Parameters that several routes share, described once."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import unquote

from fastapi import Header, Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from matcher.vocabulary import Stage, Tier, Urgency

MOST: Final = 200
"""Items in one answer at most: a megabyte or two of matches."""

RecordId = Annotated[
    str,
    Path(
        max_length=600,
        description="Percent-encoded: a slash inside an id is written %2F, a percent sign %25.",
        examples=["need-hill-village-power"],
    ),
    AfterValidator(unquote),
]
"""An id from a path. The shell leaves %2F and %25 as they came, so that slashes of an id separate nothing."""

IfMatch = Annotated[
    str | None, Header(max_length=2_000, description="The ETag of the record as it was read; * for any that is there.")
]

IfNoneMatch = Annotated[
    str | None, Header(max_length=2_000, description="* where there must be no record of that id yet.")
]

Limit = Annotated[int, Query(ge=1, le=MOST, description="Items at most.")]
Cursor = Annotated[str | None, Field(max_length=2_000, description="The ``next`` of the page before.")]


class Listing(BaseModel):
    """What a list is narrowed to, and which page of it; a parameter that is not here is refused, not overlooked."""

    model_config = ConfigDict(extra="forbid")

    country: Annotated[
        str | None,
        Field(
            max_length=200,
            description="A country by name or alpha-3 code, or a region or group (LDC) as it is today. "
            "Finds records stated for it, for a country in it, or for a group or region that shares one with it.",
            examples=["Kenya", "LDC"],
        ),
    ] = None
    sector: Annotated[
        str | None, Field(max_length=100, description="A sector; a parent finds its children.", examples=["energy"])
    ] = None
    sdg: Annotated[int | None, Field(ge=1, le=17, description="A Sustainable Development Goal.")] = None
    urgency: Annotated[Urgency | None, Field(description="How urgent a need says it is.")] = None
    stage: Annotated[Stage | None, Field(description="Needs with a pair at this stage of your tenant's pipeline.")] = (
        None
    )
    q: Annotated[
        str | None,
        Field(max_length=300, description="Words; each must begin a word of the record.", examples=["solar"]),
    ] = None
    cursor: Cursor = None
    limit: Annotated[int, Field(ge=1, le=MOST, description="Items at most.")] = 50


class Search(BaseModel):
    """What is searched for, and which page of it."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[str, Field(min_length=1, max_length=300, description="Words; each must begin a word of the record.")]
    cursor: Cursor = None
    limit: Annotated[int, Field(ge=1, le=MOST, description="Items at most.")] = 50


MinScore = Annotated[float, Query(ge=0, le=1, description="Leave out matches that score less.")]
TierFilter = Annotated[list[Tier] | None, Query(description="Only matches of these tiers; may be repeated.")]
