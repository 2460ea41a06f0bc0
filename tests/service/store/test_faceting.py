"""Facets count records, each once, whatever words its places are stated in; on both databases."""

from datetime import date

from service.reference import load_places
from service.store import Filters, Store, upsert_records
from service.store.faceting import Places, count_facets
from tests.builders import a_need
from tests.service.api.world import NOW

PLACES = {
    "twice": ["KEN", "Kenya"],
    "two": ["Kenya", "NPL"],
    "region": ["Africa"],
    "unknown": ["Atlantis, the lost one"],
    "nowhere": None,
}


def test_a_record_counts_once_for_each_country_and_group_however_it_is_stated(store: Store) -> None:
    with store.writing() as session:
        needs = (a_need(name, beneficiary_places=places) for name, places in PLACES.items())
        upsert_records(session, "needs", needs, actor="test", at=NOW)
    with store.reading() as session:
        found = count_facets(
            session, "needs", Filters(), Places(load_places(), ["LDC", "SIDS"], date(2026, 11, 22)), {}
        )
    assert found.total == len(PLACES)
    assert dict(found.countries) == {"KEN": 2, "NPL": 1}
    assert found.groups["LDC"] == 2, "Nepal is one, and Africa holds some"
    assert found.groups["SIDS"] == 1, "Africa holds some"
