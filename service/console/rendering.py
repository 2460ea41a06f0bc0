"""Filling the templates."""

from __future__ import annotations

import gzip
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import HTMLResponse, Response

from service.accounts.csrf import csrf_field
from service.api.answers import RELEASE_HEADER, address
from service.console import plots, spelling, standing, views
from service.console.language import SOURCE, Language, language
from service.console.navigation import THEMES, frame_of

if TYPE_CHECKING:
    from jinja2 import Environment
    from starlette.requests import Request

    from service.releases import Release

FOLDER: Final = Path(__file__).parent / "templates"
_WORTH_IT: Final = 4_000  # bytes; below, the head of an answer weighs more
_LEVEL: Final = 3  # an eighth of the weight for half a millisecond


def page(request: Request, template: str, *, release: Release | None, status: int = 200, **values: Any) -> Response:
    """Fill a template in the language of the request and send it, naming the release it was read from."""
    frame = frame_of(request)
    made = environment(locale_tag(frame.language)).get_template(template)
    headers = {"Content-Language": frame.language.tag, "Vary": "Accept-Language, Cookie"}
    if release:
        headers[RELEASE_HEADER] = release.id
    text = made.render(frame=frame, release=release, **values).encode()
    if "gzip" in request.headers.get("accept-encoding", "") and len(text) > _WORTH_IT:
        text = gzip.compress(text, _LEVEL, mtime=0)
        headers |= {"Content-Encoding": "gzip", "Vary": f"{headers['Vary']}, Accept-Encoding"}
    return HTMLResponse(text, status, headers)


def locale_tag(spoken: Language) -> str:
    """Return what an environment is kept under."""
    return str(spoken.locale).replace("_", "-")


@lru_cache(maxsize=16)
def environment(tag: str) -> Environment:
    """Make the templates' environment of a language: everything is escaped, and a name that is not given is an error.

    ``_`` is for what templates say themselves, and may hold marks; ``term`` is for values of closed lists, and escapes.
    ``english`` marks the matcher's sentences, which are English on a page of any language.
    """
    from jinja2 import FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    from service.console.folding import Folding

    spoken = language(tag)
    made = Folding(
        loader=FileSystemLoader(FOLDER),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.gettext = spoken.words.gettext
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_callables(spoken.words.gettext, spoken.words.ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.globals |= {
        "address": address,
        "ago": spoken.ago,
        "colour_of": views.COLOURS,
        "conditions": standing.conditions,
        "csrf_field": lambda token: Markup(csrf_field(token)),  # noqa: S704 - hexadecimal
        "counted": standing.counted,
        "cooperation": views.cooperation,
        "country": spelling.country,
        "day": spoken.day,
        "english": Markup("" if spoken.locale.language == SOURCE else f' lang="{SOURCE}" dir="ltr"'),  # noqa: S704 - ours
        "field_said": lambda name, value: spelling.field_said(name, value, views.said),
        "facts": views.facts,
        "label": views.label,
        "moment": spoken.moment,
        "moment_of": lambda text: spoken.moment(datetime.fromisoformat(text)),
        "number": spoken.number,
        "percent": spoken.percent,
        "plain": spelling.plain,
        "pretty": views.pretty,
        "reasons": standing.reasons,
        "said": views.said,
        "signed": spoken.signed,
        "plots": plots,
        "standing": standing.standing,
        "state_of": views.STATES,
        "term": spoken.words.gettext,
        "texts": views.texts,
        "themes": THEMES,
        "web_address": views.web_address,
        "where": views.where,
    }
    return made
