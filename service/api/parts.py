"""Everything the application serves: the interface's modules in the order of its description, then the console."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel
from starlette.routing import BaseRoute

from service.api import (
    account_schemas,
    accounts,
    bodies,
    changing,
    comparing,
    dismissals,
    duplicates,
    exploring,
    exporting,
    identity,
    importing,
    matches,
    news,
    outcome_schemas,
    outcomes,
    owning,
    past,
    period,
    pipeline,
    records,
    reports,
    reviews,
    saving,
    searching,
    similar,
    status,
    subscriptions,
)
from service.api.describing import described
from service.console import pages

PARTS: Final = (
    accounts,
    reviews,
    owning,
    status,
    matches,
    exporting,
    searching,
    comparing,
    similar,
    exploring,
    saving,
    records,
    changing,
    past,
    identity,
    duplicates,
    importing,
    reports,
    outcomes,
    dismissals,
    pipeline,
    news,
    subscriptions,
    period,
)
"""Modules whose routes are served, in the order of the interface's description."""

MODELS: Final[tuple[type[BaseModel], ...]] = (
    *bodies.MODELS,
    *outcome_schemas.MODELS,
    *subscriptions.MODELS,
    *account_schemas.MODELS,
    *reviews.MODELS,
    identity.MergeIn,
    *duplicates.MODELS,
)
"""Models of what requests carry, which FastAPI does not see."""


def every_route() -> list[BaseRoute]:
    """Return the routes under /v1, then the console's."""
    return [*(route for part in PARTS for route in described(part)), *pages.routes()]
