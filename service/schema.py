"""JSON Schema of everything that enters or leaves as files: ``python -m service.schema`` writes data/schema anew."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from matcher.introductions import Policy
from matcher.matches import OrganisationShortlist, Shortlist
from matcher.profiles import KINDS, SINGULAR
from matcher.tagging import Tags
from service.diagnosis import Diagnosis
from service.importing.report import ImportReport
from service.judging import EvaluationReport
from service.learning import LearningReport
from service.nightly import Outcome
from service.reports.clusters import ClusterPage
from service.reports.making import KINDS as REPORTS
from service.reports.period import PeriodReport
from service.tagging.running import TagReport

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_RECORD_NOTE = (
    "The canonical form. A field left out, or null, is unknown; an empty list is stated none. "
    "Reading also accepts one value for a list of one, and text for a range or an amount (5-10 kW, USD 1.5 m)."
)


def schemas() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield file name and schema of each record kind and each result."""
    for kind, model in KINDS.items():
        yield f"{SINGULAR[kind]}.json", _canonical(model.model_json_schema(), _RECORD_NOTE)
    yield "shortlist.json", _canonical(_of(Shortlist), "One line of matcher match --format jsonl.")
    grouped = "One line of matcher match --group-by organisation --format jsonl."
    yield "organisation_shortlist.json", _canonical(_of(OrganisationShortlist), grouped)
    left_out = "The file of matcher nightly --allocation; what it leaves out keeps its default."
    yield "allocation.json", _canonical(TypeAdapter(Policy).json_schema(), left_out)
    yield "evaluation.json", _canonical(_of(EvaluationReport), "The object of matcher evaluate --json.")
    yield "import.json", _canonical(_of(ImportReport), "The object of matcher import --json.")
    yield "night.json", _canonical(_of(Outcome), "The object of matcher nightly --json.")
    yield "learning.json", _canonical(_of(LearningReport), "The object of matcher learn --json.")
    yield "tags.json", _canonical(_of(Tags), "One line of matcher tag.")
    yield "tagging.json", _canonical(_of(TagReport), "The object of matcher tag --json.")
    for name, report in REPORTS.items():
        said = f"The object of matcher report {name.value} --json."
        yield f"report_{name.value}.json", _canonical(_of(report), said)
    said = "The object of matcher report clusters --cluster ID --json."
    yield "report_cluster.json", _canonical(_of(ClusterPage), said)
    yield "report_period.json", _canonical(_of(PeriodReport), "The object of matcher report period --json.")
    yield "diagnosis.json", _canonical(_of(Diagnosis), "The object of matcher doctor --json.")


def written(schema: dict[str, Any]) -> str:
    """Return a schema as the text of its file: sorted keys, so that a change of the models is all a diff shows."""
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write(folder: Path) -> None:
    """Write every schema; files of kinds that are no more are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    current = dict(schemas())
    for path in folder.glob("*.json"):
        if path.name not in current:
            path.unlink()
    for name, schema in current.items():
        (folder / name).write_text(written(schema), encoding="utf-8")


def _of(result: type) -> dict[str, Any]:
    """Return the schema of a dataclass that is written: every key is always there, and no other."""
    schema = TypeAdapter(result).json_schema(mode="serialization")
    for part in (schema, *schema.get("$defs", {}).values()):
        if part.get("type") == "object":
            part["required"] = sorted(part["properties"])
            part["additionalProperties"] = False
    return schema


def _canonical(schema: dict[str, Any], note: str) -> dict[str, Any]:
    said = schema.get("description", "")
    return {"$schema": _DIALECT, **schema, "description": f"{said} {note}".strip()}


if __name__ == "__main__":
    write(Path(__file__).parent.parent / "data" / "schema")
