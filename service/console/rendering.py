"""Filling the templates."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import HTMLResponse, Response

from service.accounts.csrf import csrf_field
from service.api.answers import RELEASE_HEADER, address
from service.console import standing, views
from service.console.language import language
from service.console.navigation import THEMES, frame_of

if TYPE_CHECKING:
    from jinja2 import Environment
    from starlette.requests import Request

    from service.releases import Release

FOLDER: Final = Path(__file__).parent / "templates"


def page(request: Request, template: str, *, release: Release | None, status: int = 200, **values: Any) -> Response:
    """Fill a template in the language of the request and send it, naming the release it was read from."""
    frame = frame_of(request)
    made = environment(str(frame.language.locale).replace("_", "-")).get_template(template)
    headers = {"Content-Language": frame.language.tag, "Vary": "Accept-Language, Cookie"}
    if release:
        headers[RELEASE_HEADER] = release.id
    return HTMLResponse(made.render(frame=frame, release=release, **values), status, headers)


@lru_cache(maxsize=16)
def environment(tag: str) -> Environment:
    """Make the templates' environment of a language: everything is escaped, and a name that is not given is an error.

    ``_`` is for what templates say themselves, and may hold marks; ``term`` is for values of closed lists, and escapes.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    spoken = language(tag)
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_callables(spoken.words.gettext, spoken.words.ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.globals |= {
        "address": address,
        "ago": spoken.ago,
        "conditions": standing.conditions,
        "csrf_field": lambda token: Markup(csrf_field(token)),  # noqa: S704 - hexadecimal
        "cooperation": views.cooperation,
        "day": spoken.day,
        "facts": views.facts,
        "moment": spoken.moment,
        "number": spoken.number,
        "percent": spoken.percent,
        "plain": views.plain,
        "pretty": views.pretty,
        "reasons": standing.reasons,
        "said": views.said,
        "signed": spoken.signed,
        "standing": standing.standing,
        "term": spoken.words.gettext,
        "texts": views.texts,
        "themes": THEMES,
        "web_address": views.web_address,
        "where": views.where,
    }
    return made
