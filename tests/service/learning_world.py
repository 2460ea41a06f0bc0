"""A served world of many needs, and brokers who decide by weights that are known: simulated, to try mechanics alone."""

import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from matcher.matches import Event
from matcher.profiles import CapabilityId, NeedId, Profile
from matcher.vocabulary import SignalName, Stage
from service.releases import Release, current_release
from service.settings import Settings, load_settings
from service.store import add_event, open_store
from tests.builders import a_capability, a_need, an_organisation
from tests.service.night_world import NOW, PLACES, TOPICS, a_night, add

NEEDS = 460  # half of those that tell rankings apart are more than the two hundred that the gate asks for
SECTORS = ("energy.hydropower", "agriculture.irrigation", "energy.biogas", "health.telemedicine")
OPENED = 7  # matches of a list that somebody opens
YEARS_AGO = timedelta(days=1_000)
WORTH = {SignalName.SDG: 4.0, SignalName.SECTOR: 3.0, SignalName.TOPIC: 1.0, SignalName.MODE: 3.0}
"""What these brokers look at, which is not what the experts believe."""


def some_records(needs: int = NEEDS, capabilities: int = 64) -> list[Profile]:
    generator = np.random.default_rng(7)
    made: list[Profile] = [an_organisation(f"org-{n}", country=PLACES[n]) for n in range(2)]
    for n in range(capabilities // 2):
        text = {"title": f"{TOPICS[n % 4]} {n}", "summary": f"We supply {TOPICS[n % 4]}; model {n * 7 % 13}."}
        facts = _facts(generator)  # of both organisations: whatever is learned, neither is shown more often
        made += [a_capability(f"cap-{n:03d}-{at}", organisation_id=f"org-{at}", **text, **facts) for at in range(2)]
    for n in range(needs):
        text = {"title": f"We need {TOPICS[n % 4]}", "summary": f"The district looks for {TOPICS[n % 4]}, case {n}."}
        facts = _facts(generator)
        facts["accepted_modes"] = facts.pop("transfer_modes")
        places = {"beneficiary_places": [PLACES[n % 4]]}
        made.append(a_need(f"need-{n:03d}", **text, **facts, **places))
    return made


def _facts(generator: Any) -> dict[str, Any]:
    return {
        "sdg_goals": sorted({int(one) for one in generator.integers(1, 8, 2)}),
        "sectors": [str(generator.choice(SECTORS))],
        "transfer_modes": sorted({str(one) for one in generator.choice(["training", "sale", "know_how"], 2)}),
    }


def a_world(folder: Path, made: list[Profile] | None = None) -> Settings:
    """A store with a release of lists long enough to choose from."""
    settings = load_settings(data_dir=folder, model="hashing")
    add(settings, *(some_records() if made is None else made))
    a_night(settings, k=10, block=256)
    return settings


def values_of(release: Release, need: str) -> Iterator[tuple[str, dict[str, float]]]:
    """The eligible ones of a need's first matches, with what is known of each signal."""
    columns = release.columns(need, ("capability_id", "near_miss", "detail"))
    for capability, near, detail in islice(zip(*columns.values(), strict=True), OPENED):
        if not near:
            addends = json.loads(detail)["contributions"]
            yield capability, {one["signal"]: one["value"] or 0.0 for one in addends}


def work_through(settings: Settings) -> None:
    """Let brokers open the first matches of every list and take up what they think well of."""
    release, generator = current_release(settings.releases_dir), np.random.default_rng(11)
    store = open_store(settings.database_url)
    with store.writing() as session:
        for number, need in enumerate(release.needs.ids()):
            for capability, values in values_of(release, need):
                worth = sum(weight * values.get(name, 0.0) for name, weight in WORTH.items()) - 4
                for stage in _stages(generator, worth):
                    at = NOW - YEARS_AGO + timedelta(hours=number)
                    event = Event(NeedId(need), CapabilityId(capability), "test", at, stage)
                    add_event(session, event, release_id=release.id)
    store.close()


def _stages(generator: Any, worth: float) -> Iterator[Stage]:
    yield Stage.VIEWED
    for stage in (Stage.SHORTLISTED, Stage.INTRO_ACCEPTED, Stage.AGREEMENT_SIGNED):
        if generator.uniform() > 1 / (1 + np.exp(-worth)):
            return
        yield stage
