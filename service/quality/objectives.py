"""Objectives of World Bank projects as texts with goals: derived from their first sector and theme, so trends only.

Sectors and themes were put to goals by their names. Where a name could stand for several goals, it stands for none.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST: Final = 60  # texts a goal, the lowest hashes first, so that no sector outweighs the others
SHORTEST: Final = 80  # characters; less is a title

_SECTORS: Final = {
    1: "Social Protection",
    2: "Crops; Livestock; Irrigation and Drainage; Agriculture, Fishing and Forestry",
    3: "Health; Health Facilities",
    4: "Primary Education; Secondary Education; Tertiary Education; Early Childhood Education; Education",
    6: "Water Supply; Sanitation; Sewerage",
    7: "Energy Transmission and Distribution; Renewable Energy Hydro; Renewable Energy Solar; Renewable Energy Wind",
    8: "Micro- and SME finance; Tourism; Workforce Development and Vocational Education",
    9: "Rural and Inter-Urban Roads; Railways; Aviation; Ports/Waterways; ICT Services; ICT Infrastructure",
    11: "Urban Transport; Housing Construction",
    12: "Waste Management",
    14: "Fisheries",
    15: "Forestry",
    16: "Law and Justice",
}
_THEMES: Final = {
    1: "Social Safety Nets/Social Assistance & Social Care Services; Poverty strategy, analysis and monitoring",
    2: "Nutrition and food security; Global food crisis response",
    3: "Health system performance; Child health; HIV/AIDS; Malaria; Tuberculosis; Population and reproductive health",
    4: "Education for all; Education for the knowledge economy",
    5: "Gender",
    6: "Water resource management",
    8: "Improving labor markets; Micro, Small and Medium Enterprise support",
    9: "Technology diffusion",
    10: "Indigenous peoples",
    11: "Urban services and housing for the poor; Other urban development; "
    "Municipal governance and institution building",
    13: "Climate change",
    15: "Biodiversity",
    16: "Conflict prevention and post-conflict reconstruction; Judicial and other dispute resolution mechanisms; "
    "Law reform; Other accountability/anti-corruption; Administrative and civil service reform",
    17: "Tax policy and administration; Debt management and fiscal sustainability; "
    "Trade facilitation and market access; Export development and competitiveness; "
    "Economic statistics, modeling and forecasting",
}


def read_objectives(path: Path, _language: str | None = "en") -> tuple[list[str], list[set[int]]]:
    """Read objectives that have a goal by their first sector or theme, at most ``MOST`` a goal, each text once."""
    sectors, themes = _by_name(_SECTORS), _by_name(_THEMES)
    found: dict[str, set[int]] = {}
    with path.open(encoding="utf-8") as file:
        for record in map(json.loads, file):
            text = " ".join(str(record.get("pdo") or "").split())
            goals = {sectors.get(record.get("sector1")), themes.get(record.get("theme1"))} - {None}
            if len(text) >= SHORTEST and goals:
                found[text] = {goal for goal in goals if goal is not None}
    chosen = list(_thinned(sorted(found.items(), key=_hash)))
    return [text for text, _ in chosen], [goals for _, goals in chosen]


def _by_name(names: Mapping[int, str]) -> dict[Any, int]:
    return {name: goal for goal, listed in names.items() for name in listed.split("; ")}


def _hash(item: tuple[str, set[int]]) -> str:
    return hashlib.sha256(item[0].encode()).hexdigest()


def _thinned(items: Iterable[tuple[str, set[int]]]) -> Iterable[tuple[str, set[int]]]:
    """Yield what has a goal of which fewer than ``MOST`` were yielded before."""
    counts: Counter[int] = Counter()
    for text, goals in items:
        if any(counts[goal] < MOST for goal in goals):
            counts.update(goals)
            yield text, goals
