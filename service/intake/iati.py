"""IATI 2.03 activities: what was done becomes case stories, who did it organisations, who paid hints of funding.

An activity that is only planned, was cancelled or is suspended tells of nothing that worked and gives no case story.
Organisations and funding hints are gathered over the whole file and follow its case stories.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from matcher.errors import BadInput
from service.intake.admission import Admission
from service.intake.cleaning import cleaned
from service.intake.iati_actors import Actors
from service.intake.results import Accepted, Limits, Problem, Reject, Severity, Spot
from service.intake.sectors import sectors_of

SYSTEM: Final = "iati"
_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_ELEMENTS: Final = 200_000  # of one activity, which is held as a whole
_TOLD: Final = {
    "2": "in implementation",
    "3": "in finalisation",
    "4": "closed",
}  # ActivityStatus codes that tell of work
_TECHNICAL: Final = frozenset({"D01", "D02"})  # AidType: donor country personnel, other technical assistance
_STARTED: Final = ("2", "1")  # ActivityDateType: actual start, planned start
_M49: Final = "2"  # RegionVocabulary
_GOALS: Final = {"sector": ("7", "8"), "tag": ("2", "3")}  # vocabularies of SDG goals and targets


def read_activities(path: Path, admission: Admission, limits: Limits) -> Iterator[Accepted | Reject]:
    """Yield what each activity gives, then the organisations and funding hints; holds one activity at a time."""
    actors, failure = Actors(), list[BadInput]()
    for number, activity in enumerate(_until(_activities(path), failure), start=1):
        spot = Spot(path.name, number)
        identifier = _of(activity, "iati-identifier")
        values, problems = _case(activity, identifier, limits)
        yield from (spot.reject(problem) for problem in problems)
        if not any(problem.severity is Severity.ROW for problem in problems):
            actors.note(activity, identifier, number)
            yield from admission.admit("cases", {**values, **actors.roles_in(activity)}, spot)
    for kind, described, number in actors.records():
        yield from admission.admit(kind, described, Spot(path.name, number))
    if failure:
        raise failure[0]


def _until(activities: Iterator[Element], failure: list[BadInput]) -> Iterator[Element]:
    """Yield until the file fails and note how, so that what was whole is still taken over."""
    try:
        yield from activities
    except BadInput as error:
        failure.append(error)


def _activities(path: Path) -> Iterator[Element]:
    """Yield each activity once it is whole, and let go of it; refuses a DOCTYPE, and what is no IATI 2 file."""
    try:
        events = iterparse(str(path), events=("start", "end"), forbid_dtd=True)
        _, root = next(events)
        if root.tag != "iati-activities" or not root.get("version", "").startswith("2."):
            got = f"{root.tag} version {root.get('version', 'none')}"
            raise BadInput(
                "unknown_format", expected="IATI activities of version 2.0x", got=got, fix="convert it to 2.03"
            )
        seen = 0
        for event, element in events:
            seen += event == "start"
            if seen > _ELEMENTS:
                raise BadInput("sheet_too_large", expected=f"at most {_ELEMENTS:,} elements in an activity", got=seen)
            if event == "end" and element.tag == "iati-activity":
                yield element
                seen = 0
                root.clear()
    except DefusedXmlException as error:
        raise BadInput(
            "xml_entities", expected="XML without a DOCTYPE", got=path.name, fix="save it without one"
        ) from error
    except (ParseError, StopIteration, ValueError, LookupError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(
            "not_xml", expected="well-formed XML", got=str(error), fix="mend the file; nothing after this was read"
        ) from error


def _case(activity: Element, identifier: str, limits: Limits) -> tuple[dict[str, Any], list[Problem]]:
    """Return the values of a case story and what of the activity cannot be used."""
    status = activity.find("activity-status")
    code = status.get("code", "") if status is not None else ""
    if not identifier:
        return {}, [Problem("missing_id", "iati-identifier", None, Severity.ROW)]
    if code not in _TOLD:
        fix = "nothing: only activities under way or done are case stories"
        return {}, [Problem("not_selected", "activity-status", code, Severity.ROW, "status 2, 3 or 4", fix)]
    places, problems = _places(activity)
    sectors, unknown = sectors_of(_codes(activity, "sector", ("1", "2", "")))
    problems += [Problem("not_in_list", "sector", code) for code in unknown]
    described = "\n\n".join(dict.fromkeys(_narrative(d, limits) for d in activity.findall("description")))
    return {
        "id": f"iati:{identifier}",
        "source": {"system": SYSTEM, "source_id": identifier},
        "title": _narrative(activity.find("title"), limits),
        "summary": described,
        "places": places or None,
        "sectors": sectors or None,
        "sdg_goals": _goals(activity) or None,
        "mode": "technical_cooperation" if _codes(activity, "default-aid-type", ("1", "")) & _TECHNICAL else None,
        "year": _year(activity),
        "outcome": f"The activity is {_TOLD[code]}, as reported to IATI.",
        "evidence_url": next((link.get("url") for link in activity.findall("document-link") if link.get("url")), None),
        "language": activity.get(_LANGUAGE),
        "updated_at": activity.get("last-updated-datetime"),
    }, problems


def _places(activity: Element) -> tuple[list[str], list[Problem]]:
    """Return recipient countries and UN M49 regions; a region of another list has no countries we know."""
    places = [country.get("code", "").upper() for country in activity.findall("recipient-country")]
    problems: list[Problem] = []
    for region in activity.findall("recipient-region"):
        if region.get("vocabulary") == _M49:
            places.append(region.get("code", ""))
        elif region.get("code") != "998":  # developing countries, unspecified
            problems.append(
                Problem("unknown_place", "recipient-region", region.get("code"), expected="a UN M49 region")
            )
    return [place for place in places if place], problems


def _goals(activity: Element) -> list[int]:
    goals: dict[int, None] = {}
    for tag, (whole, target) in _GOALS.items():
        codes = _codes(activity, tag, (whole,)) | {code.partition(".")[0] for code in _codes(activity, tag, (target,))}
        goals.update((int(code), None) for code in sorted(codes) if code.isdecimal() and 1 <= int(code) <= 17)
    return sorted(goals)


def _codes(activity: Element, tag: str, vocabularies: tuple[str, ...]) -> set[str]:
    found = (element for element in activity.findall(tag) if element.get("vocabulary", "") in vocabularies)
    return {code for element in found if (code := element.get("code"))}


def _year(activity: Element) -> int | None:
    dates = {d.get("type"): d.get("iso-date", "") for d in activity.findall("activity-date")}
    started = next((dates[kind] for kind in _STARTED if dates.get(kind)), "")
    return int(started[:4]) if started[:4].isdecimal() else None


def _narrative(element: Element | None, limits: Limits) -> str:
    """Return the narrative in the activity's own language (the one without a tongue of its own), else the first."""
    if element is None:
        return ""
    spoken = [n for n in element.findall("narrative") if n.text]
    chosen = next((n for n in spoken if n.get(_LANGUAGE) is None), spoken[0] if spoken else None)
    return cleaned((chosen.text or "")[: limits.cell_characters], ()) if chosen is not None else ""


def _of(activity: Element, tag: str) -> str:
    return " ".join((activity.findtext(tag) or "").split())
