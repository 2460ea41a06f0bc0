"""Reports of a release, worked by hand: every figure follows from five lists of at most three matches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from matcher.clusters import News
from matcher.vocabulary import GateName, Tier
from service.releases import Release
from service.reports import clusters, coverage, dormant, exposure, tiers, unserved
from service.reports.making import MAKERS, make, make_page
from service.reports.names import ReportName
from service.reports.survey import Survey, Withheld
from service.reports.tables import text
from service.reports.unserved import Gap, GateCount, Lack
from service.visibility import Visibility
from service.wire import to_json
from tests.service.report_world import a_reported_release

EVERYTHING = Visibility()


def hiding(**hidden: str) -> Visibility:
    return Visibility({kind: frozenset([name]) for kind, name in hidden.items()})


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return a_reported_release(tmp_path_factory.mktemp("releases"))


def survey(release: Release, visible: Visibility = EVERYTHING) -> Survey:
    return Survey(release, visible)


def test_unserved_needs_are_told_by_how_they_are_unserved(release: Release) -> None:
    """n5 has an empty list, n4 a near miss alone, the only eligible match of n3 scores .3."""
    found = unserved.report(survey(release))
    assert [(need.need_id, need.lack) for need in found.unserved] == [
        ("n5", Lack.NO_PARTNER),
        ("n4", Lack.NEAR_MISSES_ONLY),
        ("n3", Lack.WEAK_MATCHES_ONLY),
    ]
    assert (found.no_partner, found.near_misses_only, found.weak_matches_only) == (1, 1, 1)


def test_unserved_needs_are_counted_by_sector_and_place(release: Release) -> None:
    found = unserved.report(survey(release))
    assert found.by_sector == (Gap("water", 2, 1, 0, 1), Gap("not stated", 1, 0, 1, 0))
    assert found.by_place == (
        Gap("Fiji", 1, 1, 0, 0),
        Gap("Africa", 1, 0, 1, 0),
        Gap("Kenya", 2, 0, 0, 1),
        Gap("Nepal", 2, 0, 0, 1),
    )


def test_whom_to_recruit_is_told_by_the_gates_of_those_who_would_be_better(release: Release) -> None:
    """Of n3's near misses only one scores above the .3 of whom is eligible; n5 is judged against every offer."""
    nobody, near, weak = unserved.report(survey(release)).unserved
    assert (weak.best_score, weak.offers, weak.gates) == (0.3, 1, (GateCount(GateName.MODE, 1),))
    assert weak.recruit == (
        "water for Nepal and Kenya: the best eligible offer scores 0.30; "
        "of 1 offer that would score higher 1 fails the mode gate"
    )
    assert (near.offers, near.gates) == (1, (GateCount(GateName.MODE, 1),))
    assert (nobody.offers, nobody.best_score, nobody.gates) == (5, None, ())


def test_exposure_counts_lines_needs_and_load(release: Release) -> None:
    """busy: two lines for n1, one for n2 and a near miss for n3; two needs on one slot."""
    found = exposure.report(survey(release))
    assert (found.providers, found.providers_shown) == (4, 4)
    busy = found.organisations[0]
    assert (busy.organisation_id, busy.shown, busy.needs, busy.first) == ("busy", 4, 2, 2)
    assert (busy.slots_total, busy.load) == (1, 2.0)
    unnamed = next(one for one in found.organisations if one.organisation_id == "capability:c-unnamed")
    assert (unnamed.name, unnamed.load) == (None, None)


def test_coverage_is_told_for_each_vulnerable_group(release: Release) -> None:
    """Nepal is LDC and LLDC on that day; Fiji is SIDS; "Africa" holds countries of all three."""
    groups = {one.group: one for one in coverage.report(survey(release)).groups}
    assert (groups["every need"].needs, groups["every need"].served, groups["every need"].with_match) == (5, 3, 0.6)
    assert (groups["LLDC"].needs, groups["LLDC"].served, groups["LLDC"].with_tier_a) == (3, 2, round(1 / 3, 6))
    assert (groups["SIDS"].needs, groups["SIDS"].served) == (2, 0)
    assert (groups["none of these groups"].needs, groups["none of these groups"].with_match) == (1, 1.0)


def test_a_dormant_partner_is_told_with_the_needs_it_is_wanted_for(release: Release) -> None:
    """For n3 nobody awake is eligible; the inactive one stands on no list as eligible."""
    found = dormant.report(survey(release))
    (asleep,) = found.organisations
    assert found.asleep == 2
    assert (asleep.organisation_id, asleep.city, asleep.contact_channel) == ("asleep", "Cusco", "office@asleep.example")
    assert [(one.need_id, one.rank, one.only) for one in asleep.needs] == [("n1", 3, False), ("n3", 1, True)]


def test_tiers_are_shared_out_over_matches_and_over_needs(release: Release) -> None:
    found = tiers.report(survey(release))
    assert {one.tier: (one.matches, one.needs) for one in found.tiers} == {
        Tier.A: (1, 1),
        Tier.B: (5, 2),
        Tier.C: (3, 1),
    }
    assert (found.matches, found.needs_without_match, found.one_tier_only) == (9, 1, False)
    assert found.tiers[0].share == round(1 / 9, 6)


def test_what_may_not_be_seen_is_left_out_and_counted(release: Release) -> None:
    """Without n1 and busy's first offer n2 loses its best match, n3 a near miss, and busy every place."""
    visible = hiding(needs="n1", capabilities="c-busy")
    found = exposure.report(survey(release, visible))
    assert (found.needs, found.withheld) == (4, Withheld(needs=1, matches=2))
    assert "busy" not in {one.organisation_id for one in found.organisations}
    assert tiers.report(survey(release, visible)).matches == 4


def test_an_organisation_that_may_not_be_seen_is_not_named(release: Release) -> None:
    found = exposure.report(survey(release, hiding(organisations="busy")))
    assert (found.organisations[0].organisation_id, found.organisations[0].name) == ("busy", None)
    assert dormant.report(survey(release, hiding(organisations="asleep"))).organisations == ()


def test_a_cluster_is_matched_as_one_by_its_members_lists(release: Release) -> None:
    """busy: (.9 + .7 + 0) / 3; asleep .6 / 3, unnamed .55 / 3."""
    (line,) = clusters.report(survey(release)).clusters
    assert (line.label, line.stated, line.members, line.places) == ("Hill towns", True, 3, ("Fiji", "Kenya", "Nepal"))
    page = clusters.page(survey(release), line.id)
    assert page is not None
    assert [(one.organisation_id, one.score, one.needs) for one in page.partners] == [
        ("busy", 0.533333, 2),
        ("asleep", 0.2, 1),
        ("capability:c-unnamed", 0.183333, 1),
    ]
    assert page.partners[0].places == ("Kenya", "Nepal")
    assert (page.partners_serving_several, page.partners_in_all) == (1, 3)


def test_a_cluster_shows_what_its_members_share(release: Release) -> None:
    """n1 and n2 state goal 7; no sector is common to two; where each list asks where they deliver, it is asked once."""
    page = make_page(clusters.report(survey(release)).clusters[0].id, release, EVERYTHING)
    assert page is not None
    assert [(one.name, one.needs) for one in page.sdg_goals] == [("SDG 7", 2)]
    assert page.shared_sectors == ()
    assert [(one.about, one.ask, one.needs) for one in page.questions] == [("places_offered", "provider", 2)]
    assert [(one.need_id, one.eligible) for one in page.members] == [("n1", 3), ("n2", 2), ("n5", 0)]
    assert page.news is News.NEW


def test_a_cluster_tells_no_word_of_a_member_withdrawn_since(release: Release) -> None:
    cluster = clusters.report(survey(release)).clusters[0].id
    page = clusters.page(survey(release, hiding(needs="n1")), cluster)
    assert page is not None
    assert (page.withheld, page.needs, page.words) == (Withheld(needs=1, matches=0), 2, ())
    assert "n1" not in to_json(page)
    everybody = Visibility({"needs": frozenset({"n1", "n2", "n5"})})
    assert clusters.page(survey(release, everybody), cluster) is None
    assert clusters.report(survey(release, everybody)).clusters == ()


def test_a_release_of_before_has_no_clusters_and_says_so(tmp_path: Path) -> None:
    old = a_reported_release(tmp_path, clusters=False)
    found = clusters.report(survey(old))
    assert found.clusters == ()
    assert "before there were clusters" in found.notes[0]
    assert make_page("c-1", old, EVERYTHING) is None


@pytest.mark.parametrize("name", ReportName)
def test_every_report_has_its_maker_and_fits_its_schema_and_its_tables_hold_every_row(
    release: Release, name: ReportName
) -> None:
    import json

    from jsonschema import Draft202012Validator

    found = make(name, release, EVERYTHING)
    assert set(MAKERS) == set(ReportName)
    schema = Path(__file__).parents[2] / "data" / "schema" / f"report_{name.value}.json"
    values: dict[str, Any] = json.loads(to_json(found))
    Draft202012Validator(json.loads(schema.read_text(encoding="utf-8"))).validate(values)
    said = text(found)
    assert said.startswith(f"release: {release.id}\n")
    rows = [row for value in values.values() if isinstance(value, list) for row in value if isinstance(row, dict)]
    assert len(said.splitlines()) >= len(rows) + len(values)
    assert all(str(next(iter(row.values()))) in said for row in rows)
