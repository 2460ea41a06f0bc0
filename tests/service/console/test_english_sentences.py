"""On a page of another language what the matcher wrote says that it is English, and nothing else does."""

import io
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from fastapi.testclient import TestClient

from service.console import language, rendering
from service.nightly import Night, run_night
from tests.builders import a_capability
from tests.service.api.world import AS_OF, NOW, World

_SENTENCES: Final = frozenset({"detail", "evidence", "question", "fix", "text", "action", "made_with"})
"""Members of the interface's answers that hold what the matcher wrote."""

_EMPTY: Final = frozenset({"br", "hr", "img", "input", "link", "meta", "rect", "circle", "line", "path"})


class _Read(HTMLParser):
    """Collects a page's texts, those marked as English apart from the others."""

    def __init__(self) -> None:
        super().__init__()
        self.english: list[str] = []
        self.others: list[str] = []
        self._open: list[bool] = [False]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _EMPTY:
            self._open.append(dict(attrs).get("lang", "en" if self._open[-1] else "") == "en")

    def handle_endtag(self, tag: str) -> None:
        if tag not in _EMPTY:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        (self.english if self._open[-1] else self.others).append(data)


@pytest.fixture
def arabic(world: World, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client whose pages are Arabic, of a world in which something changed overnight."""
    folder, sink, made = tmp_path_factory.mktemp("locale"), io.BytesIO(), Catalog("ar", charset="utf-8")
    made.add("Needs", "الاحتياجات")
    write_po(sink, made)
    Path(folder / "ar.po").write_bytes(sink.getvalue())
    monkeypatch.setattr(language, "FOLDER", folder)
    caches = (language.languages, language._words, language.language, rendering.environment)
    for one in caches:
        one.cache_clear()
    with world.client() as client:
        client.post("/v1/subscriptions", json={"min_ranks": 1, "min_change": 0.001})
    world.upsert("capabilities", a_capability("cap-new", title="Turbines, later", places_offered=["World"]))
    run_night(world.settings, Night(AS_OF), NOW + timedelta(days=1))
    with world.client() as client:
        client.headers["Accept-Language"] = "ar"
        yield client
    for one in caches:
        one.cache_clear()


def _sentences(answer: Any) -> Iterator[str]:
    if isinstance(answer, dict):
        for name, held in answer.items():
            if name in _SENTENCES:
                yield from [held] if isinstance(held, str) else [one for one in held or () if isinstance(one, str)]
            yield from _sentences(held)
    elif isinstance(answer, list):
        for held in answer:
            yield from _sentences(held)


def _page(client: TestClient, path: str) -> _Read:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-language"]) == (200, "ar"), path
    read = _Read()
    read.feed(answer.text)
    return read


def _pages(client: TestClient) -> Iterator[tuple[str, Any]]:
    """Yield pages, each with the interface's answer that holds its sentences."""
    followed = client.get("/v1/subscriptions").json()["items"][0]["id"]
    ids = [one["capability_id"] for one in client.get("/v1/needs/need-1/matches").json()["matches"]][:3]
    matches = [client.get(f"/v1/matches/need-1/{one}").json() for one in ids]
    tried = client.post("/v1/needs/need-1/what-if", json={"gates": {"mode": "off"}, "need": {"trl_min": 9}}).json()
    yield "/needs/need-1/compare?" + "&".join(f"with={one}" for one in ids), matches
    yield "/needs/need-1/what-if?gate_mode=off&trl_min=9", [one["causes"][:4] for one in tried["matches"]]
    yield "/changes", client.get("/v1/changes?limit=100").json()
    yield f"/subscriptions/{followed}/digest", client.get(f"/v1/subscriptions/{followed}/digest").json()
    yield f"/needs/need-1/with/{ids[-1]}?lift=true", client.get(f"/v1/matches/need-1/{ids[-1]}/changes").json()


def test_what_the_matcher_wrote_is_marked_as_english_and_what_the_page_says_is_not(arabic: TestClient) -> None:
    for path, answer in _pages(arabic):
        read = _page(arabic, path)
        marked, others = " ".join(read.english), " ".join(read.others)
        wrote = {one for one in _sentences(answer) if " " in one}
        assert wrote, path
        assert {one for one in wrote if one in marked}, path
        assert {one for one in wrote if one in others} == set(), path
        assert "الاحتياجات" in others, path
        assert "الاحتياجات" not in marked, path
