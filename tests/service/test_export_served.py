"""What is exported is what is served, also after a record was withdrawn."""

import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from service.exports.choices import Format, Wanted, What
from service.exports.writing import export
from service.releases import current_release
from service.store import withdraw
from service.visibility import visibility
from tests.service.api.world import NEEDS, NOW, World, a_world


def exported(world: World) -> list[dict[str, Any]]:
    sink = io.BytesIO()
    with world.store.reading() as session:
        visible = visibility(session)
    export(current_release(world.settings.releases_dir), visible, sink, Wanted(What.MATCHES, Format.JSONL))
    return [json.loads(line) for line in sink.getvalue().splitlines()]


def served(world: World) -> list[dict[str, Any]]:
    with world.client() as client:
        answers = [client.get(f"/v1/needs/{quote(need.id, safe='')}/matches", params={"limit": 100}) for need in NEEDS]
    return [match for answer in answers if answer.is_success for match in answer.json()["matches"]]


def in_order(matches: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(matches, key=lambda match: (match["need_id"], match["rank"]))


def test_every_match_served_is_exported_and_no_other(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    found = in_order(exported(world))
    assert len(found) > len(NEEDS)
    assert found == in_order(served(world))
    with world.store.writing() as session:
        withdraw(session, "capabilities", "cap-1", actor="test", at=NOW)
        withdraw(session, "needs", "need-hostile", actor="test", at=NOW)
    less = in_order(exported(world))
    assert 0 < len(less) < len(found)
    assert less == in_order(served(world))
    world.store.close()
