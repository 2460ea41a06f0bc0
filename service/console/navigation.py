"""What stands around every page: where one is, where one can go, and how it is to look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from service.accounts.roles import Permission
from service.console.language import Language, choose
from service.console.words import N_

if TYPE_CHECKING:
    from starlette.requests import Request

    from service.api.keys import Principal

THEME: Final = "matcher_theme"
THEMES: Final = (("auto", N_("As the system")), ("light", N_("Light")), ("dark", N_("Dark")))
"""Choices of appearance; the first one leaves it to the browser."""

_PAGES: Final[tuple[tuple[str, str, Permission], ...]] = (
    ("/", N_("Needs"), Permission.READ),
    ("/saved", N_("Saved"), Permission.RECORD_OUTCOMES),
    ("/pipeline", N_("Pipeline"), Permission.READ),
    ("/capabilities", N_("Capabilities"), Permission.READ),
    ("/organisations", N_("Organisations"), Permission.READ),
    ("/mechanisms", N_("Funding"), Permission.READ),
    ("/facilitators", N_("Facilitators"), Permission.READ),
    ("/cases", N_("Cases"), Permission.READ),
    ("/portfolio", N_("Portfolio"), Permission.READ),
    ("/period", N_("Period"), Permission.READ),
    ("/unserved", N_("Unserved"), Permission.READ),
    ("/clusters", N_("Clusters"), Permission.READ),
    ("/map", N_("Map"), Permission.READ),
    ("/changes", N_("Changes"), Permission.READ),
    ("/import", N_("Import"), Permission.IMPORT),
    ("/reviews", N_("Review"), Permission.REVIEW),
    ("/duplicates", N_("Duplicates"), Permission.MERGE),
    ("/rules", N_("Rules"), Permission.APPROVE_RULES),
    ("/administration", N_("Administration"), Permission.ADMINISTER),
    ("/docs", N_("Interface"), Permission.READ),
)
"""Address, name, and the permission without which a page is of no use."""


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of the navigation."""

    href: str
    label: str
    here: bool


@dataclass(frozen=True)
class Frame:
    """What the frame of a page is made of."""

    language: Language
    theme: str
    path: str
    address: str  # path and query, to come back to
    principal: Principal | None

    @property
    def returning(self) -> str:
        """The address as a value of a query."""
        return quote(self.address, safe="")

    def links(self) -> Iterator[Link]:
        """Yield where one can go from here."""
        for href, label, permission in _PAGES:
            if self.principal is not None and not self.principal.may(permission):
                continue
            yield Link(href, label, self._within(href))

    def _within(self, href: str) -> bool:
        if href == "/":
            return self.path == "/" or self.path.startswith("/needs/")
        return self.path == href or self.path.startswith(f"{href}/")


def frame_of(request: Request) -> Frame:
    """Read from a request what its page's frame needs."""
    chosen = request.cookies.get(THEME, "")
    query = request.url.query
    path = request.url.path
    return Frame(
        choose(request.headers.get("accept-language")),
        chosen if chosen in dict(THEMES) else THEMES[0][0],
        path,
        f"{path}?{query}" if query else path,
        getattr(request.state, "principal", None),
    )
