"""The sample catalogue and our own judgements on it, as a task like any other; here structured fields count too."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from service.intake import read_capabilities, read_needs
from service.quality.baselines import Texts
from service.quality.collections import Collection, Standing, joined
from service.quality.measuring import Task
from service.ranking import Files

if TYPE_CHECKING:
    from matcher.places import PlaceBook
    from matcher.profiles import Capability, Need

SAMPLE: Final = Collection("sample", "The sample, judged by its author", "judgements", Standing.HELD_OUT)


def present(data: Path) -> bool:
    """Say whether the judgements are there: a wheel does not carry them."""
    return (data / SAMPLE.folder / SAMPLE.qrels).is_file()


def task(data: Path, places: PlaceBook) -> Task:
    """Take the sample as of the day it was judged."""
    paths = {kind: data / "sample" / f"{kind}.jsonl" for kind in ("capabilities", "needs", "organisations")}
    told = json.loads((data / SAMPLE.folder / "manifest.json").read_text(encoding="utf-8"))
    capabilities = read_capabilities(paths["capabilities"], places).records
    needs = read_needs(paths["needs"], places).records
    return Task(
        Files(paths["capabilities"], paths["needs"], paths["organisations"]),
        data / SAMPLE.folder / SAMPLE.qrels,
        Texts(tuple(str(one.id) for one in capabilities), tuple(_offered(one) for one in capabilities)),
        Texts(tuple(str(one.id) for one in needs), tuple(_wanted(one) for one in needs)),
        date.fromisoformat(told["judged_as_of"]),
    )


def _offered(one: Capability) -> str:
    further = (one.summary, one.description, one.problem_solved, one.advantages, ", ".join(one.keywords or ()))
    return joined(one.title, " ".join(text for text in further if text))


def _wanted(one: Need) -> str:
    return joined(one.title, " ".join(text for text in (one.summary, one.gap_description) if text))
