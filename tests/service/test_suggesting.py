"""Suggestions at intake: only where nothing is known, marked as inferred, and no evidence in a score."""

import json
from pathlib import Path
from typing import Any

import pytest

from embeddings.encoder import HashingEncoder
from matcher.classification import counted
from matcher.profiles import Capability, Need, Profile
from matcher.tagging import Tagger
from matcher.vocabulary import Provenance
from service import cli
from service.importing.suggesting import suggested
from service.store import get_record, open_store
from service.tagging import load_tagger
from tests.builders import a_capability, a_need, an_organisation


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return load_tagger(HashingEncoder())


TEXT = "Safe drinking water from wells, boreholes and pumps; water supply, sanitation, hygiene and toilets in villages."


def test_unknown_goals_and_sectors_are_filled_and_marked(tagger: Tagger) -> None:
    for record in (a_need(summary=TEXT), a_capability(summary=TEXT)):
        (found,) = suggested([record], tagger)
        assert isinstance(found, Need | Capability)
        assert found.sdg_goals is not None
        assert 6 in found.sdg_goals
        assert found.provenance is not None
        assert found.provenance["sdg_goals"] is Provenance.INFERRED
        assert (found.sectors is None) == ("sectors" not in found.provenance)


@pytest.mark.parametrize(
    "stated",
    [
        {"sdg_goals": [], "sectors": []},
        {"sdg_goals": [13], "sectors": ["energy"]},
        {"sdg_targets": ["9.c"], "crs_purpose": ["23230"]},
    ],
)
def test_what_is_stated_stays_even_if_it_is_stated_none(tagger: Tagger, stated: Any) -> None:
    record = a_need(summary=TEXT, **stated)
    assert list(suggested([record], tagger)) == [record]


def test_other_records_pass_in_their_order(tagger: Tagger) -> None:
    records: list[Profile] = [an_organisation(), a_need(summary=TEXT), an_organisation(id="o2")]
    assert [record.id for record in suggested(records, tagger)] == [record.id for record in records]


def test_an_inferred_field_counts_as_unknown_in_a_score(tagger: Tagger) -> None:
    record = a_need(summary=TEXT, trl_min=4)
    (found,) = suggested([record], tagger)
    assert isinstance(found, Need)
    judged = counted(found)
    assert (judged.sdg_goals, judged.sectors, judged.trl_min) == (None, None, 4)
    confirmed = found.model_copy(update={"provenance": {"sdg_goals": Provenance.REVIEWED}})
    assert counted(confirmed).sdg_goals == found.sdg_goals


def test_import_suggest_keeps_the_mark_in_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MATCHER_MODEL", "hashing")
    monkeypatch.setenv("MATCHER_DATA_DIR", str(tmp_path / "data"))
    source = tmp_path / "needs.jsonl"
    stated = {"id": "stated", "title": "Wells", "text": TEXT, "sdg_goals": [], "sectors": ["water"]}
    source.write_text("\n".join(map(json.dumps, [{"id": "open", "title": "Wells", "text": TEXT}, stated])))
    with pytest.raises(SystemExit) as left:
        cli.main(["import", "--suggest", str(source)])
    assert not left.value.code, capsys.readouterr().err
    store = open_store(f"sqlite:///{tmp_path}/data/matcher.db")
    with store.reading() as session:
        found = {name: get_record(session, "needs", name).profile for name in ("open", "stated")}
    store.close()
    assert isinstance(found["open"], Need)
    assert found["open"].sdg_goals
    assert (found["open"].provenance or {})["sdg_goals"] is Provenance.INFERRED
    assert isinstance(found["stated"], Need)
    assert (found["stated"].sdg_goals, found["stated"].sectors) == ((), ("water",))
    assert not {"sdg_goals", "sectors"} & set(found["stated"].provenance or {})
