"""A language the model does not cover is told over HTTP, on the page and in the export; one setting takes it away."""

from __future__ import annotations

import csv
import html
import io
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.exports.choices import Format, Wanted, What
from service.exports.writing import export
from service.nightly import Night, run_night
from service.releases import current_release
from service.settings import Settings
from service.store import make_key, open_store, upsert_records
from service.visibility import Visibility
from tests.builders import a_capability, a_need
from tests.embeddings.tiny_model import build_model
from tests.service.api.world import AS_OF, NOW

NEED = a_need("n", title="Pompe solaire", summary="Une pompe solaire pour le village.", language="fr")
OFFERS = (
    a_capability("en", title="Solar water pump", summary="A pump.", language="en"),
    a_capability("es", title="Bomba solar", summary="Una bomba.", language="es"),
)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real model that says it covers English."""
    folder = build_model(tmp_path_factory.mktemp("model"), {})
    (folder / "README.md").write_text("---\nlanguage: en\n---\n", encoding="utf-8")
    return folder


def served(settings: Settings) -> tuple[dict[str, object], str, list[dict[str, str]]]:
    """Publish a night of one need and two offers; return the API's list, the page and the exported rows."""
    store = open_store(settings.database_url)
    with store.writing() as session:
        key = make_key(session, name="test", at=NOW)
        upsert_records(session, "needs", [NEED], actor="test", at=NOW)
        upsert_records(session, "capabilities", OFFERS, actor="test", at=NOW)
    run_night(settings, Night(AS_OF), NOW)
    with TestClient(create_app(settings), headers={"X-API-Key": key}) as client:
        found = client.get("/v1/needs/n/matches").json()
        page = html.unescape(client.get("/needs/n", headers={"Accept": "text/html"}).text)
    out = io.BytesIO()
    export(current_release(settings.releases_dir), Visibility(), out, Wanted(What.MATCHES, Format.CSV))
    store.close()
    return found, page, list(csv.DictReader(io.StringIO(out.getvalue().decode())))


@pytest.mark.model
def test_what_the_model_does_not_cover_is_told_everywhere_until_it_does(tiny: Path, tmp_path: Path) -> None:
    """API, page and export carry the note and the question; with a model that covers the languages they are gone."""
    found, page, rows = served(Settings(data_dir=tmp_path / "english", model=str(tiny)))
    notes = " ".join(found["notes"])  # type: ignore[arg-type]  # JSON
    assert "The need is written in French" in notes
    assert "1 capability of the catalogue" in notes
    assert "Spanish 1" in notes
    asked = {m["capability_id"]: m["open_questions"][0] for m in found["matches"]}  # type: ignore[attr-defined]
    assert (asked["es"]["about"], asked["es"]["ask"], asked["en"]["ask"]) == ("summary_en", "provider", "need_owner")
    for note in found["notes"]:  # type: ignore[attr-defined]
        assert "tier B" in note or note in page
    assert asked["es"]["question"] in page
    assert {"French" in row["question_1"] or "Spanish" in row["question_1"] for row in rows} == {True}
    assert any("Spanish, which the text model does not cover" in row["summary"] for row in rows)

    wide = Settings(data_dir=tmp_path / "wide", model=str(tiny), model_languages="en, fr, es")
    found, page, rows = served(wide)
    assert "language" not in " ".join(found["notes"])  # type: ignore[arg-type]
    assert "does not cover" not in page
    assert not [cell for row in rows for cell in row.values() if "does not cover" in cell]
    assert current_release(wide.releases_dir).manifest.facts.languages == ("en", "es", "fr")
