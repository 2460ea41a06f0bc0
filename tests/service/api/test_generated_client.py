"""A client that a stock generator makes of the interface's description works: every operation is there, and answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.service.api.contract import CONTRACT
from tests.service.api.running import a_server
from tests.service.api.world import a_world


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The package that openapi-python-client writes, on the path of this process while the module runs."""
    folder = tmp_path_factory.mktemp("generated")
    target = folder / "matcher_client"
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(CONTRACT), "--meta", "none"]
    done = subprocess.run(
        [*command, "--output-path", str(target)], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "will not be generated" not in done.stdout + done.stderr, done.stdout
    sys.path.insert(0, str(folder))
    yield target
    sys.path.remove(str(folder))


def test_every_operation_has_a_module(package: Path) -> None:
    paths = json.loads(CONTRACT.read_text(encoding="utf-8"))["paths"]
    wanted = {operation["operationId"] for methods in paths.values() for operation in methods.values()}
    assert wanted <= {path.stem for path in package.glob("api/*/*.py")}


@pytest.mark.usefixtures("package")
def test_a_broker_works_through_it(tmp_path: Path) -> None:
    """List needs, read a shortlist, save a need, search partners for it, compare two, and be refused in a typed way."""
    world = a_world(tmp_path)
    world.store.close()
    client_of = import_module("matcher_client").AuthenticatedClient
    models = import_module("matcher_client.models")

    def asked(name: str, *values: Any, **named: Any) -> Any:
        return import_module(f"matcher_client.api.{name}").sync_detailed(*values, client=client, **named)

    with a_server(tmp_path) as server, client_of(base_url=str(server.base_url), token=world.key) as client:
        listed = asked("records.list_needs", limit=2).parsed
        assert [item.id for item in listed.items] == ["need-1", "need-hostile"]
        assert listed.items[0].record.beneficiary_places == ["NPL"]
        first = asked("matches.list_matches_of_need", "need-1", limit=2).parsed
        assert first.matches[0].rank == 1
        assert {one.signal for one in first.matches[0].contributions} >= {"topic"}
        body = models.NeedInput.from_dict({"title": "Pumps", "text": "Water for a village", "places": ["Nepal"]})
        saved = asked("records.create_need", body=body)
        assert (saved.status_code, saved.parsed.outcome) == (201, "created")
        wish = models.SearchMatchesIn.from_dict({"need_id": saved.parsed.id, "must": {"countries": ["Nepal"]}})
        found = asked("matches.search_matches", body=wish).parsed
        assert found.need_id == saved.parsed.id
        two = [match.capability_id for match in found.matches[:2]]
        compared = asked("matches.compare_partners", "need-1", capability_id=two).parsed
        assert [one.capability_id for one in compared.partners] == two
        refused = asked("records.get_need", "nothing")
        assert refused.status_code == 404
