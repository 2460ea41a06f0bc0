"""The committed sample catalogue as records, and what its data card says about it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from matcher.profiles import (
    KINDS,
    Capability,
    CaseStory,
    FacilitatorProgramme,
    FundingMechanism,
    Need,
    Organisation,
    Place,
    Profile,
)

AS_OF = date(2026, 11, 22)
DATA = Path(__file__).resolve().parents[1] / "data"
FICTION = "sample-fiction"

# The five public texts that facts of real organisations come from: source.system -> the headline named in source_id.
TEXTS = {
    "undp-letv-2015-05-20": "UNDP Establishes New Strategic Partnership with Letv",
    "unido-huawei-2019-04-24": "UNIDO Director General visits Huawei Headquarters to discuss cooperation on innovation"
    " and Industry 4.0",
    "unossc-phoenix-2019-04-24": "Multimedia Report on China's contribution to South-South Cooperation launched",
    "undesa-most-seminar": "UN and China's Ministry of Science and Technology to team up to help developing countries"
    " achieve the Sustainable Development Goals",
    "unossc-2020-05-13": "UNOSSC Cities Project Sets New Goals for 2020 Amidst COVID-19 Complexities",
}


@dataclass(frozen=True)
class Sample:
    """Every record of the sample, by kind, in the order of the files."""

    organisations: tuple[Organisation, ...]
    capabilities: tuple[Capability, ...]
    needs: tuple[Need, ...]
    mechanisms: tuple[FundingMechanism, ...]
    facilitators: tuple[FacilitatorProgramme, ...]
    cases: tuple[CaseStory, ...]

    def of_kind(self, kind: str) -> tuple[Profile, ...]:
        records: tuple[Profile, ...] = getattr(self, kind)
        return records

    def everything(self) -> Iterator[Profile]:
        for kind in KINDS:
            yield from self.of_kind(kind)


@cache
def the_sample() -> Sample:
    return Sample(**{kind: tuple(map(model.model_validate_json, lines(kind))) for kind, model in KINDS.items()})  # type: ignore[arg-type]  # KINDS pairs each field with its model


def lines(kind: str) -> list[str]:
    return (DATA / "sample" / f"{kind}.jsonl").read_text(encoding="utf-8").splitlines()


def system_of(record: Profile) -> str:
    assert record.source is not None, f"{record.id} names no source"
    return record.source.system


def places_of(record: Profile) -> Iterator[Place]:
    """Yield every place a record names, in whatever field."""
    for field in ("places_offered", "places_excluded", "beneficiary_places", "eligible_places", "tied_to", "places"):
        yield from getattr(record, field, None) or ()
    country = getattr(record, "country", None)
    if country:
        yield country
    if isinstance(record, Capability):
        yield from (deployment.country for deployment in record.deployed_in or ())
        yield from (record.ip and record.ip.jurisdictions) or ()
        yield from (record.partner_sought and record.partner_sought.places) or ()


def references_of(record: Profile) -> Iterator[str]:
    """Yield every organisation id a record points to."""
    for field in ("organisation_id", "owner_organisation_id", "provider_id", "recipient_id"):
        target = getattr(record, field, None)
        if target:
            yield target
    for field in ("network", "network_members"):
        yield from getattr(record, field, None) or ()


def stated_share(records: Iterable[Profile], field: str) -> int:
    """Return the share of records that state a field, in whole per cent."""
    values = [getattr(record, field) for record in records]
    return round(100 * sum(value is not None for value in values) / len(values))


def card() -> str:
    return (DATA / "README.md").read_text(encoding="utf-8")


def table_rows(text: str, heading: str) -> list[list[str]]:
    """Return the body cells of the first Markdown table under a heading."""
    section = re.split(r"^#+ ", text.split(heading, 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    rows = [line.strip().strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]
