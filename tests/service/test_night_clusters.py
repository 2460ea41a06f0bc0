"""Clusters in the night: stored in the release, known again the next night, absent from releases made before."""

from datetime import timedelta
from pathlib import Path

import pytest

from matcher.clusters import Clustering, News
from service.releases import BrokenRelease, Release, current_release
from tests.builders import a_need
from tests.service.night_world import TODAY, a_night, a_world, add, records

GOLDEN = Path(__file__).parents[1] / "golden"


def _clusters(releases: Path) -> Clustering:
    found = current_release(releases).clusters
    assert found is not None
    return found


def test_a_release_holds_its_clusters_and_lists_their_file(tmp_path: Path) -> None:
    settings = a_world(tmp_path)
    a_night(settings)
    release = current_release(settings.releases_dir)
    release.verify()
    assert "clusters.json" in release.manifest.files
    assert "clusters" in release.manifest.seconds
    found = _clusters(settings.releases_dir)
    assert found.earlier is None
    members = [member for cluster in found.clusters for member in cluster.members]
    assert len(members) + found.alone == len(release.needs)
    assert len(members) == len(set(members))


def test_the_next_night_knows_the_clusters_again(tmp_path: Path) -> None:
    """A need more of one topic, and nothing else: every id stays, one cluster has grown."""
    settings = a_world(tmp_path)
    first = a_night(settings).release_id
    before = _clusters(settings.releases_dir)
    text = {"title": "We need biogas from manure", "summary": "The district looks for biogas from manure, case 99."}
    add(settings, a_need("need-099", beneficiary_places=["UGA"], trl_min=5, **text))
    a_night(settings, as_of=TODAY + timedelta(days=1))
    after = _clusters(settings.releases_dir)
    assert after.earlier == first
    assert set(after.by_id) == set(before.by_id)
    assert {cluster.news for cluster in after.clusters} == {News.KEPT}
    assert sum(cluster.joined for cluster in after.clusters) == 1


def test_a_release_made_before_there_were_clusters_has_none() -> None:
    assert Release.open(GOLDEN / "release-format-1").clusters is None


def test_a_night_after_a_release_whose_clusters_cannot_be_read_starts_anew(tmp_path: Path) -> None:
    """Ids are a comfort: they never keep a night from publishing."""
    settings = a_world(tmp_path, records(needs=6, capabilities=6))
    a_night(settings)
    path = current_release(settings.releases_dir).folder / "clusters.json"
    path.write_bytes(b" " * path.stat().st_size)
    with pytest.raises(BrokenRelease, match=r"clusters\.json cannot be read"):
        _ = current_release(settings.releases_dir).clusters
    a_night(settings, as_of=TODAY + timedelta(days=1))
    assert _clusters(settings.releases_dir).earlier is None
