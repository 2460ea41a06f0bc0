"""Routes that explain further: what would lift a match, and what a need's list would be if. Nothing is saved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from matcher.counterfactuals import Counterfactual
from matcher.policy import GATES
from matcher.profiles import CapabilityId, Need
from matcher.vocabulary import GateMode, GateName
from matcher.whatif import Moved
from service.api import shortlists
from service.api.answers import json_answer
from service.api.context import Asker, Context, Here
from service.api.following import off_rows
from service.api.keys import Principal
from service.api.live import is_shown
from service.api.matches import need_asked, not_shortlisted
from service.api.parameters import RecordId
from service.api.problems import FieldProblem, refused_values, shortened, unknown
from service.api.schemas import ReleaseId, Sent, ShortlistHead
from service.api.validation import JsonObject, admitted
from service.releases import Release
from service.wire import to_json
from service.withholding import Withholding

if TYPE_CHECKING:
    from matcher.whatif import WhatIf

KEPT: Final = frozenset(
    {"id", "source", "content_hash", "created_at", "updated_at", "language", "valid_until", "review_state"}
    | {"provenance", "owner_organisation_id", "confidentiality", "cluster", "project"}
)
"""Fields of a need that say whose and which record it is: no what-if changes them."""

FIELDS: Final = tuple(name for name in Need.model_fields if name not in KEPT)
MODES: Final = tuple(mode.value for mode in GateMode)
GATE_NAMES: Final = tuple(gate.value for gate in GATES)
WHAT_IF_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "additionalProperties": False,
                    "minProperties": 1,
                    "properties": {
                        "gates": {
                            "type": "object",
                            "description": "How a gate is treated: a hard failure removes a pair, a soft one is only "
                            "shown, off is not judged. Gates that are not named stay as the release has them.",
                            "propertyNames": {"enum": list(GATE_NAMES)},
                            "additionalProperties": {"type": "string", "enum": list(MODES)},
                        },
                        "need": {
                            "type": "object",
                            "description": "Fields of the need with other values, in the form of a need; null takes "
                            "one away. Fields that are not named stay as they are.",
                            "propertyNames": {"enum": list(FIELDS)},
                        },
                    },
                },
                "examples": {
                    "fields": {
                        "summary": "If training were accepted and TRL 5 were enough",
                        "value": {"need": {"accepted_modes": ["training"], "trl_min": 5}},
                    },
                    "gates": {
                        "summary": "If the budget removed nothing, and time were no matter",
                        "value": {"gates": {"budget": "soft", "timeline": "off"}},
                    },
                },
            }
        },
    }
}


class ChangesOut(Sent):
    """What would lift one match to the place above, tried out; by score alone, nothing allocated."""

    release_id: ReleaseId
    counterfactual: Counterfactual


class WhatIfOut(ShortlistHead):
    """A need's list as it would be, each match with its place before; nothing was saved."""

    what_if: Annotated[Literal[True], Field(description="Always true: this is no list of any need as it is.")] = True
    gates: Annotated[dict[GateName, GateMode], Field(description="Gates as they were treated, where that was asked.")]
    changed: Annotated[list[str], Field(description="Fields of the need that were changed.", examples=[["trl_min"]])]
    matches: list[Moved]
    gone: Annotated[list[Moved], Field(description="Matches of the list as it is that are not on this one.")]


def router() -> APIRouter:
    """Return the routes under /v1."""
    made = APIRouter(prefix="/v1", tags=["matches"])
    made.add_api_route(
        "/matches/{need_id}/{capability_id}/changes",
        changes_of_pair,
        response_model=ChangesOut,
        operation_id="get_changes",
        summary="What would lift a match to the place above",
    )
    made.add_api_route(
        "/needs/{need_id}/what-if",
        what_if,
        methods=["POST"],
        response_model=WhatIfOut,
        operation_id="what_if",
        summary="A need's list with other gates or other facts",
        openapi_extra=WHAT_IF_BODY,
    )
    return made


def changes_of_pair(context: Here, asker: Asker, need_id: RecordId, capability_id: RecordId) -> Response:
    """Return, for each field that either side could change, the smallest change that reaches the place above.

    Each was tried: the record was changed, matched again by the path of the night, and its new rank is told. Fields of
    which even the greatest change is not enough say so (``reaches`` false); what would do nothing is left out. A pair
    that is not shortlisted is a problem (404, "not-shortlisted").
    """
    found = lifted(context, asker, need_id, capability_id)
    release_id = context.release().id
    return json_answer(ChangesOut(release_id=release_id, counterfactual=found), release_id=release_id)


def lifted(context: Context, asker: Principal, need_id: str, capability_id: str) -> Counterfactual:
    """Say what would lift a match; raises Refused (404, "not-shortlisted")."""
    from matcher import counterfactuals

    release, need = asked_about(context, asker, need_id)
    visible = context.live.visible(asker)
    found: Counterfactual | None = None
    # What is not there takes no longer to tell than what may not be seen.
    if visible.shows("capabilities", capability_id) and release.capabilities.row_of(capability_id) is not None:
        found = context.deciding.using(
            release,
            lambda matcher: counterfactuals.explain(
                matcher,
                need,
                CapabilityId(capability_id),
                release.manifest.facts.k,
                lambda other: visible.shows("capabilities", other),
            ),
            need,
        )
    if found is None:
        raise not_shortlisted(context, asker, need_id, capability_id)
    return found


def what_if(
    context: Here,
    asker: Asker,
    need_id: RecordId,
    values: JsonObject,
    limit: Annotated[int, Query(ge=1, le=100, description="Eligible matches at most.")] = 10,
) -> Response:
    """Match a need as it would be, and say of each match where it stood and which gate or signal moved it.

    The gates and fields of the body are put in the place of the release's and the need's own, for this answer alone:
    nothing is saved and nothing is allocated. Every value that cannot be used is named in one problem (422).
    """
    modes, fields = _read(values)
    found, release_id = tried(context, asker, need_id, values, limit)
    return _sent(context, asker, found, release_id, {"gates": modes, "changed": sorted(fields)})


def tried(context: Context, asker: Principal, need_id: str, values: dict[str, Any], limit: int) -> tuple[WhatIf, str]:
    """Match a need as it would be; returns what came of it, as far as the asker may see, and the release's id."""
    from matcher import whatif

    release, need = asked_about(context, asker, need_id)
    modes, fields = _read(values)
    changed = _changed(need, fields)
    hidden = context.live.unseen(asker, release).rows | off_rows(context, asker, need_id, release)
    found = context.deciding.using(
        release, lambda matcher: whatif.explore(replace(matcher, hidden=hidden), need, changed, modes, limit), need
    )
    withholding = Withholding(context.live.visible(asker))
    moved, gone = (
        tuple(replace(one, match=withholding.match(one.match)) for one in part) for part in (found.moved, found.gone)
    )
    return replace(found, moved=moved, gone=gone), release.id


def asked_about(context: Context, asker: Principal, need_id: str) -> tuple[Release, Need]:
    """Return the release and the need as lists are made from them; raises Refused as lists do."""
    release, now = context.release(), context.live.standing("needs", need_id)
    need = None if now is not None and not is_shown(now, asker) else need_asked(context, asker, release, need_id)
    if need is None:
        raise unknown("need", need_id)
    return release, need


def _sent(context: Context, asker: Principal, found: WhatIf, release_id: str, asked: dict[str, Any]) -> Response:
    served = shortlists.made(context, asker, found.shortlist, release_id)
    matches, gone = ([to_json(one) for one in part] for part in (found.moved, found.gone))
    head = shortlists.spliced({**served.head(), "what_if": True, **asked}, "matches", matches)
    return json_answer(head[:-1] + f',"gone":[{",".join(gone)}]}}'.encode(), release_id=release_id)


def _read(values: dict[str, Any]) -> tuple[dict[GateName, GateMode], dict[str, Any]]:
    """Take the body apart; raises Refused with everything in it that is not known."""
    problems = [_unknown(name, value, ("gates", "need")) for name, value in values.items() if name not in _PARTS]
    gates, fields = (_part(values, name, problems) for name in _PARTS)
    for name, mode in gates.items():
        if name not in GATE_NAMES:
            problems.append(_unknown(f"gates.{name}", mode, GATE_NAMES))
        elif mode not in MODES:
            problems.append(_problem(f"gates.{name}", "not_in_list", mode, f"one of {', '.join(MODES)}"))
    problems += [_unknown(f"need.{name}", value, FIELDS) for name, value in fields.items() if name not in FIELDS]
    if not problems and not gates and not fields:
        problems.append(_problem("body", "nothing_changed", values, "at least one gate or one field of the need"))
    if problems:
        raise refused_values(problems)
    return {GateName(name): GateMode(mode) for name, mode in gates.items()}, fields


_PARTS: Final = ("gates", "need")


def _part(values: dict[str, Any], name: str, problems: list[FieldProblem]) -> dict[str, Any]:
    part = values.get(name, {})
    if isinstance(part, dict):
        return part
    problems.append(_problem(name, "wrong_type", part, "an object"))
    return {}


def _problem(field: str, code: str, value: object, expected: str, fix: str = "") -> FieldProblem:
    return FieldProblem(field=field, code=code, value=shortened(value), expected=expected, fix=fix)


def _unknown(field: str, value: object, allowed: tuple[str, ...]) -> FieldProblem:
    return _problem(
        field, "unknown_field", value, f"one of {', '.join(allowed)}", "check the spelling, or leave it out"
    )


def _changed(need: Need, fields: dict[str, Any]) -> Need:
    """Return the need with other values, read as a saved need is; raises Refused with every value that is wrong."""
    record = {**need.model_dump(mode="json", exclude_none=True), **fields}
    changed, _ = admitted("needs", {name: value for name, value in record.items() if value is not None})
    if not isinstance(changed, Need):  # of the kind that was asked for
        raise TypeError(type(changed).__name__)
    return changed
