"""Filling the templates."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import HTMLResponse, Response

from service.accounts.csrf import csrf_field
from service.api.answers import RELEASE_HEADER, address
from service.console import standing, views

if TYPE_CHECKING:
    from jinja2 import Environment

    from service.releases import Release

FOLDER: Final = Path(__file__).parent / "templates"


def page(template: str, *, release: Release | None, status: int = 200, **values: Any) -> Response:
    """Fill a template and send it, naming the release it was read from."""
    text = _environment().get_template(template).render(release=release, **values)
    headers = {RELEASE_HEADER: release.id} if release else None
    return HTMLResponse(text, status, headers)


@cache
def _environment() -> Environment:
    """Make the templates' environment once: everything is escaped, and a name that is not given is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {
        "address": address,
        "age": views.age,
        "conditions": standing.conditions,
        "csrf_field": lambda token: Markup(csrf_field(token)),  # noqa: S704 - hexadecimal
        "cooperation": views.cooperation,
        "facts": views.facts,
        "pretty": views.pretty,
        "reasons": standing.reasons,
        "said": views.said,
        "standing": standing.standing,
        "texts": views.texts,
        "web_address": views.web_address,
        "where": views.where,
        "signed_out": False,
    }
    return made
