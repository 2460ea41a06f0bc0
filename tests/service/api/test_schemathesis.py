"""Every operation of the interface, asked with whatever its description allows and forbids.

Schemathesis makes the requests and a real server answers them: no fault of the server, nothing that is not described,
nothing without a key. ``make test`` asks each operation a few times, always the same; ``make soak`` hundreds of times.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.accounts.roles import Role
from tests.service.api.contract import CONTRACT
from tests.service.api.running import a_server
from tests.service.api.world import a_world

FEW, MANY = 4, 300
PATIENCE = 60  # seconds for an answer: the first of them compiles loops, on a machine that may be busy
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OPEN = {"/v1/health", "/v1/ready"}
OPERATIONS = [
    (method, path)
    for path, methods in json.loads(CONTRACT.read_text(encoding="utf-8"))["paths"].items()
    for method in methods
]


KNOWN = {
    "need_id": "need-1",
    "capability_id": "cap-1",
    "needs": "need-1",
    "capabilities": "cap-1",
    "organisations": "org-1",
    "mechanisms": "fund-1",
    "facilitators": "prog-1",
    "cases": "case-1",
}
"""Records that are there, put into half of the addresses: otherwise most answers would be 404."""


class Asked(NamedTuple):
    """The interface as a running server describes it, a key that may do everything, and how it was answered."""

    schema: Any
    key: str
    statuses: Counter[int]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder: Path = tmp_path_factory.mktemp("asked")
    world = a_world(folder)
    key = world.key_of(Role.ADMIN)
    world.store.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MATCHER_RATE_LIMIT", "0")
        with a_server(folder) as client:
            url = f"{client.base_url}/openapi.json"
            yield Asked(schemathesis.openapi.from_url(url, headers={"X-API-Key": key}), key, Counter())


def _cases(operation: Any) -> Any:
    """Requests that the description allows, and, where it says anything about query or body, such as it forbids."""
    modes = [GenerationMode.POSITIVE]
    if len(operation.query) or len(operation.body):
        modes.append(GenerationMode.NEGATIVE)
    return st.one_of([operation.as_strategy(generation_mode=mode) for mode in modes])


def _ask(asked: Asked, method: str, path: str, examples: int, *, key: bool) -> None:
    operation = asked.schema[path][method.upper()]
    few = examples == FEW

    @settings(
        max_examples=examples,
        derandomize=few,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=_cases(operation), known=st.booleans())
    def run(case: Any, known: bool) -> None:
        for name in ("Authorization", "X-API-Key"):  # made up by the description's security schemes
            (case.headers or {}).pop(name, None)
        if known:
            kind = KNOWN.get(path.split("/")[2])
            found = {name: KNOWN.get(name, kind if name == "record_id" else None) for name in case.path_parameters}
            case.path_parameters.update({name: one for name, one in found.items() if one is not None})
        answer = case.call(headers={"X-API-Key": asked.key} if key else {}, timeout=PATIENCE)
        if key:
            asked.statuses[answer.status_code] += 1
            case.validate_response(answer, checks=CHECKS)
        else:
            assert answer.status_code == 200 if path in OPEN else answer.status_code in {401, 405}, answer.text

    run()


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_fault_and_nothing_that_is_not_described(asked: Asked, method: str, path: str) -> None:
    _ask(asked, method, path, FEW, key=True)


def test_the_answers_above_were_no_mere_refusals(asked: Asked) -> None:
    assert sum(count for status, count in asked.statuses.items() if status < 300) > 0.2 * asked.statuses.total()
    assert asked.statuses[401] + asked.statuses[403] == 0, "the key may do everything"


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_nothing_is_answered_without_a_key(asked: Asked, method: str, path: str) -> None:
    _ask(asked, method, path, FEW, key=False)


@pytest.mark.soak
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_fault_asked_hundreds_of_times(asked: Asked, method: str, path: str) -> None:
    _ask(asked, method, path, MANY, key=True)
