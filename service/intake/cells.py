"""What a cell says, read as a text, a list, a number, a date... A cell that cannot be read raises BadInput."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final

from matcher.errors import BadInput
from matcher.profiles import Located
from matcher.quantities import parse_money, parse_range
from service.intake.fields import Reader
from service.intake.locating import SEPARATORS, PlaceCheck
from service.intake.texts import is_unknown, states_nothing

_NONE: Final = frozenset(
    {"none", "none.", "(none)", "no one", "aucun", "aucune", "ninguno", "ninguna", "nenhum", "nenhuma"}
)
_YES: Final = frozenset({"yes", "y", "true", "1", "x", "oui", "si", "s\u00ed", "sim", "\u2713", "\u2714", "ja", "vrai"})
_NO: Final = frozenset({"no", "n", "false", "0", "non", "n\u00e3o", "nao", "\u2717", "\u2718", "nein", "faux"})
_GOAL: Final = re.compile(
    r"(?<![\d.])(?:sdgs?|goals?|ods|odd|objecti[fv]s?)?\s*0?(?P<goal>1[0-7]|[1-9])(?:\.0+)?(?![\d.])", re.IGNORECASE
)
_SHARE: Final = re.compile(
    r"(?P<number>\d+(?:[.,]\d+)?)\s*(?P<percent>%|per ?cent|pour ?cent|por ciento|por cento)?", re.IGNORECASE
)
_DEPLOYMENT: Final = re.compile(r"^(?P<country>.*?)[\s,(:-]*(?P<year>(?:19|20)\d\d)?\)?$", re.DOTALL)
_DATES: Final = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%Y/%m/%d", "%d %B %Y", "%d %b %Y", "%B %d, %Y", "%Y%m%d")
_MONTHS: Final = ("%Y-%m", "%m/%Y", "%B %Y", "%b %Y", "%Y")

Cell = str | float | int | bool | date | datetime | time | timedelta | list[Any] | dict[str, Any] | None


def plain(cell: Any) -> Any:
    """Return a cell as text the way a person sees it (7.0 is "7"); of JSON, a list of one is that one."""
    if type(cell) is str:
        return cell.replace("\u00a0", " ").replace("\u202f", " ").strip()
    if isinstance(cell, list) and len(cell) == 1 and not isinstance(cell[0], list | dict):
        return plain(cell[0])
    return cell if cell is None or isinstance(cell, list | dict) else _seen(cell)


def _seen(cell: Any) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell).replace("\u00a0", " ").replace("\u202f", " ").strip()


def as_id(given: Any) -> Any:
    """Return a number that stands for an id as a cell of a sheet would show it (7.0 is "7"); others as they are."""
    number = isinstance(given, int | float) and not isinstance(given, bool) and math.isfinite(given)
    return _seen(given) if number else given


def states(cell: Any, reader: Reader) -> bool:
    """Tell whether a cell states anything to this reader. NA is Namibia to a reader of places, nothing to others."""
    if isinstance(cell, list | dict):
        return True
    return not (is_unknown(cell) if reader in {"place", "places", "deployments"} else states_nothing(cell))


def as_text(cell: Any, _: PlaceCheck) -> str:
    """Return the text; a JSON list gives a paragraph for each item."""
    return "\n\n".join(str(plain(part)) for part in cell) if isinstance(cell, list) else str(cell)


def as_list(cell: Any, _: PlaceCheck) -> list[Any]:
    """Split at ";", "|", bullets and new lines; "none" alone is the empty list: stated none."""
    if isinstance(cell, list):
        return cell
    if str(cell).casefold() in _NONE:
        return []
    return [part.strip() for part in SEPARATORS.split(str(cell)) if part.strip() and not states_nothing(part)]


def as_places(cell: Any, check: PlaceCheck) -> list[Any]:
    """Split places as people list them; "Kisumu, Kenya" becomes a part of a country."""
    if isinstance(cell, list):
        return cell
    if str(cell).casefold() in _NONE:
        return []
    return [_located(place, check) for place in check.listed(str(cell))]


def _located(text: str, check: PlaceCheck) -> Any:
    """Take "Kisumu, Kenya" for a part of a country; "Korea, Republic of" stays the country it names."""
    name, _, country = (part.strip() for part in text.rpartition(","))
    if name and country and check.code(country) == check.code(text) and check.code(name) is None:
        return Located(name=name, country=country).model_dump()
    return text


def as_place(cell: Any, _: PlaceCheck) -> Any:
    """Return one place as it is written; a list of one is that one."""
    return cell[0] if isinstance(cell, list) and len(cell) == 1 else cell


def as_range(cell: Any, _: PlaceCheck) -> Any:
    """Read "5-10 kW"."""
    return cell if isinstance(cell, dict) else parse_range(cell)


def as_money(cell: Any, _: PlaceCheck) -> Any:
    """Read "USD 1.5 m"."""
    return cell if isinstance(cell, dict) else parse_money(str(cell))


def as_condition(cell: Any, check: PlaceCheck) -> Any:
    """Read a range where the cell is one ("5-10 kW"), else the list of values that hold ("off_grid; mini_grid")."""
    if isinstance(cell, dict | list):
        return cell
    try:
        return parse_range(cell)
    except BadInput:
        if any(c.isdigit() for c in str(cell)):
            raise
        return as_list(cell, check)


def as_date(cell: Any, _: PlaceCheck) -> str:
    """Read ISO dates and those people write, day before month; a month or a year alone is its first day."""
    found = _date(str(cell).strip())
    if found is None:
        raise BadInput("not_a_date", expected="a date such as 2026-11-30", got=cell, fix="write YYYY-MM-DD")
    return found


@lru_cache(maxsize=10_000)
def _date(text: str) -> str | None:
    for form in (*_DATES, *_MONTHS):
        try:
            return datetime.strptime(text, form).date().isoformat()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        return None


def as_yesno(cell: Any, _: PlaceCheck) -> bool:
    """Read yes and no in a few languages, and the cross or tick of a form."""
    word = str(cell).strip().casefold()
    if word in _YES or word in _NO:
        return word in _YES
    raise BadInput("not_yes_or_no", expected="yes or no", got=cell, fix='write "yes" or "no"')


def as_number(cell: Any, _: PlaceCheck) -> Any:
    """Return the number; one with a unit of time is taken in months ("1 year" is 12)."""
    text = str(cell).strip()
    found = re.fullmatch(
        r"(-?\d+(?:[.,]\d+)?)\s*(months?|mois|meses|years?|ans?|a\u00f1os?|weeks?|days?)?", text, re.IGNORECASE
    )
    if found is None:
        raise BadInput("not_a_number", expected="a number", got=cell, fix="write digits only")
    number = float(found[1].replace(",", "."))
    unit = (found[2] or "m")[0].casefold()
    months = {"m": 1.0, "y": 12.0, "a": 12.0, "w": 12 / 52, "d": 12 / 365}[unit]
    value = number * months
    return int(value) if value.is_integer() else value


def as_share(cell: Any, _: PlaceCheck) -> float:
    """Read "25 %" as .25; a number without the sign is the share itself, so 25 alone is refused."""
    found = _SHARE.fullmatch(str(cell).strip())
    share = float(found["number"].replace(",", ".")) / (100 if found["percent"] else 1) if found else math.inf
    if share > 1:
        raise BadInput("not_a_share", expected="a share such as 0.25 or 25 %", got=cell, fix='write "25 %"')
    return share


def as_goals(cell: Any, _: PlaceCheck) -> list[Any]:
    """Read goal numbers out of "SDG 6; 7", "6 - Clean water", [6, 7]; a target such as 9.c is no goal."""
    if isinstance(cell, list):
        return [int(g) if isinstance(g, str) and g.strip().isdigit() else g for g in cell]
    if str(cell).casefold() in _NONE:
        return []
    goals: list[int] = []
    for part in re.split(r"[;|\n,]", str(cell)):
        found = _GOAL.search(part)
        if found is None and part.strip():
            raise BadInput("not_a_goal", expected="goals 1 to 17", got=part.strip(), fix='write "6; 7"')
        if found is not None and int(found["goal"]) not in goals:
            goals.append(int(found["goal"]))
    return goals


def as_deployments(cell: Any, check: PlaceCheck) -> list[Any]:
    """Read "Kenya 2019; Uganda (2021)"."""
    if isinstance(cell, list) and any(not isinstance(part, str) for part in cell):
        return cell
    found = (_DEPLOYMENT.match(part) for part in as_list(cell, check))
    return [{"country": f["country"].strip(), "year": int(f["year"]) if f["year"] else None} for f in found if f]


def as_it_is(cell: Any, _: PlaceCheck) -> Any:
    """Leave the reading to the border, where JSON passes too."""
    return cell


READERS: Final[Mapping[Reader, Callable[[Any, PlaceCheck], Any]]] = {
    "text": as_text,
    "list": as_list,
    "places": as_places,
    "place": as_place,
    "range": as_range,
    "money": as_money,
    "trl": as_it_is,
    "date": as_date,
    "yesno": as_yesno,
    "number": as_number,
    "share": as_share,
    "goals": as_goals,
    "deployments": as_deployments,
    "condition": as_condition,
}
