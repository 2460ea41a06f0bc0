"""One page to print, about a need or about one pair: HTML that needs no other file, no script and no other host."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from matcher import wording
from matcher.matches import Match
from matcher.profiles import Capability, Need, Organisation
from matcher.vocabulary import GateState
from service.console import standing, views
from service.console.spelling import country
from service.exports.lists import PEOPLE_DECIDE, Head, Run

if TYPE_CHECKING:
    from jinja2 import Environment

SHOWN: Final = 5  # eligible matches on a need's page: what one page of A4 holds with their reasons
NEAR_SHOWN: Final = 2
FACTS_SHOWN: Final = 6  # of each side of a pair
REASONS_SHOWN: Final = 5

_LEFT_OUT: Final = frozenset(
    map(
        views.label,
        ("created_at", "updated_at", "language", "owner_organisation_id", "organisation_id", "review_state"),
    )
)
"""Facts that the page says elsewhere, or that decide nothing."""

_FOLDER: Final = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a brief is written from: a shortlist with its matches in rank order, as they may be seen."""

    head: Head
    matches: Sequence[Match]
    run: Run
    organisations: Mapping[str, Organisation]

    def name_of(self, match: Match) -> str:
        """Name the organisation behind a match, with its country where stated; its id where nobody described it."""
        known = self.organisations.get(match.organisation_id)
        if known is None:
            return str(match.organisation_id)
        return f"{known.name} ({country(known.country)})" if known.country else known.name


def of_need(need: Need | None, sheet: Sheet) -> str:
    """Write the page about a need: its best matches with reasons, gates, questions and next step; counts the rest."""
    eligible = [match for match in sheet.matches if not match.near_miss]
    near = [match for match in sheet.matches if match.near_miss]
    left = max(len(eligible) - SHOWN, 0), max(len(near) - NEAR_SHOWN, 0)
    return _page(
        "need_brief.html",
        sheet,
        need=need,
        eligible=[views.match_view(match) for match in eligible[:SHOWN]],
        near=[views.match_view(match) for match in near[:NEAR_SHOWN]],
        left=left,
    )


def of_pair(need: Need | None, capability: Capability | None, match: Match, sheet: Sheet) -> str:
    """Write the page about one pair: both sides, the score's addends, gates, questions, who helps, the next step."""
    return _page("pair_brief.html", sheet, need=need, capability=capability, view=views.match_view(match))


def policy() -> str:
    """Return the Content-Security-Policy a brief is sent with: nothing but its own style sheet."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _page(template: str, sheet: Sheet, **values: object) -> str:
    return _environment().get_template(template).render(sheet=sheet, head=sheet.head, run=sheet.run, **values)


@cache
def _style() -> str:
    return (_FOLDER / "brief.css").read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    """Make the templates' environment once: everything is escaped, and a name that is not given is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {
        "conditions": standing.conditions,
        "cooperation": views.cooperation,
        "facts": _facts,
        "gates_in": _gates_in,
        "number": wording.number,
        "people_decide": PEOPLE_DECIDE,
        "policy": policy(),
        "reasons": standing.reasons,
        "reasons_shown": REASONS_SHOWN,
        "said": views.said,
        "standing": standing.standing,
        "style": _style(),
        "where": views.where,
    }
    return made


def _facts(profile: Need | Capability) -> list[tuple[str, str]]:
    told = ((name, text) for name, text in views.facts(profile) if name not in _LEFT_OUT)
    return list(islice(told, FACTS_SHOWN))


def _gates_in(match: Match, state: str) -> list[tuple[str, str]]:
    """Name the gates that stand so, each with why."""
    wanted = GateState(state)
    return [(gate.gate.value, gate.detail) for gate in match.gates if gate.state is wanted]
