"""What requests carry beside records: one model a body, so that a misspelt member is refused and not overlooked."""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from matcher.arranging import Grouping
from matcher.vocabulary import SECTORS, OfferKind, TransferMode
from service.api.problems import refused_values, value_problem
from service.api.validation import JsonObject

B = TypeVar("B", bound=BaseModel)
MOST_NAMED: Final = 100  # values of one condition, and records named one by one


class Body(BaseModel):
    """No body holds a member that is not named here."""

    model_config = ConfigDict(extra="forbid")


def reading(model: type[B]) -> Any:
    """Return the dependency that reads a request's body as ``model``; it refuses every wrong value at once (422)."""

    async def read(values: JsonObject) -> B:
        try:
            return model.model_validate(values)
        except ValidationError as error:
            found = [value_problem(".".join(map(str, one["loc"])) or "body", one) for one in error.errors()]
            raise refused_values(found) from None

    return Depends(read)


def described(model: type[BaseModel], examples: dict[str, Any]) -> dict[str, Any]:
    """Describe a body for the interface's document; ``openapi.describe`` adds the model itself."""
    reference = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": reference, "examples": examples}},
        }
    }


def _known_sector(name: str) -> str:
    if name not in SECTORS:
        raise ValueError(f"one of {', '.join(sorted(SECTORS))}")
    return name


Named = Annotated[str, Field(min_length=1, max_length=200)]
Sector = Annotated[str, AfterValidator(_known_sector), Field(json_schema_extra={"enum": sorted(SECTORS)})]
Level = Annotated[int, Field(ge=1, le=9)]
Reason = Annotated[str, Field(min_length=1, max_length=500, description="Why; it stands in the answer.")]


def _some(description: str, **more: Any) -> Any:
    return Field(default_factory=list, max_length=MOST_NAMED, description=description, **more)


class CriteriaIn(Body):
    """What an offer states: any value of a member is enough; each member is a criterion. What is unknown meets none."""

    countries: list[Named] = _some("Offered in one of these countries, regions or groups.", examples=[["Kenya", "LDC"]])
    provider_countries: list[Named] = _some("Home of the provider: countries, regions or groups.")
    sectors: list[Sector] = _some("A parent finds its children.", examples=[["energy"]])
    sdg_goals: list[Annotated[int, Field(ge=1, le=17)]] = _some("Sustainable Development Goals, stated.")
    transfer_modes: list[TransferMode] = _some("Ways of transfer it offers.")
    offer_kinds: list[OfferKind] = _some("What kind of offer it is.")
    organisations: list[Named] = _some("Ids of its provider.")
    trl_min: Annotated[Level | None, Field(description="Technology readiness level at least.")] = None
    trl_max: Annotated[Level | None, Field(description="Technology readiness level at most.")] = None


class PinIn(Body):
    """An offer that is to stand first."""

    capability_id: Named
    reason: Reason


class ExcludeIn(Body):
    """An offer, or all offers of an organisation, that are to be left out: exactly one of the two is named."""

    capability_id: Named | None = None
    organisation_id: Named | None = None
    reason: Reason

    @model_validator(mode="after")
    def _one(self) -> ExcludeIn:
        if (self.capability_id is None) == (self.organisation_id is None):
            raise ValueError("exactly one of capability_id and organisation_id")
        return self


class SearchMatchesIn(Body):
    """A need, by id or described here, and what its list is to be. Nothing set: the list of ``match_need``."""

    need_id: Annotated[Named | None, Field(description="A saved need; else describe one in ``need``.")] = None
    need: Annotated[
        dict[str, Any] | None,
        Field(
            description="A need that is not saved, canonical or minimal.",
            json_schema_extra={"x-model": "Need-Input"},
        ),
    ] = None
    limit: Annotated[int, Field(ge=1, le=100, description="Eligible matches, or groups, at most.")] = 10
    must: CriteriaIn = Field(default_factory=CriteriaIn, description="Each criterion is known to hold.")
    must_not: CriteriaIn = Field(default_factory=CriteriaIn, description="No criterion is known to hold.")
    should: CriteriaIn = Field(
        default_factory=CriteriaIn,
        description="The more criteria hold, the better the place: all of them are worth .1 of score. Scores stay.",
    )
    min_score: Annotated[float, Field(ge=0, le=1, description="Leave out matches that score less.")] = 0.0
    diversity: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="Maximal marginal relevance: the next place goes to the greatest (1 - diversity) * score - "
            "diversity * likeness to the likest above it; likeness is 1 within an organisation, else the cosine of "
            "the texts. 0 is the order of scores.",
        ),
    ] = 0.0
    group_by: Annotated[Grouping | None, Field(description="By provider, or by the provider's country.")] = None
    per_group: Annotated[int, Field(ge=1, le=20, description="Matches of one group at most.")] = 3
    pin: list[PinIn] = _some("Offers to stand first, in this order, whatever they score; a pin lifts no gate.")
    exclude: list[ExcludeIn] = _some("What to leave out.")
    like: list[Named] = _some(
        "Ids of offers that show what is meant: the need's vectors move towards them (Rocchio, weight .75)."
    )
    unlike: list[Named] = _some("Ids of offers that show what is not meant: vectors move away (Rocchio, weight .15).")

    @model_validator(mode="after")
    def _one_need(self) -> SearchMatchesIn:
        if (self.need_id is None) == (self.need is None):
            raise ValueError("exactly one of need_id and need")
        return self


MODELS: Final[tuple[type[BaseModel], ...]] = (SearchMatchesIn,)
"""Bodies that the interface's document describes."""
