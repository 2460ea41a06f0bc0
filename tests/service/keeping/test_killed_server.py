"""``kill -9`` of the server in the midst of writes: what was acknowledged is there, and nothing is there by half.

Events are sent with an Idempotency-Key. What a kill left without an answer is sent again to the next server: it is done
at once, and once.
"""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path
from typing import cast

import httpx
import pytest

from matcher.profiles import Need
from service.keeping.checking import check
from service.settings import Settings
from service.store import get_record, list_events, make_key, open_store, upsert_records
from tests.builders import a_capability, a_need
from tests.service.api.running import a_server
from tests.service.api.world import NOW

WRITERS, PATIENCE = 3, 60.0


class Writer(threading.Thread):
    """Sends needs and events until the server is gone; remembers what it was told is written, and what it sent."""

    def __init__(self, client: httpx.Client, name: str) -> None:
        super().__init__(name=name)
        self.unanswered: str | None = None  # the event that was under way when the server was killed
        self.client, self.needs, self.notes, self.sent = client, dict[str, str](), list[str](), set[str]()
        self.wrong: list[str] = []

    def run(self) -> None:
        """Write until a connection breaks."""
        number = 0
        while True:
            number += 1
            text = f"{self.name}-{number}"
            try:
                self._write(text)
            except httpx.TransportError:
                return
            except RuntimeError:  # httpx's word for a client that was closed: the server is gone too
                if not self.client.is_closed:
                    raise
                return

    def _write(self, text: str) -> None:
        self.sent.add(text)
        answer = self.client.put(f"/v1/needs/{text}", json={"title": "Power", "summary": text})
        if answer.status_code == 201:
            self.needs[text] = text
        else:
            self.wrong.append(answer.text)
        self.unanswered = text
        answer = _note(self.client, text)
        self.unanswered = None
        if answer.status_code == 201:
            self.notes.append(text)
        else:
            self.wrong.append(answer.text)


def _note(client: httpx.Client, text: str) -> httpx.Response:
    event, key = {"stage": "viewed", "note": text}, {"Idempotency-Key": text}
    return client.post("/v1/matches/need-1/cap-1/events", json=event, headers=key)


def _send_again(client: httpx.Client, before: list[Writer]) -> None:
    """Send what was not answered once more, as a client does that was cut off."""
    for writer in before:
        if writer.unanswered is not None:
            answer = _note(client, writer.unanswered)
            (writer.notes if answer.status_code == 201 else writer.wrong).append(writer.unanswered)
            writer.unanswered = None


def _wait_for(writers: list[Writer]) -> None:
    """Let everybody be told of something, so that the kill falls into work under way."""
    end = time.monotonic() + PATIENCE
    while not all(writer.notes or writer.wrong for writer in writers):
        assert time.monotonic() < end, "the server takes no writes"
        time.sleep(0.01)


def judge_kills(settings: Settings, kills: int, seed: int) -> None:
    """Kill a writing server ``kills`` times, then look at what is kept."""
    chance = random.Random(seed)
    store = open_store(settings.database_url)
    with store.writing() as session:
        key = make_key(session, name="writer", at=NOW)
        upsert_records(session, "needs", [a_need("need-1")], actor="test", at=NOW)
        upsert_records(session, "capabilities", [a_capability("cap-1")], actor="test", at=NOW)
    store.close()
    writers: list[Writer] = []
    for kill in range(kills):
        with a_server(settings.data_dir, end="kill") as client:
            client.headers["X-API-Key"] = key
            _send_again(client, writers)
            running = [Writer(client, f"w{kill}-{number}") for number in range(WRITERS)]
            for writer in running:
                writer.start()
            _wait_for(running)
            time.sleep(chance.uniform(0.0, 0.3))
        for writer in running:
            writer.join()
        writers += running
    assert [wrong for writer in writers for wrong in writer.wrong] == []
    acknowledged = {text for writer in writers for text in writer.needs}
    assert len(acknowledged) > kills, "the kills came before anything was written: the test shows nothing"
    store = open_store(settings.database_url)
    with store.reading() as session:
        for text in acknowledged:
            assert cast("Need", get_record(session, "needs", text).profile).summary == text
        kept = [stored.event.note for stored in list_events(session, limit=1_000_000)]
    store.close()
    assert {note for writer in writers for note in writer.notes} <= set(kept)
    assert set(kept) <= {text for writer in writers for text in writer.sent}
    assert len(kept) == len(set(kept))
    assert check(settings).problems == ()


@pytest.fixture
def settings(tmp_path: Path, empty_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("MATCHER_DATABASE_URL", empty_url)
    return Settings(data_dir=tmp_path / "data", database_url=empty_url, model="hashing")


def test_two_kills_in_the_midst_of_writes_lose_nothing_that_was_acknowledged(settings: Settings) -> None:
    judge_kills(settings, kills=2, seed=3)


@pytest.mark.soak
def test_a_hundred_kills_lose_nothing_that_was_acknowledged(settings: Settings) -> None:
    judge_kills(settings, kills=100, seed=5)
