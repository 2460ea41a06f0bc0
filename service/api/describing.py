"""A module's routes as the application serves them: what they take and give is worked out once a process."""

from __future__ import annotations

from functools import cache
from typing import Protocol

from fastapi import APIRouter
from starlette.routing import BaseRoute

from service.api import openapi


class Part(Protocol):
    """A module that serves something."""

    def router(self) -> APIRouter:
        """Return its routes."""


@cache
def described(part: Part) -> tuple[BaseRoute, ...]:
    """Return the routes of a module, each with the problems that every address may answer."""
    made = APIRouter(responses=openapi.PROBLEMS)
    made.include_router(part.router())
    return tuple(made.routes)
