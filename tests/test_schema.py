"""data/schema says what the models say, and what is written fits it."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from matcher.profiles import KINDS
from service.schema import schemas, write, written
from tests import builders

FOLDER = Path(__file__).parent.parent / "data" / "schema"


@pytest.mark.parametrize(("name", "schema"), list(schemas()), ids=lambda value: value if isinstance(value, str) else "")
def test_the_committed_file_equals_what_the_models_say(name: str, schema: dict[str, Any]) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == written(schema), "run: make schema"


def test_there_is_a_schema_for_each_kind_and_each_result_and_no_other_file() -> None:
    names = {path.name for path in FOLDER.iterdir()}
    assert names == {name for name, _ in schemas()}
    assert len(names) == len(KINDS) + 18


@pytest.mark.parametrize(("name", "schema"), list(schemas()), ids=lambda value: value if isinstance(value, str) else "")
def test_every_file_is_a_valid_json_schema(name: str, schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"], name


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("organisation", builders.an_organisation(country="KEN", slots_total=3)),
        ("capability", builders.a_capability(trl=7, operating_envelope={"head": "2-30 m"}, price="USD 1.5 m")),
        ("need", builders.a_need(beneficiary_places=[{"name": "Kisumu", "country": "KEN"}, "LDC"])),
        ("mechanism", builders.a_mechanism(ticket="EUR 20k")),
        ("facilitator", builders.a_programme(services=["matchmaking"])),
        ("case", builders.a_case(year=2021)),
    ],
)
def test_a_record_as_we_write_it_fits_its_schema(name: str, record: Any) -> None:
    schema = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    jsonschema.validate(record.model_dump(mode="json", exclude_none=True), schema)


def test_an_unknown_field_does_not_fit() -> None:
    schema = json.loads((FOLDER / "need.json").read_text(encoding="utf-8"))
    record = builders.a_need().model_dump(mode="json", exclude_none=True)
    with pytest.raises(jsonschema.ValidationError, match="colour"):
        jsonschema.validate(record | {"colour": "blue"}, schema)


def test_writing_removes_the_file_of_a_kind_that_is_no_more(tmp_path: Path) -> None:
    (tmp_path / "gone.json").write_text("{}")
    write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {name for name, _ in schemas()}
