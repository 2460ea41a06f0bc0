"""The one border every row passes, whatever file it came in: plain values in, records and rejects out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from matcher.profiles import KINDS, Organisation
from matcher.vocabulary import Provenance
from service.intake.cells import as_id
from service.intake.languages import detect
from service.intake.levels import parse_trl
from service.intake.locating import PlaceCheck
from service.intake.measuring import drop_wrong_dimensions
from service.intake.results import Accepted, Problem, Reject, Severity, Spot
from service.intake.texts import first_words, is_unknown, organisation_slug, states_nothing
from service.intake.validating import FIELDS, REQUIRED, validated

OWNERS: Final = {
    "capabilities": ("organisation_id", "capability", "provider"),
    "needs": ("owner_organisation_id", "need", "need_owner"),
    "mechanisms": ("organisation_id", "mechanism", "funder"),
    "facilitators": ("organisation_id", "facilitator", "facilitator"),
}
"""Kind -> the field that names its organisation, the prefix of the organisation it defaults to, and its role."""

PLACES: Final = {"capabilities": "places_offered", "needs": "beneficiary_places", "mechanisms": "eligible_places"}
"""Kind -> the field that the short name ``places`` stands for."""

_MORE: Final = {
    "capabilities": "description",
    "needs": "gap_description",
    "cases": "outcome",
}  # where a second text goes
_LEVELS: Final = ("trl", "trl_min")
_TITLE_LENGTH: Final = 500  # characters a title may have, see matcher.profiles.Name
_IDS: Final = frozenset({"id", "organisation_id", "owner_organisation_id", "provider_id", "recipient_id"})


class Admission:
    """What the rows of one file must pass. Remembers their ids, organisations and unknown columns."""

    def __init__(self, places: PlaceCheck) -> None:
        self._places = places
        self._ids: set[tuple[str, str]] = set()
        self._columns: set[str] = set()
        self._organisations: dict[str, Organisation] = {}
        self._described: dict[str, dict[str, Any]] = {}

    def admit(self, kind: str, values: Mapping[str, Any], spot: Spot) -> Iterator[Accepted | Reject]:
        """Yield what one row gives: an organisation it describes, its record, and a reject for each thing refused."""
        record = _Draft(kind, dict(values))
        record.flatten()
        self._refuse_unknown_columns(record)
        organisation = None
        if record.identify():
            record.title_and_summary()
            record.language()
            record.levels()
            organisation = self._organisation(record)
            record.places(self._places)
            record.problems += drop_wrong_dimensions(record.kind, record.values)
            yield from self._finish(record, organisation, spot)
        for problem in record.problems:
            yield spot.reject(record.as_written(problem))

    def _finish(self, record: _Draft, organisation: Organisation | None, spot: Spot) -> Iterator[Accepted]:
        """Validate last: an organisation is not taken over for a row that gives no record."""
        if any(problem.severity is Severity.ROW for problem in record.problems):
            return
        key = (record.kind, record.values["id"])
        if key in self._ids:
            record.refuse("duplicate_id", "id", record.values["id"])
            return
        profile, problems = validated(record.kind, record.values)
        record.problems += problems
        if profile is None:
            return
        self._ids.add(key)
        if organisation is not None and organisation.id not in self._organisations:
            self._organisations[organisation.id] = organisation
            yield Accepted("organisations", organisation, spot.row, inline=True)
        warnings = tuple(f"{spot.header(field)}: {said}" for field, said in record.warnings)
        yield Accepted(record.kind, profile, spot.row, warnings)

    def _refuse_unknown_columns(self, record: _Draft) -> None:
        for column in [name for name in record.values if name not in _READ[record.kind]]:
            value = record.values.pop(column)
            if column not in self._columns:
                self._columns.add(column)
                record.problems.append(Problem("unknown_column", column, value, Severity.COLUMN))

    def _organisation(self, record: _Draft) -> Organisation | None:
        """Take the organisation described inline, name it as the owner, and give a need its country."""
        inline, kind = record.values.pop("organisation", None), record.kind
        if kind not in OWNERS:
            return None
        field, prefix, role = OWNERS[kind]
        stated = record.values.get(field)
        record.values[field] = f"{prefix}:{record.values['id']}" if is_unknown(stated) else stated
        if is_unknown(inline):
            return None
        described = _described(inline, None if is_unknown(stated) else stated, role, self._places)
        if described is None:
            record.problems.append(
                Problem("wrong_type", "organisation", inline, expected="an organisation's name or {name, country}")
            )
            home = inline.get("country") if isinstance(inline, dict) else None
            record.default_places(home if self._places.code(home) else None)
            return None
        organisation, problems = self._valid_organisation(described)
        record.problems += problems
        if organisation is None:
            return None
        record.values[field] = organisation.id
        record.default_places(organisation.country)
        return organisation

    def _valid_organisation(self, described: dict[str, Any]) -> tuple[Organisation | None, list[Problem]]:
        """Validate once what many rows repeat; the first description of an organisation stands."""
        if self._described.get(described["id"]) == described and described["id"] in self._organisations:
            return self._organisations[described["id"]], []
        self._described[described["id"]] = dict(described)
        draft = _Draft("organisations", described)
        draft.places(self._places)
        profile, problems = validated("organisations", draft.values)
        found = [
            replace(p, column=f"organisation.{p.column}", severity=Severity.FIELD) for p in (*draft.problems, *problems)
        ]
        if not isinstance(profile, Organisation):
            return None, found
        before = self._organisations.get(profile.id, profile)
        return before, [*found, *(_differing(before, profile) if before != profile else ())]


class _Draft:
    """A record on its way: plain values, what was refused of them, and what a reader should know."""

    def __init__(self, kind: str, values: dict[str, Any]) -> None:
        self.kind, self.values = kind, values
        self.short: dict[str, str] = {}  # field -> the short name it was given under
        self.problems: list[Problem] = []
        self.warnings: list[tuple[str, str]] = []  # field, what its reader should know

    def refuse(self, code: str, column: str, value: object) -> None:
        self.problems.append(Problem(code, column, value, Severity.ROW))

    def infer(self, field: str, value: object) -> None:
        """Set a field nobody stated, and say so in the record's provenance."""
        self.values[field] = value
        known = self.values.get("provenance")
        self.values["provenance"] = {**(known if isinstance(known, dict) else {}), field: Provenance.INFERRED}

    def flatten(self) -> None:
        """Take the short names of minimal records for the fields they stand for."""
        values = self.values
        grouped = values.get("classification")
        if grouped is None:
            values.pop("classification", None)
        elif isinstance(grouped, dict):
            del values["classification"]
            self.values = values = {**values, **grouped}
        for short, field in (("_id", "id"), ("places", PLACES.get(self.kind))):
            if field is None or short not in values:
                continue
            if is_unknown(values.get(field)):
                values[field] = values.pop(short)
                self.short[field] = short
            elif is_unknown(values[short]) or values[short] == values[field]:
                del values[short]  # another value is left, to be told as a column that nobody reads
        for field in _IDS & values.keys():
            values[field] = as_id(values[field])

    def as_written(self, problem: Problem) -> Problem:
        """Name the field as its author did."""
        return replace(problem, column=self.short.get(problem.column, problem.column))

    def identify(self) -> bool:
        """Trim the id; False where there is none that can be used."""
        given = self.values.get("id")
        if states_nothing(given):
            self.refuse("missing_id", "id", given)
            return False
        if not isinstance(given, str):
            self.refuse("bad_id", "id", given)
            return False
        self.values["id"] = given.strip()
        return True

    def title_and_summary(self) -> None:
        """Let the text be the summary; let the title and the summary stand in for each other, marked as inferred."""
        fields = FIELDS[self.kind]
        if "summary" not in fields:
            return
        self._take_text()
        title, summary = (self._text(name) for name in ("title", "summary"))
        if title is None and summary is None:
            more = self._text(_MORE.get(self.kind, ""))
            if more is None:
                self.refuse("empty_text", "title", None)
                return
            summary = more
            self.infer("summary", summary)
        if title is None and summary is not None:
            self.infer("title", first_words(summary))
            return
        if summary is None and "summary" in REQUIRED[self.kind]:
            self.infer("summary", title)
        if title is not None and len(title) > _TITLE_LENGTH:
            self.infer("title", first_words(title))
            self.values["summary"] = f"{title}\n{summary}" if summary else title
            self.warnings.append(("title", "too long; its first words are the title, all of it opens the summary"))

    def language(self) -> None:
        """Tell the language from the texts where nobody stated it."""
        title, summary = self.values.get("title"), self.values.get("summary")
        if "summary" not in FIELDS[self.kind] or not is_unknown(self.values.get("language")):
            return
        if isinstance(title, str) and isinstance(summary, str | None) and (found := detect(title, summary or "")):
            self.infer("language", found)

    def _take_text(self) -> None:
        text = self.values.pop("text", None)
        if is_unknown(text):
            return
        more = _MORE.get(self.kind)
        if is_unknown(self.values.get("summary")):
            self.values["summary"] = text
            self.short["summary"] = "text"
        elif more is not None and is_unknown(self.values.get(more)):
            self.values[more] = text
        else:
            self.problems.append(Problem("unknown_column", "text", text, expected="one text beside the summary"))

    def _text(self, name: str) -> str | None:
        """Return a stated text; one that is not text is left for the record's rules to refuse."""
        value = self.values.get(name)
        if states_nothing(value):
            self.values.pop(name, None)
            return None
        if not isinstance(value, str):
            number = isinstance(value, int | float) and not isinstance(value, bool)
            value = self.values[name] = str(value) if number else value
            return value if isinstance(value, str) else ""
        return value

    def levels(self) -> None:
        """Read technology readiness levels as people write them; the lower bound of a range is the level stated."""
        for field in _LEVELS:
            given = self.values.get(field)
            if given is None or (isinstance(given, int) and not isinstance(given, bool)):
                continue
            if is_unknown(given):
                del self.values[field]
                continue
            level, note = parse_trl(given)
            if level is None:
                del self.values[field]
                self.problems.append(Problem("not_a_trl", field, given))
            else:
                self.values[field] = level
            if note:
                self.warnings.append((field, note))

    def places(self, check: PlaceCheck) -> None:
        """Drop the places that resolve to nothing, each with suggestions; keep the spelling of the others."""
        self.problems += check.drop_unknown(self.kind, self.values)

    def default_places(self, country: str | None) -> None:
        """Let a need serve its owner's country unless it says otherwise; an offer's home is not where it goes."""
        if self.kind == "needs" and country and is_unknown(self.values.get("beneficiary_places")):
            self.infer("beneficiary_places", [country])


def _differing(first: Organisation, again: Organisation) -> list[Problem]:
    """Name what a second description states otherwise, or beyond, the one that stands; less is no difference."""
    stands, other = (profile.model_dump(mode="json", exclude={"provenance"}) for profile in (first, again))
    inferred = {name for name, how in (again.provenance or {}).items() if how is Provenance.INFERRED}
    said = {n: value for n, value in other.items() if value is not None and value != stands[n] and n not in inferred}
    if not said:
        return []
    before = json.dumps({name: stands[name] for name in said}, ensure_ascii=False)
    expected = f"what a row above says of {first.id}: {before}"
    return [Problem("organisation_differs", "organisation", said, expected=expected)]


def _described(inline: object, stated: object, role: str, places: PlaceCheck) -> dict[str, Any] | None:
    """Return an inline organisation's values with an id made of its name and country, unless one is stated."""
    values = {"name": inline} if isinstance(inline, str) else dict(inline) if isinstance(inline, dict) else {}
    name, stated = values.get("name"), as_id(stated)
    if not isinstance(name, str) or is_unknown(name):
        return None
    home = places.code(values.get("country"))
    made = f"organisation:{organisation_slug(name)}" + (f"-{home.lower()}" if home else "")
    given = next(
        (i for i in (stated, as_id(values.get("id")), as_id(values.get("_id"))) if isinstance(i, str) and i), made
    )
    known = {k: v for k, v in values.items() if k != "_id" and not (k == "roles" and is_unknown(v))}
    if "roles" not in known:  # where it stands tells one role, not that it has no other
        stated_of = known.get("provenance")
        known["provenance"] = {**(stated_of if isinstance(stated_of, dict) else {}), "roles": Provenance.INFERRED}
    return {"roles": [role], **known, "id": given}


def _readable(kind: str) -> frozenset[str]:
    short = {"organisation"} if kind in OWNERS else set()
    return FIELDS[kind] | short | ({"text"} if "summary" in FIELDS[kind] else set())


_READ: Final = {kind: _readable(kind) for kind in KINDS}
