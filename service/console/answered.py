"""Reading what a route of the interface answers: a page that shows the same shows the same under every permission."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_FIELDS = 200  # of a form


def answered(answer: Response) -> Any:
    """Return the JSON of an answer."""
    return json.loads(bytes(answer.body))


async def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a form that say something, the first value of each."""
    found = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=_FIELDS)
    return {name: values[0].strip() for name, values in found.items() if values[0].strip()}
